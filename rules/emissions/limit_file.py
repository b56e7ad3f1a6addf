"""Limit packs: the limits of one standard as data, each row with its clause and with how sure we are of it.

A pack is a YAML file (deploy/limits, deploy/docs/limits.md). Text in, checked rows out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from park import units
from park.outlet import Basis, Condition, QuantityWord, Unit, parse_standard
from park.quantities import QUANTITIES
from park.yamlfile import Document, FileInvalid, Problem

#: How sure we are: read in the standard's own text, in a secondary source, or from memory. Only what was read is active
#: without a named person's confirmation.
Sureness = Literal["read", "secondary", "unverified"]
BasisSureness = Sureness | Literal["inferred"]
#: Where the limit holds: in a stack, in waste water, at the fence line (or a point within the plant), in ambient air.
Medium = Literal["stack", "water", "boundary", "air"]
#: Besides a permit's: the day's highest running mean of 8 hours (ozone), and the calendar year.
LimitBasis = Basis | Literal["day_max_8h", "year"]
#: Words that an outlet need not name, because its other facts say them.
IMPLIED = frozenset({"combustion", "class_1", "class_2"})
_NAMES_OF_TABLES = r"^table-[a-z0-9][a-z0-9.-]*$"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Shared(_Model):
    """What a row says, or its table for all of them, or the pack for all of its tables; the nearer one counts."""

    basis: LimitBasis | None = None
    #: ``inferred``: the standard gives no averaging time, and this one is our reading. None: as sure as the limit.
    basis_confidence: BasisSureness | None = None
    unit: Unit | None = None
    #: True: special limits (特别排放限值); False: the general ones, which they replace wholly. None: there is but one.
    special: bool | None = None
    #: Conditions that the outlet must all name; and of which it may name none.
    when: tuple[Condition, ...] | None = None
    unless: tuple[Condition, ...] | None = None
    #: Oxygen content, % by volume, that the limit is meant at, for outlets with combustion.
    o2_reference: float | None = Field(default=None, ge=0, lt=21)
    #: ... and name these conditions too.
    o2_when: tuple[Condition, ...] | None = None
    #: First and last day (fixed UTC+08:00) in force.
    valid_from: date | None = None
    valid_to: date | None = None
    superseded_by: str | None = None
    #: How sure we are of these days.
    dates_confidence: Sureness | None = None
    confidence: Sureness | None = None
    #: Where the numbers were seen.
    source: str | None = Field(default=None, min_length=1)
    #: What a reader of an exceedance should know.
    note: str | None = None


class PackRow(_Shared):
    quantity: QuantityWord
    #: The highest value allowed; a value above it exceeds.
    limit: float
    #: The lowest value allowed (pH).
    lower: float | None = None
    #: The limit of an emission rate holds for a stack of just this height.
    stack_height_m: float | None = Field(default=None, gt=0)
    #: In place of the table's.
    clause: str | None = None


class PackTable(_Shared):
    #: ``table-5``: how outlets name it.
    table: Annotated[str, StringConstraints(pattern=_NAMES_OF_TABLES)]
    #: Clause or table of the standard, as people cite it.
    clause: str = Field(min_length=1)
    medium: Medium
    rows: tuple[PackRow, ...] = Field(min_length=1)


def _dated(standard: str) -> str:
    found = parse_standard(standard)
    if not found.dated or found.table:
        raise ValueError(f"{standard!r} must be a standard with its year, GB 31572-2015 for one")
    return standard


class _PackFile(_Shared):
    version: Literal[1] = 1
    standard: Annotated[str, AfterValidator(_dated)]
    title: str = Field(min_length=1)
    #: What the words in ``when`` and ``unless`` mean.
    conditions: dict[Condition, str] = Field(default_factory=dict)
    tables: tuple[PackTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        places = list(_faults(self))
        if places:
            raise PackInvalid(places)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One limit with all that stands behind it."""

    #: ``GB 31572-2015/table-5/nmhc/hour``; unique among all packs.
    id: str
    standard: str
    title: str
    #: Year of the edition.
    version: str
    table: str
    clause: str
    medium: Medium
    quantity: str
    basis: LimitBasis
    basis_confidence: BasisSureness
    limit: float
    lower: float | None
    unit: str
    special: bool | None
    when: frozenset[str]
    unless: frozenset[str]
    stack_height_m: float | None
    o2_reference: float | None
    o2_when: frozenset[str]
    valid_from: date
    valid_to: date | None
    superseded_by: str
    dates_confidence: Sureness
    confidence: Sureness
    source: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The limits of one standard."""

    file: str
    standard: str
    title: str
    #: Condition -> what it means.
    conditions: dict[str, str]
    rows: tuple[LimitRow, ...]


_Loc = tuple[int | str, ...]


class PackInvalid(ValueError):
    """``places``: of every fault, how it is reached from the pack, and what is wrong."""

    def __init__(self, places: list[tuple[_Loc, str]]) -> None:
        super().__init__("; ".join(message for _, message in places))
        self.places = places


def load_pack(text: str, file: str) -> Pack:
    """Parse and check a pack; ``file`` is its name in messages. Raises park.yamlfile.FileInvalid."""
    return _pack(Document(text, file).model(_PackFile), file)


def load_packs(texts: list[tuple[str, str]]) -> tuple[Pack, ...]:
    """Of (file name, text) each. Raises FileInvalid with the problems of all; no row may stand in two packs."""
    packs: list[Pack] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for file, text in texts:
        try:
            pack = load_pack(text, file)
        except FileInvalid as error:
            problems += error.problems
            continue
        first = next((seen[row.id] for row in pack.rows if row.id in seen), None)
        if first is not None:
            message = f"{first} gives limits of {pack.standard} too; keep one of the files"
            problems.append(Problem(file=file, line=1, column=1, message=message))
        seen |= {row.id: file for row in pack.rows}
        packs.append(pack)
    if problems:
        raise FileInvalid(problems)
    return tuple(packs)


def _pack(given: _PackFile, file: str) -> Pack:
    rows = tuple(_row(given, table, row) for table in given.tables for row in table.rows)
    return Pack(file=file, standard=given.standard, title=given.title, conditions=dict(given.conditions), rows=rows)


def _nearest(field: str, *levels: _Shared) -> object:
    return next((value for one in levels if (value := getattr(one, field)) is not None), None)


def _row(pack: _PackFile, table: PackTable, row: PackRow) -> LimitRow:
    said = {field: _nearest(field, row, table, pack) for field in _Shared.model_fields}
    words = {field: _words(field, row, table, pack) for field in ("when", "unless", "o2_when")}
    made = LimitRow(
        **{
            **said,
            "id": "",
            "standard": pack.standard,
            "title": pack.title,
            "version": pack.standard.rpartition("-")[2],
            "table": table.table,
            "clause": row.clause or table.clause,
            "medium": table.medium,
            "quantity": row.quantity,
            "basis_confidence": said["basis_confidence"] or said["confidence"],
            "limit": row.limit,
            "lower": row.lower,
            **words,
            "stack_height_m": row.stack_height_m,
            "superseded_by": said["superseded_by"] or "",
            "dates_confidence": said["dates_confidence"] or said["confidence"],
            "note": " ".join(str(one.note) for one in (row, table, pack) if one.note),
        }  # type: ignore[arg-type]
    )
    return replace(made, id=_id(made))


def _words(field: str, *levels: _Shared) -> frozenset[str]:
    """Conditions add up from pack to row."""
    return frozenset(word for one in levels for word in getattr(one, field) or ())


def _id(row: LimitRow) -> str:
    parts = [row.standard, row.table, row.quantity, row.basis]
    if units.is_mass_rate(row.unit):
        parts.append("rate" if row.stack_height_m is None else f"rate-{row.stack_height_m:g}m")
    if row.when:
        parts.append("+".join(sorted(row.when)))
    return "/".join(parts)


_NEEDED = ("basis", "unit", "valid_from", "confidence", "source")


def _faults(pack: _PackFile) -> Iterator[tuple[_Loc, str]]:
    seen: set[str] = set()
    for t, table in enumerate(pack.tables):
        for r, row in enumerate(table.rows):
            loc = ("tables", t, "rows", r)
            missing = [field for field in _NEEDED if _nearest(field, row, table, pack) is None]
            if missing:
                yield loc, f"{', '.join(missing)} of {row.quantity} is given neither here, nor by the table or the pack"
                continue
            made = _row(pack, table, row)
            yield from ((loc, message) for message in _faults_of(made, pack.conditions))
            if made.id in seen:
                yield loc, f"two rows are {made.id}; they must differ in quantity, basis or condition"
            seen.add(made.id)


def _faults_of(row: LimitRow, conditions: dict[str, str]) -> Iterator[str]:
    if row.quantity not in QUANTITIES:
        yield f"quantity {row.quantity!r} is no word of our vocabulary (park/quantities.py)"
    if row.lower is not None and row.lower >= row.limit:
        yield f"lower {row.lower:g} is not below limit {row.limit:g}"
    if row.valid_to is not None and row.valid_to < row.valid_from:
        yield f"valid_from {row.valid_from} is after valid_to {row.valid_to}"
    strangers = sorted((row.when | row.unless | row.o2_when) - set(conditions) - IMPLIED)
    if strangers:
        yield f"the condition {strangers[0]!r} is not explained; add it to conditions of the pack"
    if row.stack_height_m is not None and not units.is_mass_rate(row.unit):
        yield f"stack_height_m is for rates (kg/h), not for {row.unit}"
