"""Levels that no value within the instrument's span reaches, or that every one does; rules without anything to do."""

from collections.abc import Iterator

import numpy as np

from park.inverted import Positions
from park.model import Alarms, Level
from rules.checks.finding import Finding, Loc, Seen
from rules.spec import (
    AnyRule,
    DeviationRule,
    ForecastRule,
    FrozenRule,
    LimitRule,
    RangeRule,
    StaleRule,
    VoteRule,
    WindowRule,
)

_HIGH = (Level.H, Level.HH)


def of_levels(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    """Warnings about a rule that picks at least one tag."""
    if isinstance(rule, LimitRule) and rule.limits is None and rule.limits_from is None:
        if not seen.has_limits[at].any():
            yield Finding(loc=(), message=f"rule {rule.id}: none of its {len(at)} tags has limits of its own")
    elif isinstance(rule, ForecastRule) and rule.level is not None:
        yield from _own_level(seen, rule.id, rule.level, at)
    elif isinstance(rule, (LimitRule, ForecastRule, WindowRule)) and rule.limits is not None:
        if getattr(rule, "aggregate", "mean") not in ("sum", "count"):
            yield from _reach(seen, rule.id, rule.limits, at)
    elif isinstance(rule, DeviationRule) and rule.limits is not None:
        yield from _deviations(seen, rule.id, rule.limits, at)
    elif isinstance(rule, VoteRule):
        yield from _votes(seen, rule, at)
    else:
        yield from _idle(seen, rule, at)


def _own_level(seen: Seen, rule_id: str, level: Level, at: Positions) -> Iterator[Finding]:
    infos = [seen.tags.infos[position] for position in at.tolist()]
    if not any(info.tag.alarms and getattr(info.tag.alarms, level.value) for info in infos):
        yield Finding(loc=("level",), message=f"rule {rule_id}: none of its {len(at)} tags has a limit {level.value}")


def _reach(seen: Seen, rule_id: str, limits: Alarms, at: Positions) -> Iterator[Finding]:
    units = seen.units(at)
    if len(units) > 1:
        given = ", ".join(unit or "none" for unit in units)
        message = f"rule {rule_id}: its limits are held against tags of several units ({given}), each in its own"
        yield Finding(loc=("limits",), message=message)
    for level, limit in limits.limits():
        yield from _level(seen, ("limits", level.value), level in _HIGH, limit.limit, level.value, at)


def _level(seen: Seen, loc: Loc, is_high: bool, limit: float, name: str, at: Positions) -> Iterator[Finding]:
    low, high = seen.span_low[at], seen.span_high[at]
    never, always = (limit >= high, limit <= low) if is_high else (limit <= low, limit >= high)
    for hit, fate in ((never, "can never be raised"), (always, "would always stand")):
        if hit.any():
            tags = at[np.flatnonzero(hit)]
            info = seen.first(tags)
            span = f"[{info.tag.span[0]:g}, {info.tag.span[1]:g}] {info.tag.unit}" if info.tag.span else ""
            whose = f"{len(tags)} of {len(at)} tags" if len(at) > 1 else "its tag"
            message = f"{name} {limit:g} {fate} for {whose}: the span of {info.id} is {span}"
            yield Finding(loc=loc, message=message)


def _deviations(seen: Seen, rule_id: str, limits: Alarms, at: Positions) -> Iterator[Finding]:
    """Two values within one span are no further apart than the span is wide."""
    width = seen.span_high[at] - seen.span_low[at]
    for level, limit in limits.limits():
        never = limit.limit >= width if level in _HIGH else -limit.limit >= width
        if never.any():
            info = seen.first(at[np.flatnonzero(never)])
            message = (
                f"{level.value} {limit.limit:g} can never be raised for {int(never.sum())} of {len(at)} tags: "
                f"the span of {info.id} is narrower"
            )
            yield Finding(loc=("limits", level.value), message=message)


def _votes(seen: Seen, rule: VoteRule, at: Positions) -> Iterator[Finding]:
    infos = [seen.tags.infos[position] for position in at.tolist()]
    if rule.limit is not None:
        yield from _level(seen, ("limit",), not rule.low, rule.limit, "limit", at)
    else:
        level = rule.level.value if rule.level else ""
        having = [info for info in infos if info.tag.alarms and getattr(info.tag.alarms, level) is not None]
        if not having:
            yield Finding(loc=("level",), message=f"none of its {len(at)} tags has a limit {level}")
            return
        infos = having
    groups: dict[str, int] = {}
    for info in infos:
        key = {"source": info.source_id, "enterprise": info.enterprise, "rule": ""}[rule.together]
        groups[key] = groups.get(key, 0) + 1
    few = sorted(key for key, count in groups.items() if count < rule.m)
    if few:
        whose = f"{len(few)} of {len(groups)} groups" if len(groups) > 1 else "its group"
        where = f", {few[0]} for one" if few[0] else ""
        message = f"m: {rule.m} is more than can vote in {whose}{where}: there all of them together are enough"
        yield Finding(loc=("m",), message=message)


def _idle(seen: Seen, rule: AnyRule, at: Positions) -> Iterator[Finding]:
    if isinstance(rule, StaleRule) and rule.stale_after is None and not seen.has_timeout[at].any():
        yield Finding(loc=(), message=f"rule {rule.id}: no stale_after, here or at any of its {len(at)} tags")
    if isinstance(rule, FrozenRule):
        moving = at[~seen.is_discrete[at]]
        if not len(moving):
            yield Finding(
                loc=("applies_to",), message=f"rule {rule.id}: all its tags are discrete, which may stand still"
            )
        elif rule.hold is None and not seen.has_hold[moving].any():
            message = (
                f"rule {rule.id}: no hold, and none of its {len(moving)} tags has frozen_after: it watches nothing"
            )
            yield Finding(loc=(), message=message)
    if isinstance(rule, RangeRule) and not rule.sentinels and bool(np.isnan(seen.span_low[at]).all()):
        yield Finding(loc=(), message=f"rule {rule.id}: no sentinels, and none of its {len(at)} tags has a span")
