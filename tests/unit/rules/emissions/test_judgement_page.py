"""Every cell of the tables on the page of judgement is what the code does."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from park.quality import Detail, Quality, quality_byte
from rules.emissions import flags
from rules.emissions.days import day_means, month_means
from rules.emissions.flags import Flag
from rules.emissions.hours import hour_means
from rules.emissions.means import Means, Status
from rules.emissions.minutes import minutes_from_samples
from rules.emissions.periods import DAY_US, HOUR_US, MINUTE_US
from rules.emissions.validity import FLUE_GAS, PRESETS, WASTE_WATER, Validity, validities
from tests.unit.rules.emissions.columns import (
    FALSE,
    GAP,
    GOOD,
    START,
    bools,
    joined,
    minutes_of,
    quality_of,
    spelled,
    tags,
    us,
    values_of,
)

PAGE = (Path(__file__).parents[4] / "deploy" / "docs" / "judgement.md").read_text("utf-8")
RULES = {"flue gas": FLUE_GAS, "waste water": WASTE_WATER}


def table(header: str) -> list[list[str]]:
    """The rows below the header that begins so."""
    found = re.search(rf"^\| {header} .*\n\|[-|]+\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE)
    assert found, header
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found[1].splitlines()]


def cases(header: str, given: int = 1) -> list[pytest.ParameterSet]:
    """(what is given..., validity, the cell) of each cell."""
    return [
        pytest.param(*row[:given], rule, cell, id=f"{' '.join(row[:given])}: {medium}")
        for row in table(header)
        for (medium, rule), cell in zip(RULES.items(), row[given:], strict=True)
    ]


def letter(flag: int) -> str:
    return flags.letter(flag) or GAP


def told(means: Means) -> str:
    """The one row as the tables write it."""
    assert len(means) == 1
    return " ".join(
        [letter(means.flag[0]), *(Status(one.status[0]).name.lower() for one in (means.every, means.unmarked))]
    )


@cache
def hour_of(text: str, rule: Validity) -> Means:
    parts = spelled(text)
    assert len(parts) == 60
    minutes = minutes_of([one for one, _ in parts])
    marked = bools([star for one, star in parts if one != GAP])
    return hour_means(minutes, rule, marked=marked, rows=(tags([0]), np.array([START])))


def at(start_us: int, means: Means) -> Means:
    """The same at another time."""
    return replace(means, start_us=np.array([start_us]))


#: The hours of the table of days, in minutes.
HOURS = {"V": "60 N", "I": "60 D", "K": "60 N*", "F": "60 F", "C": "59 N 1 C*", "D": "60 D*", "M": "58 N 1 M 1 N*"}


@cache
def day_of(text: str, rule: Validity) -> Means:
    parts = [one for one, _ in spelled(text)]
    assert len(parts) == 24
    hours = [at(START + i * HOUR_US, hour_of(HOURS[one], rule)) for i, one in enumerate(parts) if one != GAP]
    none = hour_of("60 N", rule).take(bools([False]))
    return day_means(joined([*hours, none]), rule, rows=(tags([0]), np.array([START])))


#: The days of the table of months, in hours.
DAYS = {"V": "24 V", "I": "24 I", "K": "24 K"}


def month_of(month: str, text: str, rule: Validity) -> Means:
    start_us = us(f"{month}-01 00:00")
    parts = [one for one, _ in spelled(text)]
    days = [at(start_us + i * DAY_US, day_of(DAYS[one], rule)) for i, one in enumerate(parts) if one != GAP]
    return month_means(joined(days), rule)


@pytest.mark.parametrize(("samples", "rule", "expected"), cases("samples"))
def test_flag_of_a_minute(samples: str, rule: Validity, expected: str) -> None:
    parts = [one for one, _ in spelled(samples)]
    n = len(parts)
    minutes = minutes_from_samples(
        tags([0] * n), START + np.arange(n) * 1_000_000, values_of(parts), quality_of(parts), validity=rule
    )
    assert [letter(flag) for flag in minutes.flag] == [expected]
    if "N" in parts:
        assert minutes.value.tolist() == [GOOD]
    else:
        assert minutes.value[np.isfinite(minutes.value)].tolist() == [FALSE] * (set(parts) != {GAP})


@pytest.mark.parametrize(("minutes", "rule", "expected"), cases("minutes"))
def test_flag_and_status_of_an_hour(minutes: str, rule: Validity, expected: str) -> None:
    hour = hour_of(minutes, rule)
    assert told(hour) == expected
    parts = spelled(minutes)
    for judgement, counted in ((hour.every, parts), (hour.unmarked, [(one, star) for one, star in parts if not star])):
        normal = sum(one == "N" for one, _ in counted)
        assert judgement.parts.tolist() == [normal]
        # The mean is that of the valid minutes whatever the status; an abnormal one never gets into it.
        assert judgement.mean[0] == GOOD if normal else np.isnan(judgement.mean[0])
    assert hour.marked[0] == sum(star for _, star in parts)
    assert hour.present[0] == sum(one != GAP for one, _ in parts)


@pytest.mark.parametrize(("hours", "rule", "expected"), cases("hours"))
def test_flag_and_status_of_a_day(hours: str, rule: Validity, expected: str) -> None:
    assert told(day_of(hours, rule)) == expected


@pytest.mark.parametrize(("month", "days", "rule", "expected"), cases("month", 2))
def test_flag_and_status_of_a_month(month: str, days: str, rule: Validity, expected: str) -> None:
    assert told(month_of(month, days, rule)) == expected


@pytest.mark.parametrize(("words", "expected"), table("quality of the sample"))
def test_flag_of_a_quality(words: str, expected: str) -> None:
    known = {detail.name.lower(): detail for detail in Detail}
    if words.startswith("good"):
        named = [quality_byte(Quality.GOOD, Detail.LOCAL_OVERRIDE if "override" in words else Detail.NONE)]
    elif words.startswith("anything else"):
        listed = {word for row, _ in table("quality of the sample") for word in re.findall(r"\w+", row)}
        named = [quality_byte(Quality.BAD, detail) for word, detail in known.items() if word not in listed]
        named += [quality_byte(Quality.UNCERTAIN, Detail.SENSOR_NOT_ACCURATE)]
    else:
        details = [known[word] for word in words.split(", ")]
        named = [quality_byte(q, detail) for detail in details for q in (Quality.UNCERTAIN, Quality.BAD)]
    assert {letter(flag) for flag in flags.from_quality(np.array(named, np.uint8))} == {expected}


def test_the_tables_hold_every_flag_alone() -> None:
    alone = {row[0] for row in table("minutes")}
    assert {f"60 {flag.name}" for flag in Flag if flag} | {f"60 {GAP}"} <= alone


def test_a_minute_names_itself_by_its_start() -> None:
    minutes = minutes_from_samples(
        tags([0, 0]), np.array([START - 1, START]), np.array([1.0, 2.0]), np.zeros(2, np.uint8)
    )
    assert minutes.minute_us.tolist() == [START - MINUTE_US, START]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param("45 N 15 M", "N", id="normal"),
        pytest.param("30 N 30 M", "D", id="normal and one kind of abnormal"),
        pytest.param("30 M 30 C", "D", id="two kinds of abnormal"),
        pytest.param("60 M", "M", id="nothing but one abnormal flag"),
        pytest.param("30 M 30 –", "M", id="nothing but one abnormal flag, and gaps"),
        pytest.param("30 N 30 –", "D", id="too little of what is normal"),
        pytest.param("60 –", "–", id="nothing"),
    ],
)
def test_the_flag_of_an_abnormal_hour_as_the_standard_writes_it(minutes: str, expected: str) -> None:
    assert letter(hour_of(minutes, Validity(abnormal_flag="D")).flag[0]) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param("24 V", "N valid valid", id="none is bad"),
        pytest.param("23 V 1 I", "D invalid invalid", id="one is"),
        pytest.param("20 V 4 F", "F valid valid", id="a stopped one is not"),
        pytest.param("20 V 4 –", "N valid valid", id="a missing one is not"),
        pytest.param("23 V 1 C", "C invalid valid", id="what is bad in it is marked"),
        pytest.param("23 V 1 D", "D invalid valid", id="it is marked all over"),
        pytest.param("23 V 1 M", "M invalid invalid", id="what is bad in it is not marked"),
    ],
)
def test_a_day_where_one_bad_hour_spoils_it(hours: str, expected: str) -> None:
    strict = Validity.model_validate(WASTE_WATER.model_dump() | {"one_bad_spoils": ["minute", "hour", "day"]})
    assert told(day_of(hours, strict)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param("45 N 15 T", "N valid valid", id="N alone is enough"),
        pytest.param("30 N 15 T 15 D", "T valid valid", id="together just enough"),
        pytest.param("30 N 14 T 16 D", "D invalid invalid", id="together not enough"),
        pytest.param("60 T", "T valid valid", id="T alone"),
        pytest.param("30 T 30 –", "– invalid invalid", id="too little"),
    ],
)
def test_an_hour_where_over_range_counts(minutes: str, expected: str) -> None:
    assert told(hour_of(minutes, Validity.model_validate({"valid_flags": ["N", "T"]}))) == expected


def blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_a_site_may_change_validity_as_the_page_shows() -> None:
    found = validities(yaml.safe_load(blocks()[1])["emissions"]["validity"])
    assert found["flue_gas"].valid_flags == {Flag.N, Flag.T}
    assert found["batch_drain"] == WASTE_WATER.model_copy(update={"without_flow": "stopped"})


def test_the_presets_are_as_the_page_shows_them() -> None:
    shown = yaml.safe_load(blocks()[0])
    assert set(shown["flue_gas"]) == set(Validity.model_fields)
    assert {name: Validity.model_validate(shown["flue_gas"] | settings) for name, settings in shown.items()} == PRESETS
