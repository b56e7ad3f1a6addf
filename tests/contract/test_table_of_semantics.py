"""Every cell of the table in ``deploy/docs/rules.md``: what each kind does with data that are not good, or late.

One story a cell, in the notation of `tests.unit.rules.stories`: ``7?`` is uncertain, ``7!`` bad. The engine and its
specification both tell it.
"""

from pathlib import Path
from typing import Any

import pytest

import deploy
from rules.kinds import KINDS
from rules.spec import RuleSet
from tests.unit.rules.stories import shorts, tag_of, tell

_PAGE = Path(deploy.__file__).parent / "docs" / "rules.md"
_COLUMNS = ("uncertain", "bad", "nothing", "late")

_T10: dict[str, Any] = {"stale_after": "10s", "stale_delay": "0s"}
_A = tag_of(**_T10)
_LIMIT = {"kind": "limit", "limits": {"H": 90, "off_delay": "5s"}}
_RATE = {"kind": "rate", "window": "4s", "per": "1s", "limits": {"H": 5}}
_STALE = {"kind": "stale"}
_FROZEN = {"kind": "frozen", "hold": "20s"}
_RANGE = {"kind": "range"}
_QUALITY = {"kind": "quality", "bad_for": "5s", "uncertain_for": "8s"}
_DEVIATION = {"kind": "deviation", "reference": "b", "applies_to": {"tag": ["a"]}, "limits": {"H": 5}}
_VOTE = {"kind": "vote", "m": 2, "limit": 90, "degrade": "keep"}
_WINDOW = {
    "kind": "window",
    "window": "10s",
    "panes": 10,
    "min_valid": 0.4,
    "grace": "1s",
    "sliding": False,
    "limits": {"H": 50},
}
_EXPRESSION = {"kind": "expression", "when": "a > 90 and b > 5"}
_SEQUENCE = {"kind": "sequence", "first": "a > 90", "then": "b > 5", "within": "10s", "alarm_if": "missing"}
_FORECAST = {
    "kind": "forecast",
    "of": "value",
    "window": "4s",
    "panes": 4,
    "ahead": "10s",
    "min_valid": 0.5,
    "limits": {"H": 75},
}
_SPAN = tag_of(span=[0, 100], **_T10)
_B, _C = tag_of("b", **_T10), tag_of("c", **_T10)
#: A second each, so that a window has enough of them.
_LOW = " ".join(f"{second}=10" for second in range(10))
_HIGH = " ".join(f"{second}=60" for second in range(10))

