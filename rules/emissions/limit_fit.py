"""Which rows of the packs are meant for an outlet, and which of several is the strictest."""

from collections.abc import Sequence

import numpy as np

from park import units
from park.model import SourceKind
from park.outlet import Outlet, parse_standard
from rules.emissions.limit_file import LimitRow, Medium

MEDIUM: dict[SourceKind, Medium] = {
    SourceKind.WASTE_GAS_OUTLET: "stack",
    SourceKind.WASTE_WATER_OUTLET: "water",
    SourceKind.FENCE_LINE: "boundary",
    SourceKind.AIR_STATION: "air",
}


def fits(row: LimitRow, kind: SourceKind, outlet: Outlet) -> bool:
    """Whether the row is meant for this outlet, whatever the day."""
    if MEDIUM.get(kind) != row.medium or not _named(row, outlet):
        return False
    if row.stack_height_m is not None and row.stack_height_m != outlet.stack_height_m:
        return False
    words = words_of(kind, outlet)
    return row.when <= words and not row.unless & words


def words_of(kind: SourceKind, outlet: Outlet) -> frozenset[str]:
    """The conditions that the outlet meets: those it names, and those that its other facts say."""
    words = set(outlet.conditions)
    if kind is SourceKind.AIR_STATION:
        words.add(f"class_{outlet.air_class}")
    if outlet.combustion:
        words.add("combustion")
    return frozenset(words)


def _named(row: LimitRow, outlet: Outlet) -> bool:
    """A table that is named counts in any case; of a standard's tables those that the place's special limits mean."""
    for text in outlet.standards:
        standard, dated, table = parse_standard(text)
        means = row.standard == standard if dated else row.standard.rpartition("-")[0] == standard
        if means and (row.table == table or (table is None and row.special in (None, outlet.special_limits))):
            return True
    return False


def reference_of(row: LimitRow, kind: SourceKind, outlet: Outlet) -> float | None:
    """Oxygen content, % by volume, to which the value is converted before it is held against this row.

    The row's own where gas is burnt (and the outlet names what the row asks for), else the outlet's.
    """
    if row.o2_reference is not None and outlet.combustion and row.o2_when <= words_of(kind, outlet):
        return row.o2_reference
    return outlet.reference_oxygen


def strictest(rows: Sequence[LimitRow], kind: SourceKind, outlet: Outlet) -> LimitRow | None:
    """Of rows in force for one quantity and basis the one to be judged by; None of none.

    Limits at different reference oxygen contents are compared at one, by 21 - O2; a limit without any, as if at the
    first of them.
    """
    references = [reference_of(row, kind, outlet) for row in rows]
    usual = next((one for one in references if one is not None), 0.0)
    severities = [_severity(row, usual if one is None else one) for row, one in zip(rows, references, strict=True)]
    return min(zip(severities, rows, strict=True), key=lambda pair: pair[0])[1] if rows else None


def _severity(row: LimitRow, reference: float) -> tuple[float, float, str]:
    """Sorts the strictest first, and among equals always the same."""
    limit = row.limit * units.limit_factor(row.unit, _common(row.unit)) / (21 - reference)
    return limit, -(row.lower if row.lower is not None else -np.inf), row.id


def _common(unit: str) -> str:
    return next((one for one in ("mg/m3", "kg/h") if units.comparable(unit, one)), unit)
