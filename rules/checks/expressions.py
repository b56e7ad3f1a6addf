"""Conditions that cannot be understood, at the very column; names in them that lead nowhere."""

from collections.abc import Iterator

from park.inverted import Positions
from rules.checks.finding import Finding, Seen
from rules.expression.analysis import analyse
from rules.spec import AnyRule, ExpressionRule, SequenceRule


def of_expressions(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """Errors, and warnings about the rule as a whole."""
    if not isinstance(rule, (ExpressionRule, SequenceRule)):
        return
    texts = {"when": rule.when} if isinstance(rule, ExpressionRule) else {"first": rule.first, "then": rule.then}
    found = analyse(tuple(texts.values()), seen.scope, seen.scope.picked(rule.applies_to), rule.names)
    for field, problems in zip(texts, found.problems, strict=True):
        for one in problems:
            offset = one.column - 1 if one.column else None
            yield Finding(loc=(field,), message=one.message, is_error=True, offset=offset)
    for warning in found.warnings:
        yield Finding(loc=(), message=f"rule {rule.id}: {warning}")
