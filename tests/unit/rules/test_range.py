"""Values that an instrument cannot have measured. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.spec import RuleSet
from tests.unit.rules.stories import shorts, table_of, tag_of, tell


def in_range(**fields: Any) -> RuleSet:
    """One rule."""
    return RuleSet.model_validate({"rules": [{"kind": "range", "id": "x", **fields}]})


CLIPPED = in_range(clipped_for="5s", margin=0.1)
STORIES = [
    # 10.1
    (in_range(), "0: 0 | 1: 100 | 2: 50", [], "the ends belong to the span"),
    (in_range(), "0: -0.1 | 1: 0", ["0 raised a", "1 cleared a"], "below it"),
    (in_range(), "0: 100.1 | 1: 5", ["0 raised a", "1 cleared a"], "above it"),
    (in_range(margin=0.1), "0: -10 | 1: 110 | 2: 110.1", ["2 raised a"], "the margin is believed"),
    (
        in_range(on_delay="3s", off_delay="2s"),
        "0: 101 | 2: 50 | 3: 101 | 9: 50 | 20",
        ["6 raised a @9", "11 cleared a @20"],
        "with the rule's delays",
    ),
    # 10.2
    (
        in_range(sentinels=[-99, 77]),
        "0: 77.1 | 1: 77 | 2: 76.9",
        ["1 raised a", "2 cleared a"],
        "sentinels in the span",
    ),
    (in_range(sentinels=[-99, -200], margin=1), "0: -98 | 1: -99 | 2: -98", ["1 raised a", "2 cleared a"], "exactly"),
    # 10.3
    (CLIPPED, "0: 100 | 4.9: 50 | 6: 0 | 12: 50", ["11 raised a @12", "12 cleared a"], "at an end for so long"),
    (CLIPPED, "0: 105 | 2: 100 | 4: 109 | 5", ["5 raised a"], "or beyond it, by the clock"),
    (CLIPPED, "0: 100 | 1: 99.9 | 2: 100 | 6.9", [], "without a break"),
    (in_range(), "0: 100 | 99: 100", [], "not looked at unless asked for"),
    # 10.4
    (CLIPPED, "0: 100 | 2: 111 | 3: 100 | 6: 50", ["2 raised a", "6 cleared a"], "one alarm, whatever is wrong"),
    (CLIPPED, "0: 100 | 6: 111 | 7: 100 | 8: 50", ["5 raised a @6", "8 cleared a"], "and nothing is told between"),
    # 10.5
    (in_range(), "0: 101! | 1: 101", ["1 raised a"], "bad data raise nothing"),
    (
        in_range(),
        "0: 101 | 1: 50! | 2: nan | 3: 50",
        ["0 raised a", "1 unverified a unverified", "3 cleared a"],
        "and clear nothing",
    ),
    (in_range(), "0: 101? | 1: 50", ["0 raised a unverified", "1 cleared a"], "uncertain data raise, unverified"),
    (in_range(uncertain="bad"), "0: 101? | 1: 101", ["1 raised a"], "unless they count as bad"),
    (CLIPPED, "0: 100 | 1: 50! | 9", ["5 raised a unverified @9"], "clipped goes on while data are bad"),
    (in_range(), "0: 50 | 10: 2=101 4=50 6=102", ["2 raised a @10", "4 cleared a @10", "6 raised a @10"], "a backlog"),
    (in_range(), "0: 50 | 10: 50 | 11: 5=101", [], "late samples change nothing"),
]


@pytest.mark.parametrize(("rules", "story", "told"), [row[:3] for row in STORIES], ids=[row[3] for row in STORIES])
def test_values_out_of_range(rules: RuleSet, story: str, told: list[str]) -> None:
    assert shorts(tell(story, tag_of(span=[0, 100]), rules=rules)) == told


def test_a_tag_without_a_span_is_looked_at_for_sentinels_only() -> None:
    assert shorts(tell("0: 9999 | 1: -99", tag_of(), rules=in_range(sentinels=[-99]))) == ["1 raised a"]


def test_silence_leaves_the_alarm_unverified() -> None:
    told = shorts(tell("0: 101 | 6", tag_of(span=[0, 100], stale_after="5s"), rules=in_range()))
    assert told == ["0 raised a", "5 unverified a unverified @6"]


@pytest.mark.parametrize(
    ("story", "why"),
    [
        ("0: 112.5", "level 112.5 % is outside the span 0 to 100 %"),
        ("0: 100 | 5", "level 100 % is at the end of the span 0 to 100 % for 5s: clipped"),
        ("0: -99", "level -99 % is no value but a sign that there is none"),
    ],
)
def test_the_sentence_says_what_is_wrong(story: str, why: str) -> None:
    rules = in_range(clipped_for="5s", margin=0.1, sentinels=[-99])
    told = tell(f"{story} | 9: 50", tag_of(span=[0, 100]), rules=rules)
    assert [one.why for one in told] == [why, "level 50 % is a value that the instrument can measure"]


# 10.6


def reloaded(before: str, old: RuleSet, after: str, new: RuleSet, span: tuple[float, float] = (0, 100)) -> list[str]:
    """What is told after other rules took over, or the tag got another span."""
    engine = Engine(table_of(tag_of(span=[0, 100])), old)
    tell(before, engine=engine)
    other = Engine(table_of(tag_of(span=span)), new)
    other.restore(engine.snapshot())
    return shorts(tell(after, engine=other))


def test_what_has_changed_is_held_against_the_value_at_once() -> None:
    assert reloaded("0: 105", in_range(margin=0.1), "3", in_range()) == ["3 raised a"]
    assert reloaded("0: 105", in_range(), "3", in_range(margin=0.1)) == ["3 cleared a"]
    assert reloaded("0: 50", in_range(), "3", in_range(sentinels=[50])) == ["3 raised a"]
    assert reloaded("0: 50", in_range(), "3", in_range(), span=(0, 40)) == ["3 raised a"]
    assert reloaded("0: 100", in_range(), "3 | 8", in_range(clipped_for="5s")) == ["8 raised a"]
    assert reloaded("0: 105!", in_range(margin=0.1), "3", in_range()) == []


def test_what_stays_goes_on() -> None:
    assert reloaded("0: 100", CLIPPED, "5", CLIPPED) == ["5 raised a"]
    assert reloaded("0: 120", CLIPPED, "1 | 2: 50", CLIPPED) == ["2 cleared a"]
