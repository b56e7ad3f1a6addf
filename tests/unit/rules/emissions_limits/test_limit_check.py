"""What is odd about the limits of a park is told, with its place and a cure; what is right is not."""

from datetime import date
from typing import Any, get_args

import pytest

from rules.emissions.limit_check import BASES, limit_findings
from rules.emissions.limit_file import LimitBasis
from rules.emissions.limits import Confirmation
from tests.unit.rules.emissions_limits.making import book, pack, shipped

_PACKS = shipped()
_PERMIT = {
    "quantity": "nmhc",
    "basis": "hour",
    "limit": 50,
    "unit": "mg/m3",
    "permit": "P-1",
    "valid_from": "2025-01-01",
}
_LI_WEI = Confirmation(row="GB 3095-2026", by="Li Wei", on=date(2026, 11, 1), note="n")


def told(**given: Any) -> list[str]:
    """Messages about the one source, and about the confirmations."""
    return [one.message for one in limit_findings(book(*_PACKS, **given))]


def test_every_basis_is_looked_at() -> None:
    assert set(BASES) == {basis for part in get_args(LimitBasis) for basis in (get_args(part) or (part,))}


def test_outlet_with_a_limit_for_all_that_it_measures_is_not_complained_about() -> None:
    tags = {"nmhc": "mg/m3", "particulates": "mg/m3", "oxygen": "%", "flow": "m3/h"}
    assert told(standards=["GB 31572-2015"], special_limits=True, permit_limits=[_PERMIT], tags=tags) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "nmhc (非甲烷总烃) has no limit in force; add a standard that limits it, or the permit's limit"),
        ({"standards": ["GB 37823-2019"]}, "GB 37823-2019/table-1 must be confirmed by a named person first"),
        (
            {"standards": ["GB 31571-2015"], "tags": {"sulfur_dioxide": "mg/m3"}},
            "there is one where the outlet names the condition process_heater",
        ),
        ({"standards": ["GB 31572-2015"], "tags": {"nmhc": "ppm"}}, "limits in mg/m3 cannot be held against ppm"),
        ({"standards": ["GB 31572-2016"]}, "no limit pack has GB 31572-2016; did you mean 'GB 31572-2015'?"),
        ({"standards": ["GB 31572-2015/table-8"]}, "GB 31572-2015 has no table-8 in its limit pack; it has table-4"),
        ({"standards": ["GB 8978-1996"]}, "GB 8978-1996 limits nothing for a waste_gas_outlet"),
        (
            {"standards": ["GB 31572-2015/table-4"], "special_limits": True},
            "special limits hold here, and table-4 has the general ones",
        ),
        ({"standards": ["GB 31572-2015"], "conditions": ["resin_pcc"]}, "did you mean 'resin_pc'?"),
        (
            {"standards": ["GB 31572-2015"], "special_limits": True, "permit_limits": [_PERMIT | {"limit": 80}]},
            "the permit is weaker than the standard: 80 mg/m3 (hour), permit P-1 in place of 60 mg/m3",
        ),
        (
            {
                "standards": ["GB 31571-2015"],
                "conditions": ["process_heater"],
                "combustion": True,
                "reference_oxygen": 8,
                "tags": {"sulfur_dioxide": "mg/m3", "oxygen": "%"},
            },
            "is meant at 3 % oxygen, and reference_oxygen says 8 %",
        ),
        (
            {
                "standards": ["GB 31571-2015"],
                "conditions": ["process_heater"],
                "tags": {"sulfur_dioxide": "mg/m3", "oxygen": "%"},
            },
            "at 3 % oxygen for gas that is burnt, and combustion is not true: values are held as measured",
        ),
        (
            {"standards": ["GB 14554-93"], "stack_height_m": 15, "tags": {"ammonia": "mg/m3"}},
            "a rate is limited (4.9 kg/h (hour, averaging time inferred), GB 14554-93",
        ),
        (
            {"kind": "air_station", "standards": ["GB 3095-2012"], "tags": {"pm25": "µg/m3"}},
            "GB 3095-2012 ends with 2026-02-28: GB 3095-2026 follows; name GB 3095 for every edition",
        ),
    ],
)
def test_oddity_is_told_with_its_cure(given: dict[str, Any], message: str) -> None:
    assert any(message in one for one in told(**given)), told(**given)


def test_permit_at_another_oxygen_content_is_compared_at_one() -> None:
    heater: dict[str, Any] = {
        "standards": ["GB 31571-2015"],
        "conditions": ["process_heater"],
        "combustion": True,
        "reference_oxygen": 12,
        "tags": {"nitrogen_oxides": "mg/m3", "oxygen": "%"},
    }
    permit = _PERMIT | {"quantity": "nitrogen_oxides"}
    weaker = [
        any("weaker" in one for one in told(**heater, permit_limits=[permit | {"limit": limit}])) for limit in (75, 76)
    ]
    assert weaker == [False, True], "150 at 3 % oxygen is 75 at 12 %"


def test_permit_without_a_lower_limit_is_weaker_than_a_standard_with_one() -> None:
    water: dict[str, Any] = {"kind": "waste_water_outlet", "standards": ["GB 8978-1996"], "tags": {"ph": "pH"}}
    permit = _PERMIT | {"quantity": "ph", "basis": "day", "limit": 9, "unit": "pH"}
    assert any("weaker" in one for one in told(**water, permit_limits=[permit]))
    assert told(**water, permit_limits=[permit | {"lower": 6}]) == []


@pytest.mark.parametrize(
    ("confirmation", "message"),
    [
        ({"row": "GB 3095-2062"}, "Li Wei confirms 'GB 3095-2062', which no limit pack has"),
        (
            {"row": "GB 37823-2019/table-1/nmhc/hour", "limit": 90},
            "Li Wei confirmed GB 37823-2019/table-1/nmhc/hour as 90, and the pack says 100: it is not active",
        ),
        ({"row": "GB 31572-2015"}, "which was read in the standard: it needs nobody's confirmation"),
    ],
)
def test_confirmation_of_nothing_is_told(confirmation: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"by": "Li Wei", "on": date(2026, 11, 1), "note": "n"}
    found = told(standards=["GB 31572-2015"], confirmed=(Confirmation(**usual | confirmation),))
    assert len(found) == 1
    assert message in found[0]


def test_confirmed_air_station_is_complete() -> None:
    assert told(kind="air_station", tags={"pm25": "µg/m3", "ozone": "µg/m3"}, confirmed=(_LI_WEI,)) == []


def test_finding_leads_to_its_place_in_the_park_file() -> None:
    found = limit_findings(book(pack(), standards=["GB 1-2015", "GB 2-2015"]))
    assert [(one.source, one.loc) for one in found] == [
        ("acme.S", ("enterprises", 0, "sources", 0, "outlet", "standards", 1))
    ]
