"""Which limit holds: version at the data time, permit, strictest, conditions, reference oxygen, units."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from park.model import SourceKind
from rules.emissions.applicable import FOREVER_US, Applicable, day_begins_us
from rules.emissions.limits import Confirmation, LimitBook
from tests.unit.rules.emissions_limits.making import at, book, pack, park, shipped

_PACKS = shipped()
_NOW = at("2026-11-22T10:00:00+08:00")
_LI_WEI = Confirmation(row="GB 3095-2026", by="Li Wei", on=date(2026, 11, 1), note="the ministry's PDF")
_ALSO_2012 = Confirmation(row="GB 3095-2012", by="Li Wei", on=date(2026, 11, 1), note="the printed standard")


def found(limits: LimitBook, quantity: str = "nmhc", basis: Any = "hour", at_us: int = _NOW) -> Applicable | None:
    """What holds for tag ``quantity`` of the one source."""
    return limits.lookup(f"acme.S.{quantity}", basis).at(at_us)


def limit(*args: Any, **kwargs: Any) -> float | None:
    """The number alone."""
    one = found(*args, **kwargs)
    return one.limit if one else None


def permit(**fields: Any) -> dict[str, Any]:
    """A limit of 50 mg/m3 on NMHC, from 2025 on."""
    usual = {"quantity": "nmhc", "basis": "hour", "limit": 50, "unit": "mg/m3", "permit": "P-1"}
    return usual | {"valid_from": "2025-01-01"} | fields


# ------------------------------------------------------------------------------------------------------------ days


@pytest.mark.parametrize(
    ("moment", "standard", "value"),
    [
        ("2026-02-28T23:59:59.999999+08:00", "GB 3095-2012", 150),
        ("2026-03-01T00:00:00+08:00", "GB 3095-2026", 150),
        ("2026-02-28T15:59:59.999999+00:00", "GB 3095-2012", 150),
        ("2026-02-28T16:00:00+00:00", "GB 3095-2026", 150),
        ("2030-12-31T23:59:59.999999+08:00", "GB 3095-2026", 150),
        ("2031-01-01T00:00:00+08:00", "GB 3095-2026", 50),
    ],
)
def test_edition_in_force_is_that_of_the_day_in_china(moment: str, standard: str, value: float) -> None:
    air = book(*_PACKS, kind="air_station", tags={"sulfur_dioxide": "µg/m3"}, confirmed=(_LI_WEI, _ALSO_2012))
    one = found(air, "sulfur_dioxide", "day", at(moment))
    assert one is not None
    assert (one.standard, one.limit) == (standard, value)
    assert (one.confirmed_by, one.confirmed_on) == ("Li Wei", date(2026, 11, 1))


def test_limit_begins_and_ends_at_midnight_of_china() -> None:
    dated = pack(("valid_from: 2015-07-01", "valid_from: 2015-07-01\nvalid_to: 2020-06-30"))
    spans = book(dated, standards=["GB 1-2015"]).lookup("acme.S.nmhc", "hour").spans
    assert [(begin, end) for begin, end, _ in spans] == [
        (at("2015-07-01T00:00:00+08:00"), at("2020-07-01T00:00:00+08:00"))
    ]


def test_air_class_chooses_the_column() -> None:
    for air_class, value in ((1, 35), (2, 60)):
        air = book(*_PACKS, kind="air_station", tags={"pm25": "µg/m3"}, air_class=air_class, confirmed=(_LI_WEI,))
        assert limit(air, "pm25", "day") == value


def test_there_is_no_limit_on_an_hour_of_fine_dust() -> None:
    assert limit(book(*_PACKS, kind="air_station", tags={"pm25": "µg/m3"}, confirmed=(_LI_WEI,)), "pm25") is None


# --------------------------------------------------------------------------------------------------- confirmations


def test_what_was_not_read_limits_nothing_until_it_is_confirmed() -> None:
    facts: dict[str, Any] = {"kind": "air_station", "tags": {"sulfur_dioxide": "µg/m3"}}
    assert limit(book(*_PACKS, **facts), "sulfur_dioxide") is None
    assert limit(book(*_PACKS, **facts, confirmed=(_LI_WEI,)), "sulfur_dioxide") == 500


@pytest.mark.parametrize(
    ("row", "confirmed", "active"),
    [
        ("GB 37823-2019/table-1/nmhc/hour", None, True),
        ("GB 37823-2019/table-1/nmhc/hour", 100, True),
        ("GB 37823-2019/table-1/nmhc/hour", 90, False),
        ("GB 37823-2019/table-1", None, True),
        ("GB 37823-2019", None, True),
        ("GB 37823-2019/table-2", None, False),
        ("GB 37823-2019/table-1/nmhc/hou", None, False),
        ("GB 37823", None, False),
    ],
)
def test_confirmation_means_a_row_or_all_below_and_the_value_it_names(
    row: str, confirmed: float | None, active: bool
) -> None:
    given = Confirmation(row=row, by="Li Wei", on=date(2026, 11, 1), note="n", limit=confirmed)
    assert (limit(book(*_PACKS, standards=["GB 37823-2019"], confirmed=(given,))) == 100) is active


# ---------------------------------------------------------------------------------------------------------- permit


def test_permit_takes_the_place_of_the_standard_and_names_it() -> None:
    limits = book(*_PACKS, standards=["GB 31572-2015"], special_limits=True, permit_limits=[permit()])
    one = found(limits)
    assert one is not None
    assert (one.limit, one.permit, one.row, one.standard) == (50, "P-1", "", "")
    assert one.overrides is not None
    assert (one.overrides.limit, one.overrides.row) == (60, "GB 31572-2015/table-5/nmhc/hour")
    assert one.facts()["overrides"]["clause"] == "表5（特别排放限值）"


def test_permit_goes_before_even_where_it_is_weaker() -> None:
    limits = book(*_PACKS, standards=["GB 31572-2015"], permit_limits=[permit(limit=150)])
    assert limit(limits) == 150


def test_permit_holds_on_its_days_for_its_quantity_and_basis() -> None:
    dated = [permit(valid_to="2025-12-31"), permit(limit=40, valid_from="2026-01-01")]
    limits = book(*_PACKS, standards=["GB 31572-2015"], permit_limits=dated)
    days = ["2024-12-31T23:59:59+08:00", "2025-01-01T00:00:00+08:00", "2025-12-31T23:59:59+08:00"]
    days += ["2026-01-01T00:00:00+08:00"]
    assert [limit(limits, at_us=at(day)) for day in days] == [100, 50, 50, 40]
    assert limit(limits, basis="day") is None


def test_permit_limits_what_no_standard_does() -> None:
    one = found(book(permit_limits=[permit()]))
    assert one is not None
    assert (one.limit, one.overrides) == (50, None)
    assert "P-1" in one.words()


# ------------------------------------------------------------------------------------------------ tables, conditions


def test_special_limits_replace_the_general_ones() -> None:
    assert limit(book(pack(), standards=["GB 1-2015"])) == 100
    assert limit(book(pack(), standards=["GB 1-2015"], special_limits=True)) == 60


def test_named_table_holds_in_any_case() -> None:
    assert limit(book(pack(), standards=["GB 1-2015/table-2"])) == 60
    assert limit(book(pack(), standards=["GB 1-2015/table-1"], special_limits=True)) == 100


@pytest.mark.parametrize("standards", [[], ["GB 1-2014"], ["GB 1-2015/table-9"], ["GB 10-2015"], ["GB 11"]])
def test_other_standards_limit_nothing(standards: list[str]) -> None:
    assert limit(book(pack(), standards=standards)) is None


def test_standard_without_a_year_means_its_editions() -> None:
    assert limit(book(pack(), standards=["GB 1"])) == 100


def test_strictest_of_several_standards_holds() -> None:
    limits = book(*_PACKS, standards=["GB 16297-1996", "GB 37824-2019", "GB 31572-2015"], tags={"benzene": "mg/m3"})
    one = found(limits, "benzene")
    assert one is not None
    assert (one.limit, one.standard) == (1, "GB 37824-2019")


def test_row_with_a_condition_waits_for_the_outlet_to_name_it() -> None:
    facts: dict[str, Any] = {"tags": {"sulfur_dioxide": "mg/m3"}, "standards": ["GB 1-2015"]}
    assert limit(book(pack(), **facts), "sulfur_dioxide") is None
    assert limit(book(pack(), **facts, conditions=["heater"]), "sulfur_dioxide") == 80


def test_value_in_brackets_holds_where_its_condition_does() -> None:
    facts: dict[str, Any] = {"tags": {"nitrogen_oxides": "mg/m3"}, "standards": ["GB 31571-2015"]}
    assert limit(book(*_PACKS, **facts, conditions=["process_heater"]), "nitrogen_oxides") == 150
    hot = ["process_heater", "furnace_850c"]
    assert limit(book(*_PACKS, **facts, conditions=hot), "nitrogen_oxides") == 180


@pytest.mark.parametrize(
    ("kind", "value"), [("waste_gas_outlet", 4), ("fence_line", 0.4), ("waste_water_outlet", None)]
)
def test_kind_of_the_source_chooses_stack_or_boundary(kind: str, value: float | None) -> None:
    limits = book(*_PACKS, kind=kind, standards=["GB 31571-2015"], tags={"benzene": "mg/m3"})
    assert limit(limits, "benzene") == value


def test_source_that_emits_nothing_has_no_limits() -> None:
    model = park(tags={"benzene": "mg/m3"})
    tank = model.enterprises[0].sources[0].model_copy(update={"kind": SourceKind.TANK, "outlet": None})
    assert LimitBook(model, _PACKS).limits_for(tank, "benzene", "mg/m3", _NOW, "hour") is None


def test_point_within_the_plant_has_an_hour_and_an_instant() -> None:
    limits = book(*_PACKS, kind="fence_line", standards=["GB 37822-2019"], conditions=["in_plant_point"])
    assert (limit(limits), limit(limits, basis="instant")) == (10, 30)


def test_rate_holds_for_a_stack_of_just_its_height() -> None:
    for height, value in ((15, 4.9), (25, 14), (18, None)):
        limits = book(*_PACKS, standards=["GB 14554-93"], stack_height_m=height, tags={"ammonia": "mg/m3"})
        one = limits.lookup("acme.S.ammonia", "hour", "kg/h").at(_NOW)
        assert (one.limit if one else None) == value
        assert limit(limits, "ammonia") is None, "a rate is no concentration"


def test_ph_has_two_limits() -> None:
    one = found(book(*_PACKS, kind="waste_water_outlet", standards=["GB 8978-1996"], tags={"ph": "pH"}), "ph", "day")
    assert one is not None
    assert (one.lower, one.limit) == (6, 9)
    assert one.words().startswith("6 to 9 pH (day, averaging time inferred), GB 8978-1996")


# ---------------------------------------------------------------------------------------------------------- oxygen


def test_reference_oxygen_of_the_table_holds_for_combustion_alone() -> None:
    cases: list[tuple[dict[str, Any], float | None]] = [
        ({}, None),
        ({"combustion": True}, 3),
        ({"combustion": True, "reference_oxygen": 5}, 3),
        ({"reference_oxygen": 5}, 5),
    ]
    for facts, reference in cases:
        one = found(book(pack(), standards=["GB 1-2015/table-1"], **facts))
        assert one is not None
        assert one.o2_reference == reference


def test_outlets_reference_holds_where_the_table_names_none() -> None:
    one = found(book(pack(), standards=["GB 1-2015/table-2"], combustion=True, reference_oxygen=5))
    assert one is not None
    assert one.o2_reference == 5
    aired = found(book(pack(), standards=["GB 1-2015/table-2"], combustion=True, excess_air=1.7))
    assert aired is not None
    assert (aired.o2_reference, aired.excess_air) == (None, 1.7)


def test_reference_may_ask_for_a_condition_of_its_own() -> None:
    for conditions, reference in (([], None), (["air_added"], 3)):
        one = found(book(*_PACKS, standards=["GB 37824-2019"], combustion=True, conditions=conditions))
        assert one is not None
        assert one.o2_reference == reference


def test_permit_is_meant_at_the_outlets_reference_or_the_tables() -> None:
    cases: list[tuple[dict[str, Any], float | None]] = [
        ({}, 3),
        ({"reference_oxygen": 6}, 6),
        ({"excess_air": 1.2}, None),
    ]
    for facts, reference in cases:
        one = found(book(pack(), standards=["GB 1-2015"], combustion=True, permit_limits=[permit()], **facts))
        assert one is not None
        assert one.o2_reference == reference


def test_limits_at_different_oxygen_are_compared_at_one() -> None:
    # 100 at 11 % is 180 at 3 %: weaker than 120 at 3 %.
    at_11 = pack(("GB 1-2015\ntitle", "GB 2-2015\ntitle"), ("o2_reference: 3", "o2_reference: 11"))
    at_3 = pack(("quantity: nmhc, limit: 100", "quantity: nmhc, limit: 120"))
    both: dict[str, Any] = {"standards": ["GB 1-2015", "GB 2-2015"]}
    one = found(book(at_11, at_3, **both, combustion=True))
    assert one is not None
    assert (one.limit, one.standard) == (120, "GB 1-2015")
    assert limit(book(at_11, at_3, **both)) == 100, "gas that is not burnt is held as measured"


# ------------------------------------------------------------------------------------------------------------ units


@pytest.mark.parametrize(
    ("unit", "value"), [("mg/m3", 100), ("mg/Nm3", 100), ("µg/m3", 100_000), ("g/m3", 0.1), ("ppm", None)]
)
def test_limit_is_told_in_the_unit_of_the_tag(unit: str, value: float | None) -> None:
    given = limit(book(pack(), standards=["GB 1-2015"], tags={"nmhc": unit}))
    assert given == (value if value is None else pytest.approx(value, rel=1e-12))


# ---------------------------------------------------------------------------------------------------------- columns


def test_columns_are_what_single_questions_give() -> None:
    dated = [permit(valid_to="2025-12-31"), permit(limit=40, valid_from="2026-03-01")]
    spans = book(pack(), standards=["GB 1-2015"], permit_limits=dated).lookup("acme.S.nmhc", "hour")
    times = np.array([at("2014-01-01T00:00:00+08:00") + 86_400_000_000 * day for day in range(0, 5_000, 7)])
    limits, lowers = spans.columns(times)
    single = [one.limit if (one := spans.at(int(time))) else np.nan for time in times]
    np.testing.assert_array_equal(limits, single)
    assert np.isnan(lowers).all()
    assert {*limits[~np.isnan(limits)]} == {100, 50, 40}
    assert spans.spans[-1][1] == FOREVER_US


def test_columns_of_nothing_are_nothing() -> None:
    limits, lowers = book().lookup("acme.S.nmhc", "hour").columns(np.array([0, _NOW]))
    assert np.isnan(limits).all()
    assert np.isnan(lowers).all()


def test_tag_that_the_park_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        book().lookup("acme.S.benzene", "hour")


def test_facts_are_json_and_hold_all_provenance() -> None:
    one = found(book(*_PACKS, standards=["GB 31572-2015"]))
    assert one is not None
    facts = one.facts()
    assert facts["row"] == "GB 31572-2015/table-4/nmhc/hour"
    assert (facts["standard"], facts["version"], facts["clause"]) == ("GB 31572-2015", "2015", "表4")
    assert (facts["confidence"], facts["basis_confidence"]) == ("read", "inferred")
    assert (facts["valid_from"], facts["valid_to"], facts["permit"]) == ("2015-07-01", None, "")
    assert "2024 amendment" in facts["note"]


def test_day_begins_at_midnight_of_china() -> None:
    assert day_begins_us(date(2026, 3, 1)) == at("2026-02-28T16:00:00+00:00")
    assert day_begins_us(date(2026, 2, 28), plus=1) == at("2026-03-01T00:00:00+08:00")
