"""Rules as data: what a rule file says, checked at birth and frozen. One rule = one named thing with a ``kind``."""

from functools import cached_property
from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from rules.spec.base import Confidence, Priority, RuleId, Selector, SpecModel, TagRef, Uncertain
from rules.spec.faults import ExpressionRule, FrozenRule, QualityRule, RangeRule, SequenceRule, StaleRule, VoteRule
from rules.spec.levels import (
    Aggregate,
    DeviationRule,
    ForecastRule,
    LimitRule,
    Moving,
    MovingLimits,
    RateRule,
    WindowRule,
)

__all__ = [
    "Aggregate",
    "AnyRule",
    "Confidence",
    "DeviationRule",
    "ExpressionRule",
    "ForecastRule",
    "FrozenRule",
    "LimitRule",
    "Moving",
    "MovingLimits",
    "Priority",
    "QualityRule",
    "RangeRule",
    "RateRule",
    "Rule",
    "RuleId",
    "RuleSet",
    "Selector",
    "SequenceRule",
    "StaleRule",
    "TagRef",
    "Uncertain",
    "VoteRule",
    "WindowRule",
    "default_rules",
]

AnyRule = (
    LimitRule
    | RateRule
    | StaleRule
    | FrozenRule
    | RangeRule
    | QualityRule
    | DeviationRule
    | VoteRule
    | WindowRule
    | ExpressionRule
    | SequenceRule
    | ForecastRule
)
#: Any rule; which one its ``kind`` tells.
Rule = Annotated[AnyRule, Field(discriminator="kind")]


class RuleSet(SpecModel):
    """All rules that are live together. Their ids are unique."""

    version: PositiveInt = 1
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _unique_ids(self) -> "RuleSet":
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"two rules have the id {rule.id!r}; ids must be unique")
            seen.add(rule.id)
        return self

    def by_id(self, rule_id: str) -> AnyRule | None:
        """The rule with this id, or None."""
        return self._by_id.get(rule_id)

    @cached_property
    def _by_id(self) -> dict[str, AnyRule]:
        return {rule.id: rule for rule in self.rules}


def default_rules() -> RuleSet:
    """What is watched without any rule file: every tag's own limits and timeouts."""
    return RuleSet(rules=(LimitRule(id="tag-limits"), StaleRule(id="tag-stale")))
