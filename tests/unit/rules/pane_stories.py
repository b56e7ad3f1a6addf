"""Helps to tell stories of windows, deviations and forecasts."""

from typing import Any

from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Transition
from tests.unit.rules.stories import shorts, table_of, tag_of, tell


def rule_set(**fields: Any) -> RuleSet:
    """Of one rule."""
    return RuleSet.model_validate({"rules": [{"id": "rule", **fields}]})


def told(story: str, *tags: dict[str, Any], **rule: Any) -> list[Transition]:
    """By engine and oracle alike."""
    return tell(story, *(tags or (tag_of(),)), rules=rule_set(**rule))


def short_story(story: str, *tags: dict[str, Any], **rule: Any) -> list[str]:
    """The same in short."""
    return shorts(told(story, *tags, **rule))


def reloaded(before: str, after: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What is told once the rule is another one, and the notes."""
    table = table_of(tag_of())
    engine = Engine(table, rule_set(**old))
    tell(before, engine=engine)
    other = Engine(table, rule_set(**new))
    other.restore(engine.snapshot())
    return shorts(tell(after, engine=other)), other.notes
