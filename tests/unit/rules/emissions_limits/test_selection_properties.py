"""Selection against a naive loop over all rows and calendar days, in random worlds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from park.model import SourceKind
from park.outlet import Outlet
from rules.emissions.applicable import day_begins_us
from rules.emissions.limit_file import LimitRow, Pack
from rules.emissions.limits import Confirmation, LimitBook
from tests.unit.rules.emissions_limits.making import park

_STANDARDS = ["GB 1-2000", "GB 1-2010", "DB33/2-2015"]
_WORDS = ["a", "b"]
_DAYS = st.dates(date(2020, 1, 1), date(2020, 1, 12))
_MG = {"mg/m3": 1.0, "g/m3": 1_000.0}


@st.composite
def _rows(draw: st.DrawFn, number: int) -> LimitRow:
    unit = draw(st.sampled_from(["mg/m3", "mg/m3", "g/m3", "kg/h"]))
    begin = draw(_DAYS)
    return LimitRow(
        id=f"row-{number}/x",
        standard=draw(st.sampled_from(_STANDARDS)),
        title="t",
        version="2000",
        table=draw(st.sampled_from(["table-1", "table-2"])),
        clause="c",
        medium=draw(st.sampled_from([*["stack"] * 6, "boundary"])),
        quantity=draw(st.sampled_from([*["nmhc"] * 6, "benzene"])),
        basis=draw(st.sampled_from([*["hour"] * 6, "day"])),
        basis_confidence="read",
        # In g/m3 between the whole mg/m3, so that rounding decides nothing.
        limit=draw(st.integers(1, 9)) * (0.001 if unit == "g/m3" else 1) + (0.0005 if unit == "g/m3" else 0),
        lower=None,
        unit=unit,
        special=draw(st.sampled_from([None, None, True, False])),
        when=frozenset(draw(st.sets(st.sampled_from(_WORDS), max_size=2))),
        unless=frozenset(draw(st.sets(st.sampled_from(_WORDS), max_size=1))),
        stack_height_m=draw(st.sampled_from([15.0, None])) if unit == "kg/h" else None,
        o2_reference=None,
        o2_when=frozenset(),
        valid_from=begin,
        valid_to=draw(st.one_of(st.none(), st.dates(begin, begin + timedelta(days=8)))),
        superseded_by="",
        dates_confidence="read",
        confidence=draw(st.sampled_from(["read", "read", "secondary", "unverified"])),
        source="s",
        note="",
    )


@st.composite
def _outlets(draw: st.DrawFn) -> dict[str, Any]:
    permits, begin = [], date(2020, 1, 1)
    for value in draw(st.lists(st.integers(1, 9), max_size=2)):
        first = begin + timedelta(days=draw(st.integers(0, 4)))
        last = first + timedelta(days=draw(st.integers(0, 4)))
        permits.append(
            {"quantity": "nmhc", "basis": "hour", "limit": value, "unit": "mg/m3", "permit": f"P-{value}"}
            | {"valid_from": first.isoformat(), "valid_to": last.isoformat()}
        )
        begin = last + timedelta(days=1)
    return {
        "standards": draw(
            st.lists(
                st.sampled_from(["GB 1", *_STANDARDS, "GB 1-2010/table-1", "DB33/2-2015/table-2"]),
                min_size=1,
                max_size=4,
            )
        ),
        "special_limits": draw(st.booleans()),
        "conditions": draw(st.lists(st.sampled_from(_WORDS), unique=True)),
        "stack_height_m": draw(st.sampled_from([15, 25])),
        "permit_limits": permits,
    }


def _china_day(at_us: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us, hours=8)).date()


def _naive(
    rows: list[LimitRow], outlet: Outlet, confirmed: set[str], day: date, rate: bool
) -> tuple[str, float] | None:
    """(row or permit, limit in mg/m3 or kg/h) for NMHC by the hour at a stack."""
    for permit in outlet.permit_limits if not rate else ():
        if permit.valid_from <= day and (permit.valid_to is None or day <= permit.valid_to):
            return permit.permit, permit.limit
    best: tuple[float, str] | None = None
    for row in rows:
        if row.quantity != "nmhc" or row.basis != "hour" or row.medium != "stack":
            continue
        if (row.unit == "kg/h") != rate:
            continue
        if row.confidence != "read" and row.id not in confirmed:
            continue
        if day < row.valid_from or (row.valid_to is not None and day > row.valid_to):
            continue
        if not all(word in outlet.conditions for word in row.when):
            continue
        if any(word in outlet.conditions for word in row.unless):
            continue
        if row.stack_height_m is not None and row.stack_height_m != outlet.stack_height_m:
            continue
        by_table = f"{row.standard}/{row.table}" in outlet.standards
        by_standard = row.standard in outlet.standards or row.standard[:-5] in outlet.standards
        if not by_table and not (by_standard and row.special in (None, outlet.special_limits)):
            continue
        one = (row.limit * (1 if rate else _MG[row.unit]), row.id)
        best = one if best is None else min(best, one)
    return None if best is None else (best[1], best[0])


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_what_is_found_is_what_a_naive_loop_finds(data: st.DataObject) -> None:
    rows = [data.draw(_rows(number)) for number in range(data.draw(st.integers(1, 9)))]
    facts = data.draw(_outlets())
    confirmed = {row.id for row in rows if data.draw(st.booleans())}
    model = park(**facts)
    source = model.enterprises[0].sources[0]
    assert source.outlet is not None
    assert source.kind is SourceKind.WASTE_GAS_OUTLET
    given_by = [Confirmation(row=row, by="Li Wei", on=date(2019, 1, 1), note="n") for row in sorted(confirmed)]
    pack = Pack(file="f", standard="GB 1-2000", title="t", conditions={}, rows=tuple(rows))
    limits = LimitBook(model, [pack], given_by)
    for rate, unit in ((False, "mg/m3"), (True, "kg/h")):
        spans = limits.lookup("acme.S.nmhc", "hour", unit)
        assert all(begin < end for begin, end, _ in spans)
        assert all(one[1] <= other[0] for one, other in zip(spans.spans, spans.spans[1:], strict=False))
        for offset in range(-1, 32):
            midnight = day_begins_us(date(2020, 1, 1)) + offset * 86_400_000_000
            for at_us in (midnight - 1, midnight, midnight + 43_200_000_000):
                found = spans.at(at_us)
                expected = _naive(rows, source.outlet, confirmed, _china_day(at_us), rate)
                assert (found is None) == (expected is None)
                if found is not None and expected is not None:
                    assert (found.permit or found.row) == expected[0]
                    assert abs(found.limit - expected[1]) < 1e-9
