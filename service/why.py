"""Why an alarm is there, in Chinese: read from the English sentence of the record, clause by clause.

The rules stand in ``why.zh.json``, which the page reads as well: patterns that Python and JavaScript understand alike,
and what they become, where ``$1`` is the first group, in Chinese in its turn. What no rule knows stays as written.
"""

import json
import re
from functools import cache, lru_cache
from importlib.resources import files

from park.quantities import QUANTITIES, name_of

_GROUP = re.compile(r"\$(\d)")


@cache
def _rules() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    told = json.loads(files("service").joinpath("why.zh.json").read_text("utf-8"))
    return told["words"], [(re.compile(pattern, re.ASCII), chinese) for pattern, chinese in told["clauses"]]


@lru_cache(maxsize=4_096)
def in_chinese(sentence: str) -> str:
    """The same clauses, in the same order."""
    return ";".join(_clause(one) for one in sentence.split("; "))


def _clause(text: str) -> str:
    words, clauses = _rules()
    if text in words:
        return words[text]
    if text in QUANTITIES:
        return name_of(text)
    for pattern, chinese in clauses:
        found = pattern.search(text)
        if found is not None:
            return _GROUP.sub(lambda group, found=found: _clause(found[int(group[1])]), chinese)  # type: ignore[misc]
    return text
