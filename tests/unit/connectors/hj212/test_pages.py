"""The page about odd packets says what the code says."""

import re
from pathlib import Path

import connectors.hj212
from connectors.hj212.deviations import DEVIATIONS

_PACKAGE = Path(connectors.hj212.__file__).parent
_PAGE = (_PACKAGE.parents[1] / "deploy" / "docs" / "hj212-deviations.md").read_text("utf-8")


def test_the_page_has_every_deviation_with_its_words() -> None:
    for word, words in DEVIATIONS.items():
        assert f"| `{word}` | {words.en} | {words.zh} |" in _PAGE


def test_the_page_names_every_reason() -> None:
    names = ("framing.py", "misprints.py", "packet.py", "readings.py", "content.py")
    code = "".join((_PACKAGE / name).read_text("utf-8") for name in names)
    call = r'(?:Rejected\((?:\w+(?:\[[^]]*\])?, )|PacketInvalid\(|Refusal\(|_refuse\()\s*"([a-z_]+)"'
    reasons = set(re.findall(call, code))
    assert len(reasons) >= 13
    assert {reason for reason in reasons if f"`{reason}`" not in _PAGE} == set()
