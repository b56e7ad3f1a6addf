"""How well a device delivers: online rate, transmission, validity, outages, and a score of the month.

No standard that was read defines these rates; what each means here is written in ``deploy/docs/judgement.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from rules.arrays import Floats, Ints, Rows
from rules.emissions.averaging import quotient
from rules.emissions.means import Counts, Means, Status
from rules.emissions.periods import MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Online:
    """Columns ``(d,)``: one row for each device, in the order of the devices given."""

    device: NDArray[np.int32]
    #: Minutes of the span, and how many of them the device was online.
    expected: Counts
    online: Counts
    #: Unbroken outages that are long enough to count, the minutes in them, and the longest.
    outages: Counts
    outage_minutes: Counts
    longest_minutes: Counts

    @property
    def rate(self) -> Floats:
        """Online rate (在线率), 0 to 1."""
        return quotient(self.online.astype(np.float64), self.expected.astype(np.float64))


class OutageRule(BaseModel):
    """What an outage is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: So many minutes, from its own on, a minute with data proves the device online: its upload interval.
    proves_minutes: PositiveInt = 1
    #: Shorter silences are offline minutes, but no outage.
    at_least_minutes: PositiveInt = 1


def online(
    device: NDArray[np.int32],
    minute_us: Ints,
    devices: NDArray[np.int32],
    from_us: int,
    to_us: int,
    rule: OutageRule,
) -> Online:
    """Of each of the devices (once each) over ``[from_us, to_us)``.

    ``device``, ``minute_us``: ``(n,)``, in any order, repeats allowed: the minutes in which data of the device came in
    time (neither late nor refilled), of any of its tags.
    Raises ValueError where the span is not of whole minutes or empty.
    """
    if from_us % MINUTE_US or to_us % MINUTE_US or from_us >= to_us:
        raise ValueError(f"[{from_us}, {to_us}) must be whole minutes, at least one")
    span = (to_us - from_us) // MINUTE_US
    column = (minute_us - from_us) // MINUTE_US
    # What came shortly before the span may still prove its first minutes.
    use = (column > -rule.proves_minutes) & (column < span) & np.isin(device, devices)
    row, length = _silences(_places(device[use], devices), column[use], len(devices), span, rule.proves_minutes)
    long = length >= rule.at_least_minutes
    longest = np.zeros(len(devices), np.int32)
    np.maximum.at(longest, row, length.astype(np.int32))

    def summed(rows: Rows, weights: Ints | None = None) -> Counts:
        return np.bincount(rows, weights=weights, minlength=len(devices)).astype(np.int32)

    return Online(
        device=devices.astype(np.int32),
        expected=np.full(len(devices), span, np.int32),
        online=(span - summed(row, length)).astype(np.int32),
        outages=summed(row[long]),
        outage_minutes=summed(row[long], length[long]),
        longest_minutes=longest,
    )


def _silences(row: Rows, column: Ints, rows: int, span: int, proves: int) -> tuple[Rows, Ints]:
    """Row and length of each run of minutes that nothing proves online."""
    # What would prove the minutes just before the span, and just after it: the two ends of every row.
    row = np.concatenate([row, np.tile(np.arange(rows), 2)])
    column = np.concatenate([column, np.repeat(np.array([-proves, span], np.int64), rows)])
    order = np.lexsort((column, row))
    row, column = row[order], column[order]
    length = column[1:] - column[:-1] - proves
    silent = np.flatnonzero((length > 0) & (row[1:] == row[:-1]))
    return row[silent], length[silent]


def _places(some: NDArray[np.int32], of: NDArray[np.int32]) -> Rows:
    """Where each of ``some`` is in ``of``, which holds it."""
    order = np.argsort(of, kind="stable")
    return order[np.searchsorted(of, some, sorter=order)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivery:
    """Columns ``(t,)``: what became of the hours of each tag, in the order of the tags given."""

    tag: NDArray[np.int32]
    #: Hours of the span; those with at least one minute; stopped; valid (marks do not matter).
    hours: Counts
    delivered: Counts
    stopped: Counts
    valid: Counts
    #: Minutes that came at all.
    minutes: Counts

    @property
    def transmission_rate(self) -> Floats:
        """数据传输率: minutes that came, early or late, of those there are."""
        return quotient(self.minutes.astype(np.float64), self.hours.astype(np.float64) * 60)

    @property
    def valid_rate(self) -> Floats:
        """数据有效率: valid hours of those delivered, standstill left out. NaN where there is none."""
        return quotient(self.valid.astype(np.float64), (self.delivered - self.stopped).astype(np.float64))

    @property
    def transmission_efficiency(self) -> Floats:
        """传输有效率: transmission times validity."""
        return self.transmission_rate * self.valid_rate

    @property
    def capture_rate(self) -> Floats:
        """有效数据捕集率: valid hours of all hours, standstill left out. NaN where there is none."""
        return quotient(self.valid.astype(np.float64), (self.hours - self.stopped).astype(np.float64))


def delivery(hours: Means, tags: NDArray[np.int32], hours_in_span: int) -> Delivery:
    """Of each tag, from the hour means of a span (those of other tags are not looked at)."""
    use = np.isin(hours.tag, tags)
    row = _places(hours.tag[use], tags)

    def summed(numbers: NDArray[np.generic]) -> Counts:
        return np.bincount(row, weights=numbers[use].astype(np.float64), minlength=len(tags)).astype(np.int32)

    return Delivery(
        tag=tags.astype(np.int32),
        hours=np.full(len(tags), hours_in_span, np.int32),
        delivered=summed(hours.present > 0),
        stopped=summed(hours.every.status == Status.STOPPED),
        valid=summed(hours.every.valid),
        minutes=summed(hours.present),
    )


class ScoreRule(BaseModel):
    """How the month's score is made of the rates. A park's choice; no standard sets it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Weight of each rate; what is not known for a device is left out and the others weigh the more.
    online_rate: float = Field(default=0.4, ge=0)
    transmission_efficiency: float = Field(default=0.4, ge=0)
    #: Share of the comparable periods in which the logger's mean and ours agree.
    agreement: float = Field(default=0.2, ge=0)
    #: Points (of 100) that each outage and each hour over its limit costs.
    per_outage: float = Field(default=0.0, ge=0)
    per_exceedance: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _weighs_something(self) -> "ScoreRule":
        if self.online_rate + self.transmission_efficiency + self.agreement <= 0:
            raise ValueError("one of online_rate, transmission_efficiency and agreement must weigh more than 0")
        return self


def score(
    rule: ScoreRule,
    *,
    online_rate: Floats,
    transmission_efficiency: Floats,
    agreement: Floats,
    outages: Counts,
    exceedances: Counts,
) -> Floats:
    """0 to 100 for each device; NaN where no rate is known."""
    rates = np.stack([online_rate, transmission_efficiency, agreement])
    weights = np.array([[rule.online_rate], [rule.transmission_efficiency], [rule.agreement]])
    known = np.isfinite(rates)
    mean = quotient(np.where(known, rates * weights, 0.0).sum(axis=0), np.where(known, weights, 0.0).sum(axis=0))
    lost = outages * rule.per_outage + exceedances * rule.per_exceedance
    return np.clip(100.0 * mean - lost, 0.0, 100.0)
