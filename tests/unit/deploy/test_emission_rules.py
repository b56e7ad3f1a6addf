"""The shipped rules for emission monitors raise on what they are for, and stay silent on what is right."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from park.batch import SampleBatch
from park.index import TagTable
from park.model import Park
from park.quality import Quality
from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Change
from service.rules.files import load_rules, read_rule_files

_PACK = Path(__file__).parents[3] / "deploy/rules/emissions.yaml"
_RULES = load_rules(read_rule_files([_PACK])).rules
#: 2027-01-15 16:00 of UTC+08:00.
_START_US = 1_800_000_000_000_000
_MINUTE_US = 60_000_000

_PARK: dict[str, Any] = {
    "id": "park",
    "name": "Park",
    "enterprises": [
        {
            "id": "acme",
            "name": "Acme",
            "sources": [
                {
                    "id": "DA",
                    "kind": "waste_gas_outlet",
                    "position": [120, 30],
                    "tags": [
                        {"id": "nmhc", "quantity": "nmhc", "unit": "mg/m3", "alarms": {"H": 48, "HH": 60}},
                        {"id": "nox", "quantity": "nitrogen_oxides", "unit": "mg/m3", "detection_limit": 2},
                        {"id": "o2", "quantity": "oxygen", "unit": "%"},
                        {"id": "flow", "quantity": "flow", "unit": "m3/h"},
                    ],
                },
                {
                    "id": "RTO",
                    "kind": "treatment_unit",
                    "position": [120, 30],
                    "tags": [
                        {"id": "chamber", "quantity": "temperature", "unit": "°C"},
                        {"id": "bypass", "quantity": "valve_state", "unit": "", "discrete": True},
                        {"id": "fan", "quantity": "current", "unit": "A"},
                    ],
                },
            ],
        }
    ],
}
_Value = Callable[[int], float]
_USUAL: dict[str, _Value] = {
    "DA.nmhc": lambda minute: 20 + minute % 3,
    "DA.nox": lambda minute: 30 + minute % 5,
    "DA.o2": lambda minute: 9 + minute % 2,
    "DA.flow": lambda minute: 20_000 + minute % 7,
    "RTO.chamber": lambda minute: 820 + minute % 4,
    "RTO.bypass": lambda minute: 0,
    "RTO.fan": lambda minute: 40 + minute % 2,
}


def told(minutes: int, but: Mapping[str, _Value], bad: str = "") -> list[str]:
    """What is raised while every tag brings a sample a minute: ``rule target``, in the order of telling."""
    table = TagTable(Park.model_validate(_PARK))
    engine = Engine(table, RuleSet(rules=_RULES.rules))
    values = _USUAL | dict(but)
    raised = []
    for minute in range(minutes):
        now_us = _START_US + minute * _MINUTE_US
        infos = [table.by_id(f"acme.{tag}") for tag in values]
        engine.step(
            SampleBatch(
                tag=np.array([info.ix for info in infos if info]),
                time_us=np.full(len(values), now_us),
                value=np.array([value(minute) for value in values.values()]),
                quality=np.array([Quality.BAD if tag == bad else Quality.GOOD for tag in values]),
                received_us=now_us,
                origin="story",
            )
        )
        raised += [one for one in engine.advance(now_us) if one.change is Change.RAISED]
    return [f"{one.rule} {one.target.removeprefix('acme.')}" for one in raised]


def test_nothing_is_raised_while_all_is_well() -> None:
    assert told(200, {}) == []


@pytest.mark.parametrize(
    ("minutes", "but", "raised"),
    [
        pytest.param(40, {"DA.nmhc": lambda m: 50 + m}, "emission-hour-forecast DA.nmhc", id="the hour will be lost"),
        pytest.param(150, {"DA.nmhc": lambda m: 17.3}, "emission-frozen DA.nmhc", id="stuck"),
        pytest.param(150, {"DA.nmhc": lambda m: 0}, "emission-frozen DA.nmhc", id="zero, no detection limit"),
        pytest.param(120, {"DA.nmhc": lambda m: 20 + m % 3 if m < 80 else 41}, "emission-jump-gas DA.nmhc", id="jump"),
        pytest.param(30, {"DA.o2": lambda m: 20.8}, "emission-air-in-sample DA", id="air in the sample"),
        pytest.param(30, {"DA.flow": lambda m: 0}, "emission-no-flow-organics DA", id="no flow, organics"),
        pytest.param(30, {"DA.flow": lambda m: 0}, "emission-no-flow-combustion DA", id="no flow, flue gas"),
        pytest.param(10, {"RTO.chamber": lambda m: 650}, "treatment-cold RTO", id="cold chamber"),
        pytest.param(10, {"RTO.bypass": lambda m: 1}, "treatment-bypassed RTO", id="bypass open"),
    ],
)
def test_symptom_is_raised(minutes: int, but: dict[str, _Value], raised: str) -> None:
    assert raised in told(minutes, but)


@pytest.mark.parametrize(
    ("minutes", "but"),
    [
        pytest.param(150, {"DA.nox": lambda m: 0}, id="not detected for hours"),
        pytest.param(30, {"DA.o2": lambda m: 20.8, "DA.nox": lambda m: 0}, id="furnace down, air in the stack"),
        pytest.param(
            30,
            {"DA.flow": lambda m: 0, "DA.nmhc": lambda m: m % 3, "DA.nox": lambda m: m % 2},
            id="plant down, nothing in the stack",
        ),
        pytest.param(
            30, {"RTO.chamber": lambda m: 100, "RTO.bypass": lambda m: 1, "RTO.fan": lambda m: 0}, id="plant stopped"
        ),
        pytest.param(40, {"DA.nmhc": lambda m: 52 + m % 3}, id="above H, below the limit"),
    ],
)
def test_what_is_right_is_not_raised(minutes: int, but: dict[str, _Value]) -> None:
    assert told(minutes, but) == []


def test_monitor_that_stays_in_calibration_is_told_of() -> None:
    assert told(130, {}, bad="DA.nmhc") == ["emission-monitor-out DA.nmhc"]
