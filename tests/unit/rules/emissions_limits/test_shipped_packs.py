"""The packs that are shipped: complete in where they come from, and nothing doubtful is active."""

import re
from collections import Counter
from datetime import date

import pytest

from park.model import Park
from park.outlet import parse_standard
from rules.emissions.limit_file import LimitRow
from rules.emissions.limits import Confirmation, LimitBook
from tests.unit.rules.emissions_limits.making import book, shipped

_PACKS = shipped()
_ROWS = [row for pack in _PACKS for row in pack.rows]
_EMPTY = Park(id="none", name="")
_CHINESE = re.compile("[\u4e00-\u9fff]")
#: Values that were read in the standard's own text, as the packs must give them: id and limit.
_READ = [
    ("GB 31571-2015/table-5/nitrogen_oxides/hour/process_heater", 100),
    ("GB 31571-2015/table-4/nitrogen_oxides/hour/furnace_850c+process_heater", 180),
    ("GB 31571-2015/table-6/acrylonitrile/hour", 0.5),
    ("GB 31571-2015/table-7/benzo_a_pyrene/hour", 0.000008),
    ("GB 31572-2015/table-4/nmhc/hour", 100),
    ("GB 31572-2015/table-5/nmhc/hour", 60),
    ("GB 31572-2015/table-9/benzene/hour", 0.4),
    ("GB 31573-2015/table-5/chlorine/hour", 0.1),
    ("GB 37824-2019/table-1/benzene_series/hour", 60),
    ("GB 37824-2019/table-2/formaldehyde/hour", 5),
    ("GB 37822-2019/table-a.1-special/nmhc/instant/in_plant_point", 20),
    ("GB 18484-2020/table-gas/carbon_monoxide/hour", 100),
    ("GB 18484-2020/table-gas-day/carbon_monoxide/day", 80),
    ("GB 16297-1996/table-2-rate/nmhc/hour/rate-15m/grade_2", 10),
    ("GB 14554-93/table-boundary/hydrogen_sulfide/hour/grade_2_new", 0.06),
    ("GB 14554-93/table-stack/ammonia/hour/rate-20m", 8.7),
    ("GB 8978-1996/table-4/cod/day/grade_2+petrochemical", 120),
    ("GB 18918-2002/table-water/ammonia_nitrogen/day/cold_water+grade_1a", 8),
]
_DOUBTFUL = {"GB 3095-2012", "GB 3095-2026", "GB 37823-2019", "GB 39727-2020", "DB33/2146-2018", "DB33/310005-2021"}


def test_every_standard_of_the_list_has_its_pack() -> None:
    assert {pack.standard for pack in _PACKS} == _DOUBTFUL | {row.partition("/")[0] for row, _ in _READ}


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.id)
def test_provenance_of_every_row_is_complete(row: LimitRow) -> None:
    assert parse_standard(f"{row.standard}/{row.table}").dated
    assert row.standard.endswith(row.version)
    assert _CHINESE.search(row.title)
    assert _CHINESE.search(row.clause)
    assert row.source
    assert row.limit > 0
    assert date(1990, 1, 1) < row.valid_from
    if row.confidence == "read":
        assert "text of" in row.source or "scanned pages" in row.source
        assert "memory" not in row.source
    else:
        assert row.basis_confidence != "read"
        assert row.dates_confidence != "read"


def test_no_two_rows_are_one() -> None:
    assert [row for row, count in Counter(row.id for row in _ROWS).items() if count > 1] == []


@pytest.mark.parametrize(("row_id", "limit"), _READ)
def test_value_is_as_it_was_read(row_id: str, limit: float) -> None:
    (row,) = [row for row in _ROWS if row.id == row_id]
    assert (row.limit, row.confidence) == (limit, "read")


def test_only_what_was_read_is_active_by_itself() -> None:
    limits = LimitBook(_EMPTY, _PACKS)
    active = [row for row in _ROWS if limits.is_active(row)]
    assert {row.confidence for row in active} == {"read"}
    assert not {row.standard for row in active} & _DOUBTFUL
    assert len(active) > 250


def test_standards_that_could_not_be_read_have_no_row_that_says_so() -> None:
    assert {row.standard for row in _ROWS if row.confidence != "read"} >= _DOUBTFUL
    assert not [row.id for row in _ROWS if row.standard in _DOUBTFUL and row.confidence == "read"]


def test_one_confirmation_activates_one_row_and_no_other() -> None:
    for row in _ROWS:
        if row.confidence == "read":
            continue
        given = Confirmation(row=row.id, by="Li Wei", on=date(2026, 11, 1), note="page 3")
        limits = LimitBook(_EMPTY, _PACKS, [given])
        assert [one.id for one in _ROWS if one.confidence != "read" and limits.is_active(one)] == [row.id]


def test_stack_limits_without_an_averaging_time_say_that_the_hour_is_inferred() -> None:
    stacks = [row for row in _ROWS if row.standard.startswith("GB 3157") and row.medium == "stack"]
    assert len(stacks) > 80
    assert {row.basis_confidence for row in stacks} == {"inferred"}
    found = book(*_PACKS, standards=["GB 31572-2015"]).lookup("acme.S.nmhc", "hour")
    assert "averaging time inferred" in found.spans[0][2].words()
    boundaries = [row for row in _ROWS if row.standard.startswith("GB 3157") and row.medium == "boundary"]
    assert {(row.basis, row.basis_confidence) for row in boundaries} == {("hour", "read")}


def test_values_in_brackets_ask_for_a_condition() -> None:
    for row_id, plain, bracket in [
        ("GB 31573-2015/table-3/sulfur_dioxide/hour", 100, 400),
        ("GB 31573-2015/table-4/chlorine/hour", 5, 8),
        ("GB 18918-2002/table-water/ammonia_nitrogen/day/grade_1b", 8, 15),
    ]:
        start = row_id.removesuffix("/grade_1b")
        rows = [row for row in _ROWS if row.id.startswith(start) and (row.id == row_id or row.limit == bracket)]
        by_limit = {row.limit: row for row in rows}
        assert set(by_limit) == {plain, bracket}
        asked = by_limit[bracket].when - by_limit[plain].when
        assert asked
        assert asked <= by_limit[plain].unless
