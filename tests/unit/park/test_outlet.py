"""The section ``outlet`` of a source: what it says, what is wrong with it, what is odd about it."""

import re
from datetime import date

import pytest

from park.model import OUTLET_KINDS, SourceKind
from park.outlet import AIR_STANDARDS, Role, StandardRef, parse_standard
from tests.unit.park.outlets import OUTLET, but, source_of
from tests.unit.park.parks import errors_of, line_of, warnings_of


def test_outlet_is_read_as_it_is_written_and_nothing_about_it_is_odd() -> None:
    assert warnings_of(OUTLET) == []
    outlet = source_of(OUTLET).outlet
    assert outlet is not None
    assert (outlet.combustion, outlet.reference_oxygen, outlet.stack_height_m) == (True, 3.0, 25.0)
    assert outlet.standards == ("GB 31571-2015/table-5", "GB 37822-2019")
    assert outlet.permit_limits[0].valid_from == date(2025, 1, 1)
    assert outlet.amounts[0].kg == 2400


def test_tag_of_a_role_is_the_one_named_or_the_one_of_its_quantity() -> None:
    by_quantity, named = source_of(OUTLET), source_of(but(("tags:", "  roles: {oxygen: so2}\n        tags:")))
    assert [tag and tag.id for tag in map(by_quantity.role, Role)] == ["flow", "o2", None, None, None]
    assert [tag and tag.id for tag in map(named.role, Role)] == ["flow", "so2", None, None, None]


def test_source_without_a_section_is_judged_by_what_is_usual() -> None:
    text = re.sub(r"        outlet:\n(          .*\n)+", "", OUTLET)
    source = source_of(text)
    assert source.outlet is None
    assert source.judged_as is not None
    assert source.judged_as.standards == ()
    station = source_of(text.replace("waste_gas_outlet", "air_station"))
    assert station.judged_as is not None
    assert station.judged_as.standards == AIR_STANDARDS


def test_air_station_with_a_section_but_no_standards_keeps_the_usual_ones() -> None:
    text = re.sub(r"        outlet:\n(          .*\n)+", "        outlet: {air_class: 1}\n", OUTLET)
    station = source_of(text.replace("waste_gas_outlet", "air_station"))
    assert station.judged_as is not None
    assert (station.judged_as.standards, station.judged_as.air_class) == (AIR_STANDARDS, 1)


@pytest.mark.parametrize("kind", sorted(set(SourceKind) - OUTLET_KINDS))
def test_outlet_of_something_that_emits_nothing_is_refused(kind: SourceKind) -> None:
    (told,) = errors_of(OUTLET.replace("waste_gas_outlet", kind))
    assert f":{line_of(OUTLET, 'outlet:')}:" in told
    assert f"a {kind} has no outlet; remove it" in told


_PERMIT = "{quantity: nmhc, basis: hour, limit: 60, unit: mg/m3, permit: 9133-P, valid_from: 2025-01-01}"
_AMOUNT = "{quantity: nmhc, amount: 2.4, unit: t, per: year, permit: 9133-P, valid_from: 2025-01-01}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference_oxygen: 3", "reference_oxygen: 21", "less than 21 (got 21)"),
        ("stack_height_m: 25", "excess_air: 1.8", "give reference_oxygen or excess_air, one of them"),
        ("stack_height_m: 25", "stack_height: 25", "unknown key 'stack_height'; did you mean 'stack_height_m'?"),
        ("GB 37822-2019", "GB37822", "'GB37822' names no standard; write for example GB 31572-2015/table-5"),
        ("GB 37822-2019", "GB 37822-2019/t1", "'GB 37822-2019/t1' names no standard"),
        ("basis: hour", "basis: week", "'instant', 'hour' or 'day'"),
        ("unit: mg/m3, permit", "unit: mg/m4x, permit", "'mg/m4x' is not a known unit"),
        ("limit: 60,", "limit: 60, lower: 61,", "lower 61 is not below limit 60"),
        ("limit: 60,", "limit: 60, valid_to: 2024-12-31,", "valid_from 2025-01-01 is after valid_to 2024-12-31"),
        ("permit: 9133-P, valid_from: 2025-01-01}\n          amounts", "permit: 9133-P}\n          amounts", "missing"),
        ("amount: 2.4", "amount: 0", "greater than 0"),
        ("conditions: [process_heater]", "conditions: [Heater!]", "should match pattern"),
        (
            "conditions: [process_heater]",
            "roles: {flow: F1}",
            "DA001 has no tag 'F1'; its tags are nmhc, so2, o2, flow",
        ),
    ],
)
def test_fault_is_told_at_its_line_with_its_cure(old: str, new: str, message: str) -> None:
    text = but((old, new))
    told = [one for one in errors_of(text) if message in one]
    assert told
    assert f":{line_of(text, new.splitlines()[0])}:" in told[0]


