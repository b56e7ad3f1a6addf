"""What a data logger makes of five-second samples: minutes, hours, days with mean, extremes, amount and flag.

HJ 212-2017 Annex C, notes to C.16 to C.18: of flue gas three quarters must be normal, of waste water all.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NORMAL_SHARE = 0.75
_NAN = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading of an analyser, as the logger takes it."""

    value: float
    #: Data flag: N, F, M, S, D, C, T, B.
    flag: str = "N"
    #: Converted to reference oxygen (折算); NaN where that is not done.
    zs: float = _NAN
    #: Discharged until the next sample, in the code's emission unit; NaN where there is none.
    amount: float = _NAN
    #: Flow at the time, by which concentrations of water are weighted; NaN where there is none.
    flow: float = _NAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Of one pollutant over one period; NaN is not sent."""

    avg: float
    min: float
    max: float
    flag: str
    cou: float = _NAN
    zs_avg: float = _NAN
    zs_min: float = _NAN
    zs_max: float = _NAN
    flow: float = _NAN


def of_samples(samples: Sequence[Sample], *, expected: int, water: bool) -> Mean | None:
    """The mean of a minute; of the normal samples where there are any, else of what there is. None: nothing is."""
    if not samples:
        return None
    normal = [one for one in samples if one.flag == "N"]
    used = normal or samples
    values, zs = [one.value for one in used], _known(one.zs for one in used)
    return Mean(
        avg=_mean(values),
        min=min(values),
        max=max(values),
        flag=_flag([one.flag for one in samples], expected, water),
        cou=_sum(one.amount for one in samples),
        zs_avg=_mean(zs),
        zs_min=min(zs, default=_NAN),
        zs_max=max(zs, default=_NAN),
        flow=_mean([one.flow for one in used]),
    )


def of_means(means: Sequence[Mean], *, expected: int, water: bool, weighted: bool) -> Mean | None:
    """An hour from its minutes, a day from its hours. ``weighted``: by flow (water concentrations, Annex D)."""
    if not means:
        return None
    used = [one for one in means if one.flag == "N"] or list(means)
    weights = [one.flow for one in used] if weighted else [1.0] * len(used)
    return Mean(
        avg=_mean([one.avg for one in used], weights),
        min=min(one.min for one in used),
        max=max(one.max for one in used),
        flag=_flag([one.flag for one in means], expected, water),
        cou=_sum(one.cou for one in means),
        zs_avg=_mean(_known(one.zs_avg for one in used)),
        zs_min=min(_known(one.zs_min for one in used), default=_NAN),
        zs_max=max(_known(one.zs_max for one in used), default=_NAN),
        flow=_mean([one.flow for one in used]),
    )


def _flag(flags: Sequence[str], expected: int, water: bool) -> str:
    odd = [flag for flag in flags if flag != "N"]
    if water:
        return max(set(odd), key=odd.count) if odd else "N"
    return "N" if len(flags) - len(odd) >= _NORMAL_SHARE * expected else "D"


def _mean(values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    if not values:
        return _NAN
    if weights is None or not sum(weights) > 0:  # no flow, or none known
        return sum(values) / len(values)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _known(values: Iterable[float]) -> list[float]:
    return [one for one in values if not math.isnan(one)]


def _sum(values: Iterable[float]) -> float:
    known = _known(values)
    return sum(known) if known else _NAN
