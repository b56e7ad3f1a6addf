"""Rates of delivery of each monitor over a span, from its hours: online, transmission, validity, agreement, a score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.emissions.rates import ScoreRule, score

_COUNTS = "heard in_time delivered stopped valid agree comparable present late refilled outages longest"
_NOTHING: Mapping[str, Any] = dict.fromkeys(_COUNTS.split(), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Of one device (data logger, or what stands behind one connector) or one tag. Rates 0 to 1; None: not known."""

    name: str
    enterprise: str
    source: str
    hours: int
    #: Hours in which data came in time; the others; and runs of those that were judged.
    delivered: int
    offline: int
    outages: int
    longest_outage: int
    stopped: int
    valid: int
    #: Share of minutes in which data came in time; that came at all; valid of delivered hours; their product.
    online_rate: float | None
    transmission_rate: float | None
    valid_rate: float | None
    transmission_efficiency: float | None
    #: Share of the comparable periods in which the logger's mean and ours agree.
    agreement: float | None
    refilled_minutes: int
    late_minutes: int
    exceedances: int
    #: 0 to 100.
    score: float | None


def deliveries(
    groups: Sequence[tuple[str, str, str, Sequence[str]]],
    hours: Mapping[int, Mapping[str, Any]],
    exceedances: Mapping[str, int],
    span_hours: int,
    rule: ScoreRule,
) -> list[Delivery]:
    """``groups``: (name, enterprise, source, full ids of the tags) of each; ``hours``: what became of the hours of
    each, by its place, as `reading.EmissionQueries.deliveries` gives it; ``exceedances``: how many each tag has."""
    return [
        _of_group(one, hours.get(n, _NOTHING), sum(exceedances.get(tag, 0) for tag in one[3]), span_hours, rule)
        for n, one in enumerate(groups)
    ]


def _of_group(
    group: tuple[str, str, str, Sequence[str]],
    row: Mapping[str, Any],
    exceedances: int,
    span_hours: int,
    rule: ScoreRule,
) -> Delivery:
    name, enterprise, source, tags = group
    minutes = 60 * span_hours
    heard, delivered, stopped, valid = row["heard"], row["delivered"], row["stopped"], row["valid"]
    # Without any hour on record it was away all the time.
    outages, longest = (row["outages"], row["longest"]) if row is not _NOTHING else (min(span_hours, 1), span_hours)
    online = row["in_time"] / minutes if minutes else None
    transmission = row["present"] / (minutes * max(len(tags), 1)) if minutes else None
    valid_rate = valid / (delivered - stopped) if delivered > stopped else None
    efficiency = transmission * valid_rate if transmission is not None and valid_rate is not None else None
    agreement = row["agree"] / row["comparable"] if row["comparable"] else None
    points = score(
        rule,
        online_rate=_one(online),
        transmission_efficiency=_one(efficiency),
        agreement=_one(agreement),
        outages=np.array([outages], np.int32),
        exceedances=np.array([exceedances], np.int32),
    )
    return Delivery(
        name=name,
        enterprise=enterprise,
        source=source,
        hours=span_hours,
        delivered=heard,
        offline=span_hours - heard,
        outages=outages,
        longest_outage=longest,
        stopped=stopped,
        valid=valid,
        online_rate=online,
        transmission_rate=transmission,
        valid_rate=valid_rate,
        transmission_efficiency=efficiency,
        agreement=agreement,
        refilled_minutes=row["refilled"],
        late_minutes=row["late"],
        exceedances=exceedances,
        score=None if np.isnan(points[0]) else round(float(points[0]), 1),
    )


def _one(number: float | None) -> NDArray[np.float64]:
    return np.array([np.nan if number is None else number])
