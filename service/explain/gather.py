"""Brings together what an explanation needs: the rule as it was, the samples, what else stood at the time."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from park.index import TagInfo, TagTable
from rules.spec import AnyRule, RuleSet
from service.alerts.book import AlertBook
from service.alerts.model import Alert, Event
from service.clock import Clock
from service.explain.needed import needed_tags, span_us
from service.explain.replay import Heard, Replayed, replay
from service.explain.samples import heard_of
from service.explain.told import Case, explanation
from service.rules.files import load_rules
from service.store.errors import StoreUnavailable
from service.store.queries import Queries, Span
from service.store.scope import Scope
from service.store.stored import AlertFilter

_MOST_SAMPLES = 1_000_000
_MOST_VERSIONS = 200
_MOST_SILENCES = 5


class View(Protocol):
    """What is needed of `service.api.view.ServiceView`."""

    queries: Queries
    clock: Clock

    @property
    def tags(self) -> TagTable:
        """Of the park in force."""

    @property
    def book(self) -> AlertBook:
        """The alert book."""

    def live_rules(self) -> RuleSet:
        """Those that the engine evaluates."""


async def explain(view: View, scope: Scope, alert: Alert, events: Sequence[Event]) -> dict[str, Any]:
    """See `service.explain.told`. Raises StoreUnavailable."""
    tags = view.tags
    rule = None if alert.rule == "service" else await _rule_of(view, alert)
    infos: list[TagInfo] = []
    # Without a rule there is nothing to play.
    span = (alert.onset_us, max(alert.raised_us, alert.onset_us + 1))
    heard, cut, replayed, trouble = None, False, None, ""
    if rule is not None:
        infos = [info for info in needed_tags(tags, rule, alert) if scope.sees(info.enterprise)]
        span = span_us(rule, infos, alert, view.clock())
        heard, cut = await _heard(view, scope, infos, span)
        replayed, trouble = await asyncio.to_thread(_replayed, tags, rule, alert, heard, span)
    case = Case(
        alert=alert,
        rule=rule,
        show_rule=scope.is_everything,
        tags=tags,
        infos=infos,
        events=events,
        silences=await _silences(view, scope, alert),
        span_us=span,
        heard=heard,
        cut=cut,
        replayed=replayed,
        trouble=trouble,
    )
    return await asyncio.to_thread(explanation, case)


def _replayed(
    tags: TagTable, rule: AnyRule, alert: Alert, heard: Heard, span: tuple[int, int]
) -> tuple[Replayed | None, str]:
    try:
        return replay(tags.park, rule, alert, heard, span), ""
    except ValueError as error:  # the park has changed since, and the rule's names lead nowhere
        return None, str(error)


async def _rule_of(view: View, alert: Alert) -> AnyRule | None:
    """As it was in force when the alert was found; where that is not known, as it is now."""
    try:
        heads = await view.queries.rule_versions(Scope.everything(), view.book.chain, limit=_MOST_VERSIONS)
        number = next((one.number for one in heads if one.at_us <= alert.detected_us), None)
        if number is not None:
            version = await view.queries.rule_version(Scope.everything(), view.book.chain, number)
            if version is not None:
                loaded = await asyncio.to_thread(load_rules, version.files)
                return loaded.rules.by_id(alert.rule)
    except (StoreUnavailable, ValueError):
        pass
    return view.live_rules().by_id(alert.rule)


async def _heard(view: View, scope: Scope, infos: Sequence[TagInfo], span: tuple[int, int]) -> tuple[Heard, bool]:
    stored, rows = await view.queries.sample_rows(
        scope, [info.id for info in infos], Span(from_us=span[0], to_us=span[1]), limit=_MOST_SAMPLES
    )
    return heard_of(stored, rows), len(rows) >= _MOST_SAMPLES


async def _silences(view: View, scope: Scope, alert: Alert) -> list[Alert]:
    """Communication alarms of the tag's device and connection that stood while the alert was raised."""
    info = view.tags.by_id(alert.target)
    device = info.device if info is not None else ""
    if not device:
        return []
    found: dict[str, Alert] = {}
    for target in dict.fromkeys((device, device.partition("/")[0])):
        wanted = AlertFilter(target=target, to_us=alert.detected_us + 1)
        stored = await view.queries.alerts(scope, wanted, limit=_MOST_SILENCES)
        standing = [one for one in view.book.active.values() if one.target == target and scope.sees(one.enterprise)]
        found |= {one.id: one for one in [*stored, *standing]}
    stood = [
        one
        for one in found.values()
        if one.raised_us <= alert.detected_us and (one.cleared_us is None or one.cleared_us >= alert.onset_us)
    ]
    return sorted(stood, key=lambda one: (one.raised_us, one.id))
