"""What is odd about a park's limits: pollutants without any, weak permits, standards that no pack has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from park import units
from park.model import Park, Source, Tag
from park.outlet import Outlet, Role, parse_standard
from park.quantities import is_pollutant, name_of
from rules.checks.finding import Loc, some, suggestion
from rules.emissions.applicable import Applicable
from rules.emissions.limit_file import IMPLIED, LimitBasis, LimitRow
from rules.emissions.limit_fit import MEDIUM, fits, words_of
from rules.emissions.limits import LimitBook

BASES: tuple[LimitBasis, ...] = ("instant", "hour", "day", "day_max_8h", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFinding:
    """One thing about one outlet, or (where ``source`` is empty) about the confirmations."""

    #: How it is reached from the park, as `park.yamlfile.Document.problem` takes it.
    loc: Loc
    #: ``hengtai.DA001``
    source: str
    message: str


def limit_findings(book: LimitBook) -> list[LimitFinding]:
    """All of a park, in the order of its file."""
    found = [
        LimitFinding(loc=loc + at, source=source_id, message=message)
        for loc, source_id, source in _judged(book.park)
        for at, message in _Look(book, source).findings()
    ]
    return found + [LimitFinding(loc=(), source="", message=message) for message in _of_confirmations(book)]


def _judged(park: Park) -> Iterator[tuple[Loc, str, Source]]:
    places: list[Loc] = [("sources",)]
    places += [("enterprises", e, "sources") for e in range(len(park.enterprises))]
    for (owner, sources), place in zip(park.owners(), places, strict=True):
        for i, source in enumerate(sources):
            if source.judged_as is not None:
                yield (*place, i), f"{owner}.{source.id}", source


_At = tuple[Loc, str]


class _Look:
    """At one outlet."""

    def __init__(self, book: LimitBook, source: Source) -> None:
        judged = source.judged_as
        assert judged is not None
        self.book, self.source = book, source
        self.outlet: Outlet = judged

    @cached_property
    def named(self) -> list[LimitRow]:
        """Rows of the standards that the outlet names, its tables and conditions aside."""
        texts = [parse_standard(one) for one in self.outlet.standards]
        return [
            row
            for row in self.book.rows
            if row.medium == MEDIUM[self.source.kind]
            and any(row.standard == one.standard or _undated(row) == one.standard for one in texts)
        ]

    def findings(self) -> Iterator[_At]:
        yield from self._standards()
        yield from self._conditions()
        for tag in self.source.tags:
            if is_pollutant(tag.quantity):
                yield from (((), message) for message in self._limits(tag))

    def _standards(self) -> Iterator[_At]:
        known = {row.standard for row in self.book.rows}
        for i, text in enumerate(self.outlet.standards):
            loc: Loc = ("outlet", "standards", i)
            standard, dated, table = parse_standard(text)
            rows = [row for row in self.book.rows if standard in (row.standard, _undated(row))]
            if not rows:
                cure = suggestion(standard, known) or f"; the packs have {', '.join(sorted(known)) or 'nothing'}"
                yield loc, f"no limit pack has {standard}{cure}"
            elif table is not None and not any(row.table == table for row in rows):
                tables = ", ".join(dict.fromkeys(row.table for row in rows))
                yield loc, f"{standard} has no {table} in its limit pack; it has {tables}"
            elif not any(row.medium == MEDIUM[self.source.kind] for row in rows):
                yield loc, f"{standard} limits nothing for a {self.source.kind}"
            else:
                yield from ((loc, message) for message in self._edition(rows, dated, table))

    def _edition(self, rows: list[LimitRow], dated: bool, table: str | None) -> Iterator[str]:
        ended = [row for row in rows if row.superseded_by]
        if dated and len(ended) == len(rows):
            last, new = ended[0].valid_to, ended[0].superseded_by
            yield f"{ended[0].standard} ends with {last}: {new} follows; name {_undated(ended[0])} for every edition"
        chosen = [row for row in rows if row.table == table]
        if chosen and self.outlet.special_limits and not any(row.special is not False for row in chosen):
            yield f"special limits hold here, and {table} has the general ones; name the table of the special limits"

    def _conditions(self) -> Iterator[_At]:
        known = {word for row in self.named for word in row.when | row.unless | row.o2_when}
        for i, word in enumerate(self.outlet.conditions):
            if word not in known:
                cure = suggestion(word, known) or (
                    f"; they ask for {', '.join(sorted(known - IMPLIED))}" if known else ""
                )
                yield ("outlet", "conditions", i), f"no table that holds here asks for the condition {word!r}{cure}"

    def _limits(self, tag: Tag) -> Iterator[str]:
        spans = [
            found
            for basis in BASES
            for unit in (tag.unit, "kg/h")
            for _, _, found in self.book.of_source(self.source, tag.quantity, unit, basis)
        ]
        if not spans:
            yield f"{tag.id} ({name_of(tag.quantity)}) has no limit in force{self._why(tag)}"
        for found in dict.fromkeys(spans):
            yield from (f"{tag.id}: {message}" for message in self._of(found))

    def _why(self, tag: Tag) -> str:
        rows = [row for row in self.named if row.quantity == tag.quantity]
        meant = [row for row in rows if fits(row, self.source.kind, self.outlet)]
        waiting = [f"{row.standard}/{row.table}" for row in meant if not self.book.is_active(row)]
        if waiting:
            return f": {some(list(dict.fromkeys(waiting)))} must be confirmed by a named person first"
        if meant:
            unit_of = ", ".join(sorted({row.unit for row in meant}))
            return f": limits in {unit_of} cannot be held against {tag.unit}"
        words = words_of(self.source.kind, self.outlet)
        asked = sorted({" and ".join(sorted(row.when - words)) for row in rows if row.when - words})
        if asked:
            return f"; there is one where the outlet names the condition {' or '.join(asked)}"
        return "; add a standard that limits it, or the permit's limit"

    def _of(self, found: Applicable) -> Iterator[str]:
        if units.is_mass_rate(found.unit) and self.source.role(Role.FLOW) is None:
            yield f"a rate is limited ({found.words()}), but no tag measures flow"
        standard = found.overrides
        if standard is not None and _is_weaker(found, standard):
            yield f"the permit is weaker than the standard: {found.words()} in place of {standard.words()}"
        table = standard if found.permit else found
        own = self.outlet.reference_oxygen
        if table is not None and own is not None and table.o2_reference not in (None, own):
            yield f"{table.words()} is meant at {table.o2_reference:g} % oxygen, and reference_oxygen says {own:g} %"
        yield from self._unconverted(table)

    def _unconverted(self, table: Applicable | None) -> Iterator[str]:
        """A process of its own, with a reference oxygen content and an oxygen monitor, that is not said to burn."""
        row = next((row for row in self.named if table is not None and row.id == table.row), None)
        if row is None or row.o2_reference is None or row.o2_when or not row.when:
            return
        measures_oxygen = self.source.role(Role.OXYGEN) is not None
        if measures_oxygen and not self.outlet.combustion and self.outlet.reference_oxygen is None:
            yield (
                f"{row.id} is meant at {row.o2_reference:g} % oxygen for gas that is burnt, and combustion is not "
                "true: values are held as measured"
            )


def _is_weaker(permit: Applicable, standard: Applicable) -> bool:
    """At one oxygen content where both have one."""
    at_one = None not in (permit.o2_reference, standard.o2_reference)
    scale = (21 - (permit.o2_reference or 0)) / (21 - (standard.o2_reference or 0)) if at_one else 1.0
    lower = standard.lower is not None and (permit.lower is None or permit.lower < standard.lower)
    return lower or permit.limit > standard.limit * scale * (1 + 1e-9)


def _undated(row: LimitRow) -> str:
    return row.standard.rpartition("-")[0]


def _of_confirmations(book: LimitBook) -> Iterable[str]:
    for one in book.confirmations:
        meant = [row for row in book.rows if row.id == one.row or row.id.startswith(one.row + "/")]
        covered = [row for row in meant if one.covers(row)]
        if not meant:
            yield f"{one.by} confirms {one.row!r}, which no limit pack has" + suggestion(
                one.row, [row.id for row in book.rows]
            )
        elif not covered:
            says = ", ".join(sorted({f"{row.limit:g}" for row in meant}))
            yield f"{one.by} confirmed {one.row} as {one.limit:g}, and the pack says {says}: it is not active"
        elif all(row.confidence == "read" for row in covered):
            yield f"{one.by} confirms {one.row}, which was read in the standard: it needs nobody's confirmation"
