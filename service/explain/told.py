"""An explanation as plain data: the alert, its rule, samples, limits, timers, context, and sentences for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from park.duration import format_duration
from park.index import TagInfo, TagTable
from park.model import Alarms
from rules.spec import AnyRule, ForecastRule, LimitRule, StaleRule
from service.alerts.model import Alert, Event
from service.api.times import rfc3339
from service.backtest.found import line
from service.explain.replay import Heard, Replayed
from service.explain.samples import shown
from service.explain.words import sentences


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """All that is known of one alert."""

    alert: Alert
    #: As it was in force when the alert was found; None: an alarm of the service itself, or no longer known.
    rule: AnyRule | None
    #: False: the caller may not see the rule's text, which may name others' tags.
    show_rule: bool
    tags: TagTable
    infos: Sequence[TagInfo]
    events: Sequence[Event]
    #: Communication alarms of what brings the tag that stood at the time.
    silences: Sequence[Alert]
    span_us: tuple[int, int]
    heard: Heard | None
    #: More samples than are looked at: the replay saw the first of them only.
    cut: bool
    replayed: Replayed | None
    #: What kept the rule from being played again.
    trouble: str = ""


def explanation(case: Case) -> dict[str, Any]:
    """As `service.api.explain_models.Explanation`."""
    alert, rule, replayed, heard = case.alert, case.rule, case.replayed, case.heard
    limits = limits_of(rule, case.tags.by_id(alert.target))
    timers = _timers(case, limits)
    moments_us = [alert.onset_us, alert.raised_us, *([alert.cleared_us] if alert.cleared_us else [])]
    told: dict[str, Any] = {
        "alert": alert.id,
        "target": alert.target,
        "level": alert.level,
        "onset": rfc3339(alert.onset_us),
        "raised": rfc3339(alert.raised_us),
        "detected": rfc3339(alert.detected_us),
        "cleared": rfc3339(alert.cleared_us),
        "why": alert.why,
        "rule": _rule(case),
        "limits": limits,
        "timers": timers,
        "from": rfc3339(case.span_us[0]),
        "to": rfc3339(case.span_us[1]),
        "samples": shown(heard, alert.target, moments_us) if heard is not None else [],
        "samples_total": len(heard) if heard is not None else 0,
        "tags_total": len(heard.tag_ids) if heard is not None else 0,
        "samples_cut": case.cut,
        "proof": replayed.proof if replayed is not None else None,
        "tick_s": replayed.tick_us / 1e6 if replayed is not None and replayed.tick_us else None,
        "trouble": case.trouble,
        "transitions": [line(one) for one in replayed.transitions] if replayed is not None else [],
        "events": [_event(one) for one in case.events if one.actor != "engine"],
        "silences": [
            {"target": one.target, "raised": rfc3339(one.raised_us), "cleared": rfc3339(one.cleared_us)}
            for one in case.silences
        ],
    }
    told["text"] = {lang: sentences(told, alert, rule, lang) for lang in ("zh", "en")}
    return told


def _rule(case: Case) -> dict[str, Any] | None:
    rule = case.rule
    if rule is None:
        return None
    return {
        "id": rule.id,
        "kind": rule.kind,
        "name": rule.name,
        "standard": rule.standard,
        "clause": rule.clause,
        "guidance": rule.guidance,
        "text": rule_text(rule) if case.show_rule else None,
    }


def rule_text(rule: AnyRule) -> str:
    """As it would stand in a file; what is not said there is left out."""
    said = {"id": rule.id, "kind": rule.kind, **rule.model_dump(mode="json", exclude_defaults=True)}
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=100)


def limits_of(rule: AnyRule | None, info: TagInfo | None) -> list[dict[str, Any]]:
    """Level by level, from the highest: limit, deadband and delays in force; none where the kind has none."""
    alarms: Alarms | None = getattr(rule, "limits", None)
    if alarms is None and isinstance(rule, LimitRule) and rule.limits_from is None and info is not None:
        alarms = info.tag.alarms
    if isinstance(rule, ForecastRule) and info is not None:
        alarms = rule.limits_of(info.tag.alarms)
    if alarms is None:
        return []
    return [
        {
            "level": level.value,
            "limit": limit.limit,
            "deadband": alarms.deadband if limit.deadband is None else limit.deadband,
            "on_delay_s": (alarms.on_delay if limit.on_delay is None else limit.on_delay) / 1e6,
            "off_delay_s": (alarms.off_delay if limit.off_delay is None else limit.off_delay) / 1e6,
        }
        for level, limit in reversed(alarms.limits())
    ]


def _timers(case: Case, limits: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What ran, from when to when."""
    alert, found = case.alert, []
    if alert.raised_us > alert.onset_us:
        what = "stale_delay" if isinstance(case.rule, StaleRule) else "on_delay"
        found.append(_timer(what, alert.onset_us, alert.raised_us))
    if isinstance(case.rule, StaleRule):
        info = case.tags.by_id(alert.target) or next(iter(case.infos), None)
        timeout_us = case.rule.stale_after or (info.tag.stale_after if info is not None else None)
        if timeout_us:
            found.insert(0, _timer("timeout", alert.onset_us - timeout_us, alert.onset_us))
    off_s = _off_delay_s(case, limits)
    if alert.cleared_us is not None and off_s:
        found.append(_timer("off_delay", alert.cleared_us - round(off_s * 1e6), alert.cleared_us))
    return found


def _off_delay_s(case: Case, limits: Sequence[dict[str, Any]]) -> float:
    levels = [one["off_delay_s"] for one in limits if one["level"] == case.alert.level]
    return float(levels[0]) if levels else getattr(case.rule, "off_delay", 0) / 1e6


def _timer(what: str, begin_us: int, end_us: int) -> dict[str, Any]:
    return {
        "timer": what,
        "began": rfc3339(begin_us),
        "ended": rfc3339(end_us),
        "length": format_duration(end_us - begin_us),
    }


def _event(one: Event) -> dict[str, Any]:
    return {
        "trigger": one.trigger.value,
        "state": one.to_state.value,
        "at": rfc3339(one.recorded_us),
        "actor": one.actor,
        "reason": one.reason,
    }