Cell = tuple[list[dict[str, Any]], dict[str, Any], str, list[str]]
CELLS: dict[tuple[str, str], Cell] = {
    ("limit", "uncertain"): ([_A], _LIMIT, "0: 91?", ["0 raised H high unverified"]),
    ("limit", "bad"): (
        [_A],
        _LIMIT,
        "0: 91 | 1: 80 | 2: 80! | 9",
        ["0 raised H high", "2 unverified H high unverified"],
    ),
    ("limit", "nothing"): ([_A], _LIMIT, "0: 91 | 11", ["0 raised H high", "10 unverified H high unverified @11"]),
    ("limit", "late"): ([_A], _LIMIT, "5: 91 | 6: 4=0 | 7: 5=0", ["5 raised H high"]),
    ("rate", "uncertain"): ([_A], _RATE, "0: 0 | 2: 20?", ["2 raised H high unverified"]),
    ("rate", "bad"): (
        [_A],
        _RATE,
        "0: 0 | 2: 20 | 3: 20! | 4",
        ["2 raised H high", "3 unverified H high unverified"],
    ),
    ("rate", "nothing"): ([_A], _RATE, "0: 0 | 5: 99", []),
    ("rate", "late"): ([_A], _RATE, "0: 0 | 2: 2 | 3: 1=99 2=99", []),
    ("stale", "uncertain"): ([_A], _STALE, "0: 1 | 9: 1? | 19", []),
    ("stale", "bad"): ([_A], _STALE, "0: 1 | 9: 1! | 11", ["10 raised a @11"]),
    ("stale", "nothing"): ([_A], _STALE, "0: 1 | 11", ["10 raised a @11"]),
    ("stale", "late"): ([_A], _STALE, "5: 1 | 16 | 17: 4=1", ["15 raised a @16"]),
    ("frozen", "uncertain"): ([_A], _FROZEN, "0: 7 | 8: 7? | 14: 7? | 20: 7?", ["20 raised a unverified"]),
    ("frozen", "bad"): ([_A], _FROZEN, "0: 7 | 6: 9! | 10: 7 | 20: 7", ["20 raised a"]),
    ("frozen", "nothing"): ([_A], _FROZEN, "0: 7 | 9: 7 | 20: 7", []),
    ("frozen", "late"): ([_A], _FROZEN, "0: 7 | 10: 7 | 11: 9=8 | 20: 7", ["20 raised a"]),
    ("range", "uncertain"): ([_SPAN], _RANGE, "0: 101?", ["0 raised a unverified"]),
    ("range", "bad"): ([_SPAN], _RANGE, "0: -1 | 1: 50! | 2", ["0 raised a", "1 unverified a unverified"]),
    ("range", "nothing"): ([_SPAN], _RANGE, "0: -1 | 11", ["0 raised a", "10 unverified a unverified @11"]),
    ("range", "late"): ([_SPAN], _RANGE, "5: 50 | 6: 4=-1", []),
    ("quality", "uncertain"): ([_A], _QUALITY, "0: 1? | 8", ["8 raised a"]),
    ("quality", "bad"): ([_A], _QUALITY, "0: 1! | 5", ["5 raised a"]),
    ("quality", "nothing"): ([_A], _QUALITY, "0: 1! | 60 | 61: 1", ["5 raised a @60", "61 cleared a"]),
    ("quality", "late"): ([_A], _QUALITY, "5: 1! | 6: 4=1 | 10", ["10 raised a"]),
    ("deviation", "uncertain"): ([_A, _B], _DEVIATION, "0: a:10 b:1?", ["0 raised H high unverified"]),
    ("deviation", "bad"): (
        [_A, _B],
        _DEVIATION,
        "0: a:10 b:1 | 1: b:9! | 2",
        ["0 raised H high", "1 unverified H high unverified"],
    ),
    ("deviation", "nothing"): (
        [_A, _B],
        _DEVIATION,
        "0: a:10 b:1 | 9: a:10 | 11: a:10",
        ["0 raised H high", "11 unverified H high unverified"],
    ),
    ("deviation", "late"): ([_A, _B], _DEVIATION, "5: a:10 b:9 | 6: b@4=1", []),
    ("vote", "uncertain"): ([_A, _B, _C], _VOTE, "0: a:91 b:91? c:1", ["0 raised acme.tank unverified"]),
    ("vote", "bad"): ([_A, _B, _C], _VOTE, "0: a:91 b:1! c:1 | 1: c:1!", ["1 raised acme.tank"]),
    ("vote", "nothing"): ([_A, _B, _C], _VOTE, "0: b:1 c:1 | 9: a:91 | 11", ["11 raised acme.tank"]),
    ("vote", "late"): ([_A, _B, _C], _VOTE, "5: a:91 b:1 c:1 | 6: b@4=91", []),
    ("window", "uncertain"): ([_A], _WINDOW, f"10: {_HIGH[:-4]}9=60? | 11", ["10 raised H high unverified @11"]),
    ("window", "bad"): ([_A], _WINDOW, "10: 0=60 1=60 2=60 3=60! 4=60! | 11", []),
    ("window", "nothing"): ([_A], _WINDOW, "10: 0=60 1=60 2=60 | 11 | 30", []),
    ("window", "late"): ([_A], _WINDOW, f"10: {_LOW} | 11: 5=999 | 12", []),
    ("expression", "uncertain"): ([_A, _B], _EXPRESSION, "0: a:91? b:9", ["0 raised acme.tank unverified"]),
    ("expression", "bad"): (
        [_A, _B],
        _EXPRESSION,
        "0: a:91 b:9 | 1: a:91! | 2: b:1",
        ["0 raised acme.tank", "1 unverified acme.tank unverified", "2 cleared acme.tank"],
    ),
    ("expression", "nothing"): (
        [_A, _B],
        _EXPRESSION,
        "0: a:91 b:9 | 9: b:9 | 11",
        ["0 raised acme.tank", "11 unverified acme.tank unverified"],
    ),
    ("expression", "late"): ([_A, _B], _EXPRESSION, "5: a:1 b:9 | 6: a@4=91", []),
    ("sequence", "uncertain"): (
        [_A, _B],
        _SEQUENCE,
        "0: a:1 b:1 | 1: a:91? | 5: a:91 b:1 | 11",
        ["11 raised acme.tank unverified"],
    ),
    ("sequence", "bad"): (
        [_A, _B],
        _SEQUENCE,
        "0: a:1 b:1 | 1: a:91 | 5: a:91 b:9! | 11",
        ["11 raised acme.tank unverified"],
    ),
    ("sequence", "nothing"): (
        [_A, _B],
        _SEQUENCE,
        "0: a:1 b:1 | 1: a:91 | 9: a:91 | 11",
        ["11 raised acme.tank unverified"],
    ),
    ("sequence", "late"): (
        [_A, _B],
        _SEQUENCE,
        "0: a:1 b:1 | 1: a:91 | 5: a:91 b:1 | 6: b@4=9 | 11",
        ["11 raised acme.tank"],
    ),
    ("forecast", "uncertain"): ([_A], _FORECAST, "0: 50 | 1: 55? | 2: 60", ["2 raised H high unverified"]),
    ("forecast", "bad"): ([_A], _FORECAST, "0: 50 | 1: 55! | 2: 60!", []),
    ("forecast", "nothing"): (
        [_A],
        _FORECAST,
        "0: 50 | 1: 55 | 2: 60 | 20",
        ["2 raised H high", "6 unverified H high unverified @20"],
    ),
    ("forecast", "late"): ([_A], _FORECAST, "2: 50 | 3: 50 1=0 | 4: 50", []),
}


@pytest.mark.parametrize(
    ("tags", "rule", "story", "expected"),
    [pytest.param(*cell, id=f"{kind}: {column}") for (kind, column), cell in CELLS.items()],
)
def test_cell(tags: list[dict[str, Any]], rule: dict[str, Any], story: str, expected: list[str]) -> None:
    rules = RuleSet.model_validate({"rules": [{"id": "r", **rule}]})
    assert shorts(tell(story, *tags, rules=rules)) == expected


def test_every_kind_has_a_row_and_every_cell_a_story() -> None:
    rows = [line.split("|")[1:-1] for line in _PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows if len(row) == 1 + len(_COLUMNS)}
    assert set(cells) == set(KINDS)
    assert all(all(row) for row in cells.values())
    assert set(CELLS) == {(kind, column) for kind in KINDS for column in _COLUMNS}
