"""Holds rules against a park: what is wrong (errors) and what is odd (warnings), with the place of each in its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from park.index import TagTable
from park.yamlfile import Problem
from rules.checks.coverage import of_coverage
from rules.checks.expressions import of_expressions
from rules.checks.finding import Finding, Loc, Seen
from rules.checks.gas import of_gas
from rules.checks.levels import of_levels
from rules.checks.references import of_references
from rules.checks.selectors import of_selector
from rules.spec import AnyRule, RuleSet

#: About rules that pick at least one tag; `of_selector` says that others do not.
_CHECKS = (of_levels, of_gas, of_references, of_expressions)


class Place(Protocol):
    """Where a rule stands in its file."""

    def problem(self, loc: Loc, message: str, offset: int | None = None) -> Problem:
        """At a part of the rule, or ``offset`` characters into the text that stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRules:
    """In the order of the rules; each list by line within a rule."""

    errors: list[Problem]
    warnings: list[Problem]


def check_rules(tags: TagTable, rules: RuleSet, documents: Mapping[str, Place]) -> CheckedRules:
    """``documents``: the place of each rule by its id; a rule without one (a default) is named instead."""
    seen = Seen(tags)
    errors: list[Problem] = []
    warnings: list[Problem] = []
    for rule in rules.rules:
        for found in _of_rule(seen, rule):
            problem = _problem(documents.get(rule.id), rule, found)
            (errors if found.is_error else warnings).append(problem)
    whole = next((place.problem((), "").file for place in documents.values()), "rules")
    warnings += [Problem(file=whole, line=1, column=1, message=one) for one in of_coverage(seen, rules.rules)]
    return CheckedRules(errors=errors, warnings=warnings)


def _of_rule(seen: Seen, rule: AnyRule) -> Iterator[Finding]:
    at = rule.applies_to.positions(seen.tags)
    yield from of_selector(seen, rule, at)
    if len(at):
        for check in _CHECKS:
            yield from check(seen, rule, at)


def _problem(place: Place | None, rule: AnyRule, found: Finding) -> Problem:
    if place is not None:
        return place.problem(found.loc, found.message, found.offset)
    return Problem(file=f"rule {rule.id}", line=1, column=1, message=found.message)
