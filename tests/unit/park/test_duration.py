"""Durations are written with their unit, and nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from park.duration import DurationUs, format_duration, parse_duration_us

_CENTURY_US = 36_500 * 86_400_000_000


class Waiting(BaseModel):
    """Something with a duration."""

    for_us: DurationUs | None = None


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("250ms", 250_000),
        ("5s", 5_000_000),
        ("10m", 600_000_000),
        ("1h", 3_600_000_000),
        ("1.5h", 5_400_000_000),
        ("7d", 604_800_000_000),
        ("3us", 3),
        ("0s", 0),
        (" 5s ", 5_000_000),
        (0, 0),
    ],
)
def test_written_with_a_unit_it_is_read(text: object, us: int) -> None:
    assert parse_duration_us(text) == us


@pytest.mark.parametrize(
    "text",
    [
        5,
        5.0,
        "5",
        "5 s",
        "s",
        "",
        "-5s",
        "5S",
        "1h30m",
        "5sec",
        None,
        True,
        False,
        [],
        "1e3s",
        "∞s",
        "５s",
        "9" * 400 + "d",
    ],
)
def test_what_is_not_a_duration_is_refused_with_the_form_wanted(text: object) -> None:
    with pytest.raises(ValueError, match="write a number and its unit, such as 5s"):
        parse_duration_us(text)


def test_a_slip_of_the_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        parse_duration_us("99999999d")


@given(st.integers(0, _CENTURY_US // 1_000))
def test_whole_milliseconds_survive_the_round_trip(ms: int) -> None:
    assert parse_duration_us(format_duration(ms * 1_000)) == ms * 1_000


@given(st.integers(0, _CENTURY_US))
def test_json_of_a_model_reads_back_exactly(us: int) -> None:
    waiting = Waiting.model_construct(for_us=us)
    assert Waiting.model_validate_json(waiting.model_dump_json()).for_us == us


@pytest.mark.parametrize(("us", "text"), [(5_000_000, "5s"), (90_000_000, "90s"), (3_600_000_000, "1h"), (0, "0s")])
def test_people_get_the_shortest_form(us: int, text: str) -> None:
    assert format_duration(us) == text
