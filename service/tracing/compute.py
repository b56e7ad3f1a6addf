"""One trace from the store: what is read, how the case is put together, and the answer as plain data."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from park.index import TagInfo, TagTable
from park.model import SourceKind
from rules.tracing.case import Candidate, Case, Receptor, Signal, WindStation, no_samples
from rules.tracing.evidence import SIGNAL_AFTER_MIN, SIGNAL_BEFORE_MIN
from rules.tracing.rise import rise_us
from rules.tracing.substances import match_of
from rules.tracing.trace import LAGS, STEP_US, trace
from service.alerts.book import AlertBook
from service.alerts.model import Alert
from service.alerts.site import distance_m
from service.clock import Clock
from service.store.queries import Queries, Span
from service.store.scope import Scope
from service.store.stored import AlertFilter
from service.tracing.places import STATION_KINDS, Place, places_of, smells
from service.tracing.series import Series, in_unit, limit_in_unit, minutes, samples
from service.tracing.signals import at, of_alerts, of_rises
from service.tracing.told import told

_MINUTE_US = 60_000_000
#: The receptors' series are looked at from so long before to so long after the rise.
BEFORE_US, AFTER_US = 60 * _MINUTE_US, 10 * _MINUTE_US
#: Receptors of the same quantity, nearest first; instruments at sources.
_MOST_RECEPTORS, _MOST_INSTRUMENTS = 24, 600
_FARTHEST_M = 10_000.0
_MOST_ALERTS = 2_000


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


class NotTraceable(Exception):
    """The target is no instrument that smells the air; give a tag of a fence line, an air station, a detector group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A trace and what it was made from."""

    subject: TagInfo
    at_us: int
    samples: int
    body: dict[str, Any]


def subjects(tags: TagTable, target: str) -> list[TagInfo]:
    """The tags whose rise an alert is about: the tag, or those of the station. Raises NotTraceable."""
    info = tags.by_id(target)
    found = [info] if info is not None and smells(info) else places_of(tags).smelling.get(target, [])
    if not found:
        raise NotTraceable(
            f"{target} is no instrument that smells the air; give a tag of a fence line, an air station, a detector "
            "group or a waste store"
        )
    return found


async def compute(view: View, target: str, at_us: int, *, to_us: int | None = None) -> Found:
    """The trace of a rise at ``target`` about ``at_us``, with samples before ``to_us`` (None: as many as there are).

    Of a station's tags the one is traced that rose most. Raises NotTraceable, StoreUnavailable.
    """
    reader = _Reader(view, at_us, min(at_us + AFTER_US, view.clock()) if to_us is None else to_us)
    subject = await reader.subject(subjects(view.tags, target))
    return await reader.found(subject)


class _Reader:
    def __init__(self, view: View, at_us: int, to_us: int) -> None:
        self._view, self._at_us = view, at_us
        self._places = places_of(view.tags)
        self._span = Span(from_us=at_us - BEFORE_US, to_us=max(to_us, at_us + _MINUTE_US))

    async def subject(self, infos: Sequence[TagInfo]) -> TagInfo:
        """The one that rose most above its beginning, as a multiple of it; the first where none did."""
        if len(infos) == 1:
            return infos[0]
        series, _ = await minutes(self._view.queries, [info.id for info in infos], self._span)
        return max(infos, key=lambda info: _rose_by(series, info))

    async def found(self, subject: TagInfo) -> Found:
        """All of it."""
        queries = self._view.queries
        receptors = self._receptors(subject)
        smelt, smelt_count = await minutes(queries, [info.id for info in receptors], self._span)
        vanes = self._vanes()
        back_us = LAGS * STEP_US
        wind_span = Span(from_us=self._span.from_us - back_us, to_us=self._span.to_us)
        blown, blown_count = await samples(queries, [info.id for pair in vanes for info in pair], wind_span)
        signals = await self._signals(subject)
        case = Case(
            receptors=[one for info in receptors if (one := self._receptor(info, smelt, subject)) is not None],
            stations=[self._station(pair, blown) for pair in vanes],
            candidates=[self._candidate(place, subject, signals) for place in self._places.candidates],
            at_us=self._at_us,
            from_us=self._span.from_us,
            to_us=self._span.to_us,
        )
        answer = await asyncio.to_thread(trace, case)
        count = smelt_count + blown_count
        body = told(answer, case, subject, self._view.tags, count)
        return Found(subject=subject, at_us=self._at_us, samples=count, body=body)

    def _receptors(self, subject: TagInfo) -> list[TagInfo]:
        kinds = STATION_KINDS | {subject.source.kind}
        others = [
            (distance_m(subject.source.position, info.source.position), info.id, info)
            for info in self._view.tags.infos
            if info.tag.quantity == subject.tag.quantity
            and info is not subject
            and info.source.kind in kinds
            and smells(info)
        ]
        near = sorted((one for one in others if one[0] <= _FARTHEST_M), key=lambda one: one[:2])
        return [subject, *(info for _, _, info in near[: _MOST_RECEPTORS - 1])]

    def _receptor(self, info: TagInfo, series: Series, subject: TagInfo) -> Receptor | None:
        values = in_unit(series, info, subject.tag.unit)
        if values is None:
            return None
        east_m, north_m = self._places.at_m(info.source)
        return Receptor(
            id=info.id,
            east_m=east_m,
            north_m=north_m,
            time_us=values[0],
            value=values[1],
            detection_limit=limit_in_unit(info, subject.tag.unit),
        )

    def _vanes(self) -> list[tuple[TagInfo, TagInfo]]:
        """(speed, direction) of every source that has both."""
        by_source: dict[str, dict[str, TagInfo]] = {}
        for info in self._view.tags.infos:
            if info.tag.quantity in ("wind_speed", "wind_direction"):
                by_source.setdefault(info.source_id, {}).setdefault(info.tag.quantity, info)
        return [(one["wind_speed"], one["wind_direction"]) for one in by_source.values() if len(one) == 2]

    def _station(self, pair: tuple[TagInfo, TagInfo], series: Series) -> WindStation:
        speed, direction = pair
        east_m, north_m = self._places.at_m(speed.source)
        blows = in_unit(series, speed, "m/s") or no_samples()
        points = series.get(direction.id, no_samples())
        return WindStation(
            id=speed.source_id,
            east_m=east_m,
            north_m=north_m,
            speed_time_us=blows[0],
            speed_m_s=blows[1],
            direction_time_us=points[0],
            from_deg=points[1],
        )

    def _candidate(self, place: Place, subject: TagInfo, signals: dict[str, list[Signal]]) -> Candidate:
        match, shows = match_of(place.held, subject.tag.quantity)
        return Candidate(
            id=place.id,
            east_m=place.east_m,
            north_m=place.north_m,
            signals=at(place, signals),
            match=match,
            substances=shows,
        )

    async def _signals(self, subject: TagInfo) -> dict[str, list[Signal]]:
        """By source: alarms that stood in the time that counts, and instruments that rose in it."""
        alerts = await self._alerts()
        kinds = {f"{owner}.{one.id}": one.kind for owner, own in self._view.tags.park.owners() for one in own}
        signals = of_alerts((one for one in alerts if one.source != subject.source_id), kinds)
        infos = self._instruments(subject)
        span = Span(
            from_us=self._at_us - round(SIGNAL_BEFORE_MIN * _MINUTE_US) - 10 * _MINUTE_US,
            to_us=min(self._span.to_us, self._at_us + round(SIGNAL_AFTER_MIN * _MINUTE_US)),
        )
        series, _ = await minutes(self._view.queries, [info.id for info in infos], span)
        rises = await asyncio.to_thread(_rises, series, infos)
        for source, found in of_rises(rises, infos).items():
            signals.setdefault(source, []).extend(found)
        return signals

    async def _alerts(self) -> list[Alert]:
        """Raised within a day, from the store and, newer, from the book."""
        wanted = AlertFilter(from_us=self._at_us - 24 * 60 * _MINUTE_US, to_us=self._at_us + AFTER_US)
        stored = await self._view.queries.alerts(Scope.everything(), wanted, limit=_MOST_ALERTS)
        standing = [one for one in self._view.book.active.values() if one.onset_us < self._at_us + AFTER_US]
        return list({one.id: one for one in [*stored, *standing]}.values())

    def _instruments(self, subject: TagInfo) -> list[TagInfo]:
        """Detectors and outlets, nearest first."""
        kinds = (SourceKind.GAS_DETECTORS, SourceKind.WASTE_GAS_OUTLET, SourceKind.WASTE_STORE)
        found = [
            (distance_m(subject.source.position, info.source.position), info.id, info)
            for info in self._view.tags.infos
            if info.source.kind in kinds
            and info.source_id != subject.source_id
            and match_of([info.tag.quantity], subject.tag.quantity)[1]
        ]
        return [info for _, _, info in sorted(found, key=lambda one: one[:2])[:_MOST_INSTRUMENTS]]


def _rises(series: Series, infos: Sequence[TagInfo]) -> dict[str, int]:
    found = {}
    for info in infos:
        time_us, value = series.get(info.id, no_samples())
        span = info.tag.span
        rose = rise_us(time_us, value, span=span[1] - span[0] if span else 0.0)
        if rose is not None:
            found[info.id] = rose
    return found


def _rose_by(series: Series, info: TagInfo) -> float:
    _, value = series.get(info.id, no_samples())
    if not len(value):
        return -1.0
    value = value.copy()
    value.sort()
    low = max(float(value[: max(1, len(value) // 3)].mean()), info.tag.detection_limit or 1e-9, 1e-9)
    return float(value[-1]) / low
