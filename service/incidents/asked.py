"""From what was asked to what it is about, and when."""

from dataclasses import dataclass

from park.duration import parse_duration_us
from service.api.params import time_us
from service.api.problems import Problem, invalid, not_found
from service.api.routers.alerts import find_alert, is_uuid
from service.api.state import State
from service.incidents.subject import Subject, around_alert, around_sources, within
from service.store.queries import AlertFilter
from service.store.samples import Span
from service.store.scope import Scope

_LONGEST_US = 7 * 86_400_000_000
#: Of a first-out group, at most.
_MOST_OF_GROUP = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What, when, and how much before and after."""

    subject: Subject
    at_us: int
    span: Span


async def incident_of(
    app: State,
    scope: Scope,
    *,
    around: str | None,
    source: str | None,
    area: str | None,
    at: str | None,
    before: str,
    after: str,
) -> Incident:
    """Raises Problem 404 and 422, StoreUnavailable."""
    before_us, after_us = _length("before", before), _length("after", after)
    table = app.view.tags
    given = [name for name, one in (("around", around), ("source", source), ("area", area)) if one is not None]
    if len(given) != 1:
        raise invalid("around", around, "one of `around`, `source` and `area` is needed", "give one of them")
    if around is not None:
        if not is_uuid(around):
            raise not_found(f"alert {around}")
        alert = await find_alert(app, scope, around)
        group = []
        if alert.group:
            wanted = AlertFilter(source=alert.source or None)
            near = await app.view.queries.alerts(scope, wanted, limit=200)
            group = [one for one in near if one.group == alert.group and one.id != alert.id][:_MOST_OF_GROUP]
        at_us, subject = alert.onset_us, around_alert(table, scope, alert, group)
    else:
        moment = time_us("at", at)
        if moment is None:
            raise invalid("at", at, "is needed with `source` and `area`", "give a time, RFC 3339")
        at_us = moment
        sources = [source] if source is not None else within(table, scope, *_box(area or ""))
        subject = around_sources(table, scope, sources)
        if source is not None and source not in subject.sources:
            raise not_found(f"source {source}")
        if not subject.sources:
            raise Problem(404, "not-found", "no source that you see stands in this area")
    return Incident(subject=subject, at_us=at_us, span=Span(from_us=at_us - before_us, to_us=at_us + after_us))


def _length(name: str, text: str) -> int:
    try:
        us = parse_duration_us(text)
    except ValueError as error:
        raise invalid(name, text, str(error), "write 30m, 2h, 1d") from None
    if us > _LONGEST_US:
        raise invalid(name, text, "is longer than 7 days", "ask for a shorter span")
    return us


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(one) for one in text.split(","))
    except ValueError:
        raise invalid("area", text, "is not four numbers", "write west,south,east,north in degrees") from None
    return min(a, c), min(b, d), max(a, c), max(b, d)
