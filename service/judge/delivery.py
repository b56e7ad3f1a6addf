"""Rates of delivery of each monitor over a span, from its hours: online, transmission, validity, agreement, a score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.emissions.compare import Verdict
from rules.emissions.means import Status
from rules.emissions.rates import ScoreRule, score


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Of one device (data logger, or what stands behind one connector) or one tag. Rates 0 to 1; None: not known."""

    name: str
    enterprise: str
    source: str
    hours: int
    #: Hours with data; without any; and runs of those.
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
    hours: Sequence[dict[str, Any]],
    exceedances: dict[str, int],
    span_hours: int,
    rule: ScoreRule,
) -> list[Delivery]:
    """``groups``: (name, enterprise, source, full ids of the tags) of each; ``hours``: the hour means that hold."""
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for row in hours:
        by_tag.setdefault(row["tag"], []).append(row)
    found: list[Delivery] = []
    for name, enterprise, source, tags in groups:
        rows = [by_tag.get(tag, []) for tag in tags]
        over = sum(exceedances.get(tag, 0) for tag in tags)
        found.append(_of_group(name, enterprise, source, rows, over, span_hours, rule))
    return found


def _of_group(
    name: str,
    enterprise: str,
    source: str,
    rows: Sequence[Sequence[dict[str, Any]]],
    exceedances: int,
    span_hours: int,
    rule: ScoreRule,
) -> Delivery:
    tags = max(len(rows), 1)
    flat = [row for some in rows for row in some]
    # A device was heard in an hour when any of its tags was; in as many minutes as the best of them.
    in_time: dict[int, int] = {}
    for row in flat:
        minutes = max(row["present"] - row["late"] - row["refilled"], 0)
        in_time[row["start_us"]] = max(in_time.get(row["start_us"], 0), minutes)
    heard = sorted(start for start, minutes in in_time.items() if minutes)
    outages, longest = _outages(heard, sorted(in_time), span_hours)
    delivered = sum(row["present"] > 0 for row in flat)
    stopped = sum(row["status"] == Status.STOPPED for row in flat)
    valid = sum(row["status"] == Status.VALID for row in flat)
    comparable = [row["verdict"] for row in flat if row["verdict"] != Verdict.NOT_COMPARABLE]
    online = sum(in_time.values()) / (60 * span_hours) if span_hours else None
    transmission = sum(row["present"] for row in flat) / (60 * span_hours * tags) if span_hours else None
    valid_rate = valid / (delivered - stopped) if delivered > stopped else None
    efficiency = transmission * valid_rate if transmission is not None and valid_rate is not None else None
    agreement = comparable.count(Verdict.AGREE) / len(comparable) if comparable else None
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
        delivered=len(heard),
        offline=span_hours - len(heard),
        outages=outages,
        longest_outage=longest,
        stopped=stopped,
        valid=valid,
        online_rate=online,
        transmission_rate=transmission,
        valid_rate=valid_rate,
        transmission_efficiency=efficiency,
        agreement=agreement,
        refilled_minutes=sum(row["refilled"] for row in flat),
        late_minutes=sum(row["late"] for row in flat),
        exceedances=exceedances,
        score=None if np.isnan(points[0]) else round(float(points[0]), 1),
    )


def _outages(heard: Sequence[int], known: Sequence[int], span_hours: int) -> tuple[int, int]:
    """Runs of hours in which nothing came, and the longest, hours."""
    if not known:
        return (1, span_hours) if span_hours else (0, 0)
    up = set(heard)
    silent = [start for start in known if start not in up]
    runs: list[int] = []
    before: int | None = None
    for start in silent:
        if before is not None and start - before == 3_600_000_000:
            runs[-1] += 1
        else:
            runs.append(1)
        before = start
    return len(runs), max(runs, default=0)


def _one(number: float | None) -> NDArray[np.float64]:
    return np.array([np.nan if number is None else number])
