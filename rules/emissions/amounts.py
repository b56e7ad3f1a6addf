"""Emission rates and amounts (排放速率, 排放量): of valid hours only, and beside them the hours that are left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Floats, Ints
from rules.emissions.averaging import quotient
from rules.emissions.groups import Groups, keys
from rules.emissions.means import Counts


def gas_rate_kg_h(concentration_mg_m3: Floats, flow_m3_h: Floats) -> Floats:
    """Gh = CQh · Qsnh · 10⁻⁶ (HJ 212-2017 Annex D). Both dry, at standard state, as measured: not converted to a
    reference oxygen."""
    return concentration_mg_m3 * flow_m3_h * 1e-6


def water_rate_kg_h(concentration_mg_l: Floats, flow_m3_h: Floats) -> Floats:
    """Gh = C · Q · 10⁻³; the inverse of C = 1000 · G/D."""
    return concentration_mg_l * flow_m3_h * 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amounts:
    """What was discharged in each period. Columns ``(r,)``, sorted by (tag, start)."""

    tag: NDArray[np.int32]
    start_us: Ints
    #: Of the hours that count; nothing is put in place of the others.
    kg: Floats
    #: Hours that count, and hours that are known to have been but do not.
    hours: Counts
    hours_left_out: Counts

    def __len__(self) -> int:
        return len(self.tag)


def amounts(
    tag: NDArray[np.int32], hour_us: Ints, rate_kg_h: Floats, counts: Bools, period_of: Callable[[Ints], Ints]
) -> Amounts:
    """Sums of hours ``(n,)``, in any order, over the periods that ``period_of`` gives (`periods.day_of`, `month_of`,
    `year_of`). ``counts``: concentration and flow of the hour are both valid. A rate that is no number does not."""
    period_us = period_of(hour_us)
    key = keys(tag, period_us)
    order = np.argsort(key, kind="stable")
    groups = Groups.within(key[order])
    use = (counts & np.isfinite(rate_kg_h))[order]
    hours = groups.count(use)
    rows = order[groups.first] if len(groups) else np.empty(0, np.intp)
    return Amounts(
        tag=tag[rows].astype(np.int32),
        start_us=period_us[rows],
        kg=groups.total(np.where(use, rate_kg_h[order], 0.0)),
        hours=hours.astype(np.int32),
        hours_left_out=(groups.size - hours).astype(np.int32),
    )


def share_of_permit(kg: Floats, permitted_kg: Floats) -> Floats:
    """How much of the permitted amount (许可排放量) is used; above 1 it is exceeded. NaN where none is permitted."""
    return quotient(kg, permitted_kg)


def projected_kg(kg: Floats, hours: Counts, hours_in_period: Counts) -> Floats:
    """What the whole period comes to if it goes on as in the hours that count. NaN before the first."""
    return quotient(kg * hours_in_period, hours.astype(np.float64))
