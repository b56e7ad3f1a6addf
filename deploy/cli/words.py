"""What reports say, Chinese or English."""

from collections.abc import Mapping
from typing import Any


class Words:
    """Texts by name: (Chinese, English)."""

    def __init__(self, words: Mapping[str, tuple[str, str]], lang: str) -> None:
        self._words = words
        self._which = 1 if lang == "en" else 0

    def __call__(self, name: str, **parts: Any) -> str:
        """The text, its ``{parts}`` put in."""
        text = self._words[name][self._which]
        return text.format(**parts) if parts else text
