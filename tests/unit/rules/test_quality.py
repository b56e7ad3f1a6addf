"""Quality as a signal of its own. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.spec import RuleSet
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell


def quality(bad_for: str = "5s", **fields: Any) -> RuleSet:
    """Bad for five seconds, if nothing else is given."""
    return RuleSet.model_validate({"rules": [{"kind": "quality", "id": "x", "bad_for": bad_for, **fields}]})


BOTH = quality(uncertain_for="10s")
STORIES = [
    # 11.1
    (quality(), "0: 1! | 4: 1! | 5: 1! | 6: 1", ["5 raised a", "6 cleared a"], "bad for so long"),
    (quality(), "0: nan | 5: inf", ["5 raised a"], "what is no number is bad"),
    (quality(), "0: 1! | 4: 1 | 6: 1! | 10: 1", [], "unbroken by a good sample"),
    (quality(), "0: 1! | 4: 1? | 6: 1! | 10: 1", [], "or by an uncertain one"),
    (quality(), "0: 1! | 5: 1", ["5 raised a", "5 cleared a"], "a delay that is over at a sample is over before it"),
    (
        quality(on_delay="2s", off_delay="3s"),
        "0: 1! | 8: 1 | 10: 1! | 12: 1 | 20",
        ["7 raised a @8", "15 cleared a @20"],
        "with the rule's delays",
    ),
    # 11.2
    (BOTH, "0: 1? | 9: 1? | 10: 1? | 11: 1", ["10 raised a", "11 cleared a"], "uncertain for so long"),
    (BOTH, "0: 1? | 9: 1 | 10: 1? | 19: 1", [], "unbroken by a good sample"),
    (BOTH, "0: 1? | 4: 1! | 8: 1? | 10: 1?", ["10 raised a"], "bad is not good either"),
    (BOTH, "0: 1? | 2: 1! | 7: 1! | 8: 1? | 30: 1", ["7 raised a", "30 cleared a"], "until it is good"),
    (quality(), "0: 1? | 99: 1?", [], "uncertain is no fault unless asked for"),
    (quality(), "0: 1! | 5: 1! | 6: 1?", ["5 raised a", "6 cleared a"], "then it ends an alert"),
    # 11.3
    (quality(uncertain="bad"), "0: 1? | 3: 1! | 5: 1?", ["5 raised a"], "uncertain that counts as bad"),
    # 11.4
    (quality(), "0: 1! | 4 | 9", ["5 raised a @9"], "by the clock"),
    (quality(), "0: 1 | 99", [], "silence after a good sample is no bad quality"),
    (quality(), "0 | 99", [], "nor is a tag that was never heard"),
    (quality(), "0: 1 | 20: 2=1! 6=1! 9=1", ["7 raised a @20", "9 cleared a @20"], "a backlog is played in order"),
    (quality(), "0: 1! | 2: 1 | 4: 1=1!", [], "late samples change nothing"),
]


@pytest.mark.parametrize(("rules", "story", "told"), [row[:3] for row in STORIES], ids=[row[3] for row in STORIES])
def test_bad_quality(rules: RuleSet, story: str, told: list[str]) -> None:
    assert shorts(tell(story, tag_of(stale_after="3s"), rules=rules)) == told


def test_the_sentence_says_how_bad_and_for_how_long() -> None:
    assert [one.why for one in tell("0: 1! | 5 | 6: 1", tag_of(), rules=BOTH)] == [
        "quality bad for 5s",
        "quality good again",
    ]
    assert [one.why for one in tell("0: 1? | 10", tag_of(), rules=BOTH)] == ["quality not good for 10s"]
    told = tell("0: 1! | 5 | 6: 1?", tag_of(), rules=quality())
    assert told[-1].why == "quality no longer bad"
    assert (told[0].onset_us, told[0].value) == (START_US, None)


def reloaded(before: str, old: RuleSet, after: str, new: RuleSet) -> list[str]:
    """What is told after other rules took over."""
    engine = Engine(table_of(tag_of()), old)
    tell(before, engine=engine)
    other = Engine(engine.tags, new)
    other.restore(engine.snapshot())
    return shorts(tell(after, engine=other))


# 11.5


def test_changed_times_apply_to_what_stands_already() -> None:
    assert reloaded("0: 1!", quality("1m"), "3 | 6", quality("5s")) == ["5 raised a @6"]
    assert reloaded("0: 1?", quality(), "3 | 13", BOTH) == ["13 raised a"]
    assert reloaded("0: 1! | 5", quality(), "6 | 7: 1", quality("1m")) == ["7 cleared a"]


def test_a_new_rule_looks_at_the_quality_there_is() -> None:
    engine = Engine(table_of(tag_of()), RuleSet())
    tell("0: 1!", engine=engine)
    other = Engine(engine.tags, quality())
    other.restore(engine.snapshot())
    told = tell("10 | 15", engine=other)
    assert shorts(told) == ["15 raised a"]
    assert told[0].onset_us == START_US + 10 * SECOND
