"""The limit in force: which limit an outlet's value is held against at a time, and where that limit comes from.

Of the packs' rows those count that are active (read in the standard, or confirmed by a named person), fit the outlet
(its kind, standards, conditions, special limits) and were in force at the time of the data; of these the strictest.
A limit of the discharge permit takes their place, for its quantity, basis and kind (concentration or rate).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from park import units
from park.model import Park, Source, SourceKind
from park.outlet import Outlet, PermitLimit
from rules.emissions.applicable import FOREVER_US, Applicable, Spans, day_begins_us
from rules.emissions.limit_file import LimitBasis, LimitRow, Pack
from rules.emissions.limit_fit import fits, reference_of, strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A named person answers for rows that were not read in the standard itself."""

    #: Id of a row, or of a table or standard for all rows of it: ``GB 37823-2019/table-1``.
    row: str
    by: str
    on: date
    note: str
    #: What was confirmed; a row with another limit stays inactive. None: whatever the pack says.
    limit: float | None = None

    def covers(self, row: LimitRow) -> bool:
        """Whether this person answers for the row."""
        means = row.id == self.row or row.id.startswith(self.row + "/")
        return means and (self.limit is None or self.limit == row.limit)


class LimitBook:
    """All limits of a park: `lookup` for its tags. Immutable; answers are kept, so asking again costs nothing."""

    def __init__(self, park: Park, packs: Sequence[Pack], confirmations: Sequence[Confirmation] = ()) -> None:
        self.park = park
        self.packs = tuple(packs)
        self.confirmations = tuple(confirmations)
        self._tags = {f"{owner}.{source.id}.{tag.id}": (source, tag) for owner, source, tag in park.tags()}
        self._found: dict[tuple[str, LimitBasis, str], Spans] = {}

    @cached_property
    def rows(self) -> tuple[LimitRow, ...]:
        """Every row of every pack, active or not."""
        return tuple(row for pack in self.packs for row in pack.rows)

    def confirmation(self, row: LimitRow) -> Confirmation | None:
        """Who answers for the row, or None."""
        return next((one for one in self.confirmations if one.covers(row)), None)

    def is_active(self, row: LimitRow) -> bool:
        """Whether the row may be judged by: it was read in the standard, or somebody answers for it."""
        return row.confidence == "read" or self.confirmation(row) is not None

    @cached_property
    def _active(self) -> dict[str, list[LimitRow]]:
        found: dict[str, list[LimitRow]] = {}
        for row in self.rows:
            if self.is_active(row):
                found.setdefault(row.quantity, []).append(row)
        return found

    def lookup(self, tag: str, basis: LimitBasis, unit: str | None = None) -> Spans:
        """What applies to the tag (its full id) over all time, in the tag's unit.

        With ``unit`` kg/h (any mass rate): the limits of the emission rate. Raises KeyError for a tag that the park
        does not have.
        """
        source, one = self._tags[tag]
        key = (tag, basis, one.unit if unit is None else unit)
        if key not in self._found:
            self._found[key] = self.of_source(source, one.quantity, key[2], basis)
        return self._found[key]

    def limits_for(self, source: Source, quantity: str, unit: str, at_us: int, basis: LimitBasis) -> Applicable | None:
        """The limit on a quantity of a source at a time, in ``unit``; None where there is none."""
        return self.of_source(source, quantity, unit, basis).at(at_us)

    def of_source(self, source: Source, quantity: str, unit: str, basis: LimitBasis) -> Spans:
        """As `lookup`, for a quantity that need not be measured."""
        outlet = source.judged_as
        if outlet is None:
            return Spans(())
        rows = [
            row
            for row in self._active.get(quantity, ())
            if row.basis == basis and units.comparable(row.unit, unit) and fits(row, source.kind, outlet)
        ]
        permits = [
            one
            for one in outlet.permit_limits
            if (one.quantity, one.basis) == (quantity, basis) and units.comparable(one.unit, unit)
        ]
        return Spans(tuple(self._sliced(source.kind, outlet, rows, permits, unit)))

    def _sliced(
        self, kind: SourceKind, outlet: Outlet, rows: list[LimitRow], permits: list[PermitLimit], unit: str
    ) -> list[tuple[int, int, Applicable]]:
        dated: list[LimitRow | PermitLimit] = [*rows, *permits]
        edges = sorted({edge for one in dated for edge in _span(one)})
        spans: list[tuple[int, int, Applicable]] = []
        for begin, end in pairwise(edges):
            row = strictest([row for row in rows if _holds(row, begin)], kind, outlet)
            permit = next((one for one in permits if _holds(one, begin)), None)
            found = self._of_row(row, kind, outlet, unit) if row else None
            if permit is not None:
                found = _of_permit(permit, outlet, unit, found)
            if found is None:
                continue
            if spans and spans[-1][1] == begin and spans[-1][2] == found:
                spans[-1] = (spans[-1][0], end, found)
            else:
                spans.append((begin, end, found))
        return spans

    def _of_row(self, row: LimitRow, kind: SourceKind, outlet: Outlet, unit: str) -> Applicable:
        factor = units.limit_factor(row.unit, unit)
        reference = reference_of(row, kind, outlet)
        given = None if row.confidence == "read" else self.confirmation(row)
        return Applicable(
            limit=row.limit * factor,
            lower=None if row.lower is None else row.lower * factor,
            unit=unit,
            basis=row.basis,
            o2_reference=reference,
            excess_air=outlet.excess_air if reference is None else None,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            row=row.id,
            standard=row.standard,
            title=row.title,
            version=row.version,
            clause=row.clause,
            confidence=row.confidence,
            basis_confidence=row.basis_confidence,
            dates_confidence=row.dates_confidence,
            source=row.source,
            note=row.note,
            confirmed_by=given.by if given else "",
            confirmed_on=given.on if given else None,
        )


def _of_permit(permit: PermitLimit, outlet: Outlet, unit: str, standard: Applicable | None) -> Applicable:
    factor = units.limit_factor(permit.unit, unit)
    reference = outlet.reference_oxygen
    if reference is None and outlet.excess_air is None and standard is not None:
        reference = standard.o2_reference
    return Applicable(
        limit=permit.limit * factor,
        lower=None if permit.lower is None else permit.lower * factor,
        unit=unit,
        basis=permit.basis,
        o2_reference=reference,
        excess_air=outlet.excess_air,
        valid_from=permit.valid_from,
        valid_to=permit.valid_to,
        source=f"discharge permit {permit.permit}, as the park file has it",
        permit=permit.permit,
        overrides=standard,
    )


def _span(one: LimitRow | PermitLimit) -> tuple[int, int]:
    end = FOREVER_US if one.valid_to is None else day_begins_us(one.valid_to, plus=1)
    return day_begins_us(one.valid_from), end


def _holds(one: LimitRow | PermitLimit, at_us: int) -> bool:
    begin, end = _span(one)
    return begin <= at_us < end
