"""Hours of gas that is measured wet, in its working state, or is not converted: the same whatever is judged beside."""

from pathlib import Path

import pytest

from rules.emissions.means import Status
from tests.integration.judge.rig import HOUR_US, MIDNIGHT_US, MINUTE_US, Rig, rig_up
from tests.unit.service.evidence import period

PARK = """\
id: park
name: Park
past_limit_days: 400
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: wet
        kind: waste_gas_outlet
        position: [120.87, 30.15]
        from: {connector: hj212, device: MN1}
        outlet: {measured_as: wet, flow_measured_as: wet, flow_standard_state: false}
        tags:
          - {id: so2, quantity: sulfur_dioxide, unit: mg/m3}
          - {id: flow, quantity: flow, unit: m3/h}
          - {id: water, quantity: humidity, unit: "%"}
          - {id: t, quantity: temperature, unit: "°C"}
          - {id: p, quantity: pressure, unit: kPa}
      - id: boiler
        kind: waste_gas_outlet
        position: [120.87, 30.15]
        from: {connector: hj212, device: MN2}
        outlet: {combustion: true, reference_oxygen: 3}
        tags:
          - {id: so2, quantity: sulfur_dioxide, unit: mg/m3}
          - {id: o2, quantity: oxygen, unit: "%"}
"""
SO2, FLOW, WATER, T, P, BOILER_SO2, BOILER_O2 = range(7)
END = MIDNIGHT_US + HOUR_US + MINUTE_US


def _wet_hour(rig: Rig, start_us: int = MIDNIGHT_US) -> None:
    for tag, value in ((SO2, 20.0), (FLOW, 2_000.0), (WATER, 20.0), (T, 273.0), (P, 0.0)):
        rig.hour(tag, start_us, value)


def test_wet_gas_is_judged_dry_held_against_the_logger_wet_and_reckoned_dry_at_standard_state(
    tmp_path: Path, database: str
) -> None:
    with rig_up(tmp_path, database, park=PARK) as rig:
        _wet_hour(rig)
        rig.reports(period(SO2, MIDNIGHT_US, 20.0, length_s=3_600))
        rig.judge(END)
        ((value, measured, verdict, kg),) = rig.means("value, measured, verdict, amount_kg", "tag.id = 'acme.wet.so2'")
    assert (value, measured, verdict) == (pytest.approx(25.0), 20.0, 0)
    # The flow loses half by its temperature, and a fifth of that is water.
    assert kg == pytest.approx(25.0 * (2_000.0 / 2 * 0.8) * 1e-6)


def test_an_hour_is_the_same_whatever_is_judged_in_the_same_pass(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path, database, park=PARK) as rig:
        _wet_hour(rig)
        rig.hour(BOILER_SO2, MIDNIGHT_US + HOUR_US, 20.0)
        rig.hour(BOILER_O2, MIDNIGHT_US + HOUR_US, 3.0)
        rig.judge(END + HOUR_US)
        # Each again, alone: nothing has changed.
        rig.hour(SO2, MIDNIGHT_US, 20.0)
        rig.judge(END + 2 * HOUR_US)
        rig.hour(BOILER_O2, MIDNIGHT_US, 3.0)
        rig.judge(END + 3 * HOUR_US)
        rows = rig.means("tag.id, start, revision, why", "revision > 1 AND tag.id <> 'acme.boiler.o2'")
        assert rows == []
        converted = set(rig.means("tag.id, converted, status", "tag.id = 'acme.boiler.so2'"))
    assert converted == {("acme.boiler.so2", True, Status.MISSING), ("acme.boiler.so2", True, Status.VALID)}
