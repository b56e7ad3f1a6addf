"""Key figures of an alarm system, after ISA-18.2 and EEMUA 191. Pure arithmetic over the occurrences of alarms.

One occurrence is one alert: from raised to cleared, whatever level it reached and however often it returned before it
was acknowledged. What each figure means, exactly, is written in ``deploy/docs/kpi.md``. All times are epoch
microseconds, UTC; the days are of fixed UTC+08:00.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rules.kpi.norms import Band, KpiNorms, Rate
from rules.kpi.windows import Flood, Ints, bursts, counts_in_periods, floods, in_window

__all__ = ["Kpi", "KpiNorms", "Occurrence", "kpi", "kpi_by"]

TEN_MINUTES_US = 600_000_000
DAY_US = 86_400_000_000
#: Of UTC+08:00.
_DAY_OFFSET_US = 28_800_000_000

By = Literal["enterprise", "source", "operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One alert, as far as the key figures need it."""

    alert_id: str
    rule: str
    target: str
    side: str
    source: str
    enterprise: str
    #: 1 (urgent) to 4.
    priority: int
    raised_us: int
    #: None: it still stands.
    cleared_us: int | None = None
    acked_us: int | None = None
    #: Who acknowledged it: the operator position. Empty: nobody.
    acked_by: str = ""

    @property
    def alarm(self) -> tuple[str, str, str]:
        """What occurs: rule, target, side."""
        return self.rule, self.target, self.side


@dataclass(frozen=True, slots=True, kw_only=True)
class RateKpi:
    """Alarms per period against the bands."""

    #: Over the whole span, scaled to one period.
    mean: float
    #: In the fullest period.
    max: int
    #: Band of the mean.
    band: Band
    #: How many periods the span touches, and which share of them is in which band.
    periods: int
    share: dict[str, float]
    norm: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingKpi:
    """An alarm that stands, or stood within the span, for too long."""

    alert_id: str
    rule: str
    target: str
    side: str
    priority: int
    raised_us: int
    #: Until it was cleared, or until the end of the span.
    stood_s: float
    #: At the end of the span.
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatterKpi:
    """An alarm that came again and again."""

    rule: str
    target: str
    side: str
    #: Separate bursts, and the occurrences in them.
    bursts: int
    count: int
    #: The most within one window.
    peak: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityKpi:
    """How many alarms of a priority there were, against the recommended mix."""

    priority: int
    count: int
    share: float
    recommended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorKpi:
    """One of the most frequent alarms."""

    rule: str
    target: str
    side: str
    count: int
    #: Of all alarms.
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AckKpi:
    """From raised to acknowledged, seconds. None: nothing was acknowledged."""

    acknowledged: int
    unacknowledged: int
    median_s: float | None
    #: Nine in ten were acknowledged within this (nearest rank).
    p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """All key figures of one span ``[from_us, to_us)``."""

    from_us: int
    to_us: int
    #: Raised within the span.
    alarms: int
    per_10min: RateKpi
    per_day: RateKpi
    floods: list[Flood]
    #: Share of the span's time that is in a flood.
    flood_share: float
    standing: list[StandingKpi]
    chattering: list[ChatterKpi]
    priorities: list[PriorityKpi]
    bad_actors: list[ActorKpi]
    #: Of all alarms, those of the bad actors together.
    bad_actors_share: float
    ack: AckKpi


def kpi(occurrences: Iterable[Occurrence], from_us: int, to_us: int, norms: KpiNorms | None = None) -> Kpi:
    """All figures of ``[from_us, to_us)``; ``occurrences`` are those raised in it or standing at any time of it.

    The order in which they come makes no difference. Raises ValueError where the span is empty.
    """
    if from_us >= to_us:
        raise ValueError("the span is empty: from must be before to")
    norms = norms or KpiNorms()
    known = sorted((one for one in occurrences if one.raised_us < to_us), key=lambda one: (one.raised_us, one.alert_id))
    raised = [one for one in known if one.raised_us >= from_us]
    times = _times(raised)
    found = _floods(times, to_us, norms)
    actors = _bad_actors(raised, norms.bad_actors)
    return Kpi(
        from_us=from_us,
        to_us=to_us,
        alarms=len(raised),
        per_10min=_rate(times, from_us, to_us, TEN_MINUTES_US, norms.per_10min),
        per_day=_rate(times, from_us, to_us, DAY_US, norms.per_day),
        floods=found,
        flood_share=sum((one.end_us or to_us) - one.begin_us for one in found) / (to_us - from_us),
        standing=_standing(known, from_us, to_us, norms.standing_after),
        chattering=_chattering(raised, norms),
        priorities=_priorities(raised, norms),
        bad_actors=actors,
        bad_actors_share=_share(sum(one.count for one in actors), len(raised)),
        ack=_ack(raised),
    )


