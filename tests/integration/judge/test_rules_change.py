"""Limits, outlet facts and validity that change: the recent past is judged again, and it is on record by what."""

from pathlib import Path
from typing import Any

import pytest

from rules.emissions.means import Status
from service.judge.config import Emissions
from service.judge.rules import rules_of
from tests.integration.judge.rig import DAY_US, HOUR_US, MIDNIGHT_US, MINUTE_US, O2, PARK, SO2, Rig, rig_up
from tests.integration.store.stores import query
from tests.unit.service.evidence import period

END = MIDNIGHT_US + HOUR_US + MINUTE_US
SO2_HOUR = "tag.id = 'acme.stack.so2' AND period = 'hour' AND present > 0"


def _judged(rig: Rig, value: float, *, flag: str = "N") -> None:
    rig.hour(SO2, MIDNIGHT_US, value, flag=flag)
    rig.hour(O2, MIDNIGHT_US, 3.0)
    rig.judge(END)


def _again(directory: Path, dsn: str, at_us: int = END, **options: Any) -> list[bool]:
    """The service starts again with another configuration; which alarms of hours it tells."""
    with rig_up(directory, dsn, now_us=at_us, **options) as rig:
        rig.judge()
        return [one.cleared for one in rig.told if one.rule == "emission-hour"]


def test_a_higher_permit_limit_withdraws_what_exceeded_the_lower_one(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path / "one", database) as rig:
        _judged(rig, 60.0)
    assert _again(tmp_path / "two", database, park=PARK.replace("limit: 50,", "limit: 70,")) == [True]
    states = query(database, "SELECT state, revision FROM emission_exceedance WHERE kind = 'hour'")
    assert states == [("withdrawn", 2)]
    record = query(
        database,
        "SELECT rules->'tags'->'acme.stack.so2'->'hour'->0->2->>'limit', judged_again_from IS NULL"
        " FROM emission_rules WHERE source = 'acme.stack' ORDER BY since",
    )
    assert record == [("50.0", True), ("70.0", False)]


def test_flags_that_count_from_now_on_make_revisions_of_the_last_weeks(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path / "one", database) as rig:
        _judged(rig, 20.0, flag="T")
    config = Emissions(validity={"flue_gas": {"valid_flags": ["N", "T"]}})
    _again(tmp_path / "two", database, at_us=END + 30 * DAY_US, config=config)
    with rig_up(tmp_path / "three", database, config=config) as rig:
        rows = rig.means("revision, status", SO2_HOUR)
    assert rows == [(1, Status.INVALID), (2, Status.VALID)]


def test_what_is_older_stays_as_it_was_judged(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path / "one", database) as rig:
        _judged(rig, 60.0)
    raised = PARK.replace("limit: 50,", "limit: 70,")
    assert _again(tmp_path / "two", database, at_us=END + 40 * DAY_US, park=raised) == []


def test_a_start_without_a_change_judges_nothing_again(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path, database) as rig:
        _judged(rig, 60.0)
        rig.begin()
        assert query(database, "SELECT count(*), count(DISTINCT source) FROM emission_rules") == [(2, 2)]
        rows = rig.means("revision", SO2_HOUR)
        assert set(rows) == {(1,)}


@pytest.mark.parametrize(
    ("park", "config"),
    [
        (PARK.replace("reference_oxygen: 3", "reference_oxygen: 8"), Emissions()),
        (PARK.replace("valid_from: 2020-01-01}", "valid_from: 2021-01-01}"), Emissions()),
        (PARK, Emissions.model_validate({"tolerance": {"relative": 0.1}})),
        (PARK, Emissions.model_validate({"validity": {"flue_gas": {"valid_minutes": 50}}})),
    ],
)
def test_whatever_judgement_goes_by_is_in_the_rules(tmp_path: Path, park: str, config: Emissions) -> None:
    usual, other = Rig(tmp_path / "one", ""), Rig(tmp_path / "two", "", park, config)
    stacks = [rules_of(rig.judge_sources()[0], rig.config) for rig in (usual, other)]
    assert stacks[0] != stacks[1]
    usual.down()
    other.down()


def test_what_was_there_in_time_stays_so_after_its_samples_are_gone(tmp_path: Path, database: str) -> None:
    with rig_up(tmp_path / "one", database) as rig:
        _judged(rig, 20.0)
        before = query(database, "SELECT computed, late FROM emission_minute ORDER BY tag, minute")
        rig.clock.now_us = END + DAY_US
        rig.reports(*(period(SO2, MIDNIGHT_US + m * MINUTE_US, 20.0) for m in range(60)))
        rig.judge()
        query(database, "SELECT drop_chunks('sample', now() + interval '100 years')")
    config = Emissions.model_validate({"tolerance": {"relative": 0.5}})
    _again(tmp_path / "two", database, at_us=END + 2 * DAY_US, config=config)
    assert query(database, "SELECT computed, late FROM emission_minute ORDER BY tag, minute") == before
