"""What a run has found, in numbers: per rule and source, against the bands of ISA-18.2, and against other rules."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rules.kpi.figures import Kpi, KpiNorms, kpi
from rules.spec import RuleSet
from service.api.times import rfc3339
from service.backtest.compare import Difference, Moved
from service.backtest.found import Found

#: Of lists that may be long, so many are shown.
_MOST_SHOWN = 100


def by_rule(rules: RuleSet, alerts: Iterable[Found], end_us: int) -> list[dict[str, Any]]:
    """Every rule in file order, also those that raised nothing."""
    groups = _grouped(alerts, lambda one: one.rule)
    return [
        {"rule": rule.id, "kind": rule.kind, "name": rule.name, **_figures(groups.get(rule.id, []), end_us)}
        for rule in rules.rules
    ]


def by_source(alerts: Iterable[Found], end_us: int) -> list[dict[str, Any]]:
    """The noisiest first. What is of no source stands under its enterprise or its target."""
    groups = _grouped(alerts, lambda one: one.source or one.enterprise or one.target)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"source": name, **_figures(group, end_us)} for name, group in ranked]


def _grouped(alerts: Iterable[Found], name: Callable[[Found], str]) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = {}
    for one in alerts:
        groups.setdefault(name(one), []).append(one)
    return groups


def _figures(alerts: Sequence[Found], end_us: int) -> dict[str, Any]:
    lasted_s = sorted(((end_us if one.cleared_us is None else one.cleared_us) - one.raised_us) / 1e6 for one in alerts)
    levels: dict[str, int] = {}
    for one in alerts:
        levels[one.level] = levels.get(one.level, 0) + 1
    return {
        "alerts": len(alerts),
        "targets": len({one.target for one in alerts}),
        "standing": sum(one.cleared_us is None for one in alerts),
        "median_s": statistics.median(lasted_s) if alerts else None,
        "p90_s": lasted_s[(9 * len(alerts) + 9) // 10 - 1] if alerts else None,
        "total_s": sum(lasted_s),
        "levels": dict(sorted(levels.items())),
        "first": rfc3339(min((one.raised_us for one in alerts), default=None)),
        "last": rfc3339(max((one.raised_us for one in alerts), default=None)),
    }


def key_figures(alerts: Iterable[Found], from_us: int, to_us: int, norms: KpiNorms) -> dict[str, Any]:
    """ISA-18.2: rates against the bands, floods, chatter, bad actors, standing."""
    found = kpi((one.occurrence() for one in alerts), from_us, max(to_us, from_us + 1), norms)
    return _as_data(found)


def _as_data(found: Kpi) -> dict[str, Any]:
    data = {name: value for name, value in asdict(found).items() if name != "ack"}
    for name in ("per_10min", "per_day"):
        data[name] |= {"norm": data[name]["norm"].model_dump()}
    for name in ("floods", "standing", "chattering"):
        data[f"{name}_count"] = len(data[name])
        data[name] = data[name][:_MOST_SHOWN]
    told: dict[str, Any] = _times_told(data)
    return told


def _times_told(data: Any) -> Any:
    """Every ``..._us`` as a time people read."""
    if isinstance(data, dict):
        return {
            name.removesuffix("_us"): rfc3339(value) if name.endswith("_us") else _times_told(value)
            for name, value in data.items()
        }
    return [_times_told(one) for one in data] if isinstance(data, list) else data


def difference(found: Difference) -> dict[str, Any]:
    """Counts, per rule too, and the first of each."""
    groups: dict[str, dict[str, int]] = {}
    for what, rules in (
        ("added", [one.rule for one in found.added]),
        ("removed", [one.rule for one in found.removed]),
        ("moved", [one.after.rule for one in found.moved]),
        ("same", [one.rule for one in found.same]),
    ):
        for rule in rules:
            counts = groups.setdefault(rule, {"added": 0, "removed": 0, "moved": 0, "same": 0})
            counts[what] += 1
    return {
        "added": len(found.added),
        "removed": len(found.removed),
        "moved": len(found.moved),
        "same": len(found.same),
        "by_rule": [{"rule": rule, **groups[rule]} for rule in sorted(groups)],
        "added_alerts": [alert(one) for one in _earliest(found.added)],
        "removed_alerts": [alert(one) for one in _earliest(found.removed)],
        "moved_alerts": [
            _moved(one) for one in sorted(found.moved, key=lambda one: one.before.raised_us)[:_MOST_SHOWN]
        ],
    }


def _earliest(alerts: Iterable[Found]) -> list[Found]:
    return sorted(alerts, key=lambda one: (one.raised_us, one.key))[:_MOST_SHOWN]


def alert(one: Found) -> dict[str, Any]:
    """One alert for people and programs."""
    return {
        "alert": one.alert_id,
        "rule": one.rule,
        "target": one.target,
        "side": one.side,
        "level": one.level,
        "onset": rfc3339(one.onset_us),
        "raised": rfc3339(one.raised_us),
        "cleared": rfc3339(one.cleared_us),
    }


def _moved(one: Moved) -> dict[str, Any]:
    cleared_us = one.cleared_by_us
    return {
        **alert(one.after),
        "level_before": one.before.level,
        "raised_before": rfc3339(one.before.raised_us),
        "cleared_before": rfc3339(one.before.cleared_us),
        "raised_later_s": one.raised_by_us / 1e6,
        "cleared_later_s": None if cleared_us is None else cleared_us / 1e6,
    }