def kpi_by(
    occurrences: Iterable[Occurrence], from_us: int, to_us: int, by: By, norms: KpiNorms | None = None
) -> dict[str, Kpi]:
    """The same for every enterprise, source or operator position, by its name; "" is what belongs to none."""
    groups: dict[str, list[Occurrence]] = {}
    for one in occurrences:
        groups.setdefault(_NAME[by](one), []).append(one)
    return {name: kpi(groups[name], from_us, to_us, norms) for name in sorted(groups)}


_NAME: dict[By, Callable[[Occurrence], str]] = {
    "enterprise": lambda one: one.enterprise,
    "source": lambda one: one.source,
    "operator": lambda one: one.acked_by,
}


def _times(sorted_occurrences: Sequence[Occurrence]) -> Ints:
    return np.array([one.raised_us for one in sorted_occurrences], dtype=np.int64)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _rate(times: Ints, from_us: int, to_us: int, period_us: int, norm: Rate) -> RateKpi:
    counts = counts_in_periods(times, from_us, to_us, period_us, _DAY_OFFSET_US)
    mean = len(times) * period_us / (to_us - from_us)
    acceptable = int((counts <= norm.acceptable).sum())
    manageable = int((counts <= norm.manageable).sum()) - acceptable
    each = {"acceptable": acceptable, "manageable": manageable, "overloaded": len(counts) - acceptable - manageable}
    return RateKpi(
        mean=mean,
        max=int(counts.max()),
        band=norm.band(mean),
        periods=len(counts),
        share={band: number / len(counts) for band, number in each.items()},
        norm=norm,
    )


def _floods(times: Ints, to_us: int, norms: KpiNorms) -> list[Flood]:
    norm = norms.flood
    return floods(times, to_us, window_us=norm.window, more_than=norm.more_than, fewer_than=norm.fewer_than)


def _standing(known: Sequence[Occurrence], from_us: int, to_us: int, after_us: int) -> list[StandingKpi]:
    """Those that stood for more than ``after_us`` at some time in the span; the longest first."""
    found: list[StandingKpi] = []
    for one in known:
        stands = one.cleared_us is None or one.cleared_us >= to_us
        until_us = to_us if stands or one.cleared_us is None else one.cleared_us
        if until_us > from_us and until_us - one.raised_us > after_us:
            found.append(
                StandingKpi(
                    alert_id=one.alert_id,
                    rule=one.rule,
                    target=one.target,
                    side=one.side,
                    priority=one.priority,
                    raised_us=one.raised_us,
                    stood_s=(until_us - one.raised_us) / 1e6,
                    stands=stands,
                )
            )
    return sorted(found, key=lambda one: (-one.stood_s, one.alert_id))


def _by_alarm(raised: Iterable[Occurrence]) -> dict[tuple[str, str, str], list[Occurrence]]:
    groups: dict[tuple[str, str, str], list[Occurrence]] = {}
    for one in raised:
        groups.setdefault(one.alarm, []).append(one)
    return groups


def _chattering(raised: Iterable[Occurrence], norms: KpiNorms) -> list[ChatterKpi]:
    """The most restless first."""
    found: list[ChatterKpi] = []
    norm = norms.chatter
    for (rule, target, side), group in _by_alarm(raised).items():
        if len(group) < norm.at_least:
            continue  # in a flood these are nearly all
        times = _times(group)
        if episodes := bursts(times, window_us=norm.window, at_least=norm.at_least):
            found.append(
                ChatterKpi(
                    rule=rule,
                    target=target,
                    side=side,
                    bursts=len(episodes),
                    count=sum(one.count for one in episodes),
                    peak=int(in_window(times, norm.window).max()),
                    first_us=episodes[0].begin_us,
                    last_us=episodes[-1].end_us,
                )
            )
    return sorted(found, key=lambda one: (-one.count, one.rule, one.target, one.side))


def _priorities(raised: Sequence[Occurrence], norms: KpiNorms) -> list[PriorityKpi]:
    counts = [sum(one.priority == priority for one in raised) for priority in (1, 2, 3, 4)]
    return [
        PriorityKpi(priority=i + 1, count=count, share=_share(count, len(raised)), recommended=norms.priority_mix[i])
        for i, count in enumerate(counts)
    ]


def _bad_actors(raised: Sequence[Occurrence], most: int) -> list[ActorKpi]:
    ranked = sorted((-len(group), alarm) for alarm, group in _by_alarm(raised).items())
    return [
        ActorKpi(rule=rule, target=target, side=side, count=-less, share=-less / len(raised))
        for less, (rule, target, side) in ranked[:most]
    ]


def _ack(raised: Sequence[Occurrence]) -> AckKpi:
    waits = sorted((one.acked_us - one.raised_us) / 1e6 for one in raised if one.acked_us is not None)
    return AckKpi(
        acknowledged=len(waits),
        unacknowledged=len(raised) - len(waits),
        median_s=float(np.median(waits)) if waits else None,
        p90_s=waits[(9 * len(waits) + 9) // 10 - 1] if waits else None,
    )
