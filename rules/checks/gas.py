"""Set-points of gas detectors above what the standard allows, the tags' own and those that rules give."""

from collections.abc import Iterator

from park.inverted import Positions
from park.model import Alarms, Level
from rules import gbt50493
from rules.checks.finding import Finding, Loc, Seen, some
from rules.spec import AnyRule, LimitRule, VoteRule


def of_gas(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """Warnings about a rule that picks at least one tag."""
    if not isinstance(rule, (LimitRule, VoteRule)):
        return
    detectors = at[seen.tags.inverted.columns["source_kind"].mask(("gas_detectors",))[at]]
    if not len(detectors):
        return
    if isinstance(rule, VoteRule) and rule.limit is not None:
        # Two of three at this limit are the alarm of level 2 at the most.
        level = Level.L if rule.low else Level.HH
        yield from _given(seen, level, rule.limit, ("limit",), detectors)
    elif isinstance(rule, LimitRule) and rule.limits is not None:
        for level, limit in rule.limits.limits():
            yield from _given(seen, level, limit.limit, ("limits", level.value), detectors)
    elif isinstance(rule, LimitRule) and rule.limits_from is None:
        yield from _own(seen, detectors)


def _given(seen: Seen, level: Level, limit: float, loc: Loc, at: Positions) -> Iterator[Finding]:
    """One warning for what is wrong in the same way, however many tags it is wrong for."""
    wrong: dict[str, list[str]] = {}
    for position in at.tolist():
        info = seen.tags.infos[position]
        if found := gbt50493.excess(info, level, limit):
            wrong.setdefault(found, []).append(info.id)
    for found, ids in wrong.items():
        yield Finding(loc=loc, message=f"{found}: {some(ids)}")


def _own(seen: Seen, at: Positions) -> Iterator[Finding]:
    for position in at.tolist():
        info = seen.tags.infos[position]
        for level, limit in (info.tag.alarms or Alarms()).limits():
            if found := gbt50493.excess(info, level, limit.limit):
                yield Finding(loc=(), message=f"{info.id} in the park file: {found}")