@pytest.mark.parametrize(("item", "what"), [(_PERMIT, "permit limits"), (_AMOUNT, "amounts")])
def test_two_that_hold_at_once_are_refused_and_one_after_the_other_are_not(item: str, what: str) -> None:
    later = item.replace("2025-01-01", "2026-07-01")
    twice = but((item, f"{item}\n            - {later}"))
    assert any(what in one and "hold at once; end the older with valid_to" in one for one in errors_of(twice))
    ended = item.replace("2025-01-01", "2025-01-01, valid_to: 2026-06-30")
    assert source_of(but((item, f"{ended}\n            - {later}"))).outlet is not None
    touching = item.replace("2025-01-01", "2025-01-01, valid_to: 2026-07-01")
    assert errors_of(but((item, f"{touching}\n            - {later}")))


def test_concentration_and_rate_of_one_quantity_may_both_be_limited() -> None:
    rate = _PERMIT.replace("unit: mg/m3", "unit: kg/h")
    assert warnings_of(but((_PERMIT, f"{_PERMIT}\n            - {rate}"))) == []


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        (
            [('          - {id: o2, quantity: oxygen, unit: "%"}\n', "")],
            "reference_oxygen: 3",
            "reference_oxygen is given, but no tag measures oxygen",
        ),
        ([("combustion: true", "combustion: false")], "reference_oxygen: 3", "combustion is not true"),
        (
            [('          - {id: o2, quantity: oxygen, unit: "%"}\n', ""), ("          reference_oxygen: 3\n", "")],
            "combustion: true",
            "no tag measures oxygen: limits at a reference oxygen content cannot be applied",
        ),
        ([("stack_height_m: 25", "measured_as: wet")], "measured_as: wet", "no tag measures humidity"),
        (
            [("stack_height_m: 25", "standard_state: false")],
            "standard_state: false",
            "no tag measures temperature or pressure",
        ),
        ([("          - {id: flow, quantity: flow, unit: m3/h}\n", "")], "amounts:", "no tag measures flow"),
        ([("quantity: nmhc, amount", "quantity: benzene, amount")], _AMOUNT.replace("nmhc", "benzene"), "no tag"),
        ([("quantity: nmhc, basis", "quantity: benzene, basis")], _PERMIT.replace("nmhc", "benzene"), "no tag"),
        ([("unit: mg/m3, permit", "unit: ppm, permit")], _PERMIT.replace("mg/m3", "ppm"), "ppm cannot be held against"),
        (
            [("{id: flow, ", "{id: f2, quantity: flow, unit: m3/s}\n          - {id: flow, "),
             ("stack_height_m: 25", "roles: {}")],
            "roles: {}",
            "f2 and flow measure flow; the first is used",
        ),
        (
            [("          standards: [GB 31571-2015/table-5, GB 37822-2019]\n", "")],
            "outlet:",
            "so2 (二氧化硫) has no limit; add standards, or a permit limit for sulfur_dioxide",
        ),
    ],
)  # fmt: skip
def test_oddity_is_told_at_its_line(changes: list[tuple[str, str]], place: str, message: str) -> None:
    text = but(*changes)
    told = [one for one in warnings_of(text) if message in one]
    assert len(told) == 1
    assert f":{line_of(text, place)}:" in told[0]
    assert "DA001: " in told[0]


def test_facts_of_gas_say_nothing_about_water() -> None:
    told = warnings_of(OUTLET.replace("waste_gas_outlet", "waste_water_outlet"))
    assert sum("has no meaning for a waste_water_outlet; remove it" in one for one in told) == 3


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("GB 31572-2015/table-5", StandardRef("GB 31572-2015", True, "table-5")),
        ("GB 37822-2019/table-a.1", StandardRef("GB 37822-2019", True, "table-a.1")),
        ("GB 14554-93", StandardRef("GB 14554-93", True, None)),
        ("GB 3095", StandardRef("GB 3095", False, None)),
        ("DB33/2146-2018", StandardRef("DB33/2146-2018", True, None)),
        ("DB33/T 310007-2021/table-1", StandardRef("DB33/T 310007-2021", True, "table-1")),
        ("GB/T 50493-2019", StandardRef("GB/T 50493-2019", True, None)),
    ],
)
def test_standards_are_parsed(text: str, parsed: StandardRef) -> None:
    assert parse_standard(text) == parsed


@pytest.mark.parametrize("text", ["", "GB", "GB 31572-15", "gb 31572-2015", "GB 31572-2015/", "GB 31572-2015/table-"])
def test_what_is_no_standard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no standard"):
        parse_standard(text)
