"""From the service's own objects to the plain data of answers, within what the caller sees."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from park.index import TagTable
from rules.spec import RuleSet
from service.alerts.book import AlertBook
from service.alerts.contexts import Context
from service.alerts.judged import JUDGED
from service.alerts.model import ALERT_DEFAULTS, Alert, Event
from service.api.times import rfc3339
from service.store.scope import Scope

_TIMES = ("onset", "raised", "detected", "cleared", "acked", "aside_since", "aside_until")


class Names:
    """Names for people, by id. One for each `TagTable` and set of rules."""

    def __init__(self, tags: TagTable, rules: RuleSet) -> None:
        self.tags = tags
        self.rules = rules
        park = tags.park
        self.enterprises = {park.id: park.name} | {one.id: one.name for one in park.enterprises}
        self.sources = {f"{owner}.{one.id}": one.name for owner, sources in park.owners() for one in sources}

    def target(self, target: str) -> str:
        """Of a tag; empty for anything else."""
        info = self.tags.by_id(target)
        return info.tag.name if info is not None else ""

    def rule(self, rule_id: str) -> tuple[str, str, str]:
        """Of a live rule or a judgement: its name, what to do, the standard and clause (of a judgement: in `why`)."""
        rule = self.rules.by_id(rule_id)
        if rule is None:
            judged = JUDGED.get(rule_id)
            return (judged.name, judged.guidance, "") if judged is not None else ("", "", "")
        return rule.name, rule.guidance, f"{rule.standard} {rule.clause}".strip()


class NamesNow:
    """Of the park and the rules in force, made anew where either has changed."""

    def __init__(self, tags: Callable[[], TagTable], rules: Callable[[], RuleSet]) -> None:
        self._tags, self._rules = tags, rules
        self._names = Names(tags(), rules())

    def __call__(self) -> Names:
        """As they are now."""
        tags, rules = self._tags(), self._rules()
        if self._names.tags is not tags or self._names.rules is not rules:
            self._names = Names(tags, rules)
        return self._names


def alert_shape(alert: Alert, names: Names) -> dict[str, Any]:
    """As `service.api.models.AlertShape`."""
    return _alert_shape(msgspec.to_builtins(alert), names)


def _alert_shape(fields: dict[str, Any], names: Names) -> dict[str, Any]:
    shape = ALERT_DEFAULTS | fields
    for name in _TIMES:
        shape[name] = rfc3339(shape.pop(f"{name}_us"))
    shape["enterprise_name"] = names.enterprises.get(shape["enterprise"], "")
    shape["source_name"] = names.sources.get(shape["source"], "")
    shape["target_name"] = names.target(shape["target"])
    shape["rule_name"], shape["guidance"], shape["standard"] = names.rule(shape["rule"])
    return shape


def context_shape(entry: Context | dict[str, Any], names: Names) -> dict[str, Any]:
    """As `service.api.models.ContextShape`."""
    fields = entry if isinstance(entry, dict) else msgspec.to_builtins(entry)
    shape = dict(fields)
    for name in ("from", "to", "opened", "over"):
        shape[name] = rfc3339(shape.pop(f"{name}_us"))
    shape["tags"] = list(shape["tags"])
    shape["enterprise_name"] = names.enterprises.get(shape["enterprise"], "")
    shape["source_name"] = names.sources.get(shape["source"], "")
    return shape


def context_event_shape(event: Event, names: Names) -> dict[str, Any]:
    """As `service.api.models.ContextEventShape`."""
    return {
        "chain": event.chain,
        "seq": event.seq,
        "trigger": event.trigger.value,
        "actor": event.actor,
        "reason": event.reason,
        "effective": rfc3339(event.effective_us),
        "recorded": rfc3339(event.recorded_us),
        "context": context_shape(event.context or {}, names),
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def event_shape(event: Event, names: Names) -> dict[str, Any]:
    """As `service.api.models.EventShape`."""
    return {
        "chain": event.chain,
        "seq": event.seq,
        "alert_id": event.alert_id,
        "trigger": event.trigger.value,
        "from_state": event.from_state.value,
        "to_state": event.to_state.value,
        "level": event.level,
        "actor": event.actor,
        "reason": event.reason,
        "effective": rfc3339(event.effective_us),
        "recorded": rfc3339(event.recorded_us),
        "alert": _alert_shape(event.alert, names),
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def floods_shape(book: AlertBook, scope: Scope) -> list[dict[str, Any]]:
    """As `service.api.models.FloodNow`; the whole park's only for those who see all of it."""
    return [
        {"enterprise": one.enterprise or None, "since": rfc3339(one.since_us), "count": one.count, "most": one.most}
        for one in book.floods()
        if scope.sees(one.enterprise)
    ]


def count_by(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts
