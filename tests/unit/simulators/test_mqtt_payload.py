"""What the fleet publishes is what deploy/docs/payload.md describes."""

import json
from typing import Any

import pytest

from park.quality import Detail, Quality, quality_byte
from simulators.mqtt_payload import Form, Reading, messages

_BAD = quality_byte(Quality.BAD, Detail.SENSOR_FAILURE)
FIRST = Reading(1000, {"S.a": 1.5, "S.b": 2.0}, {})
SECOND = Reading(2000, {"S.a": 1.6, "S.b": 2.1}, {"S.b": _BAD})


def _read(readings: list[Reading], form: Form) -> list[Any]:
    return [json.loads(payload) for payload in messages(readings, form)]


def test_one_message_a_sample() -> None:
    assert _read([FIRST, SECOND], Form.SAMPLE) == [
        {"tag": "S.a", "t": 1000, "v": 1.5},
        {"tag": "S.b", "t": 1000, "v": 2.0},
        {"tag": "S.a", "t": 2000, "v": 1.6},
        {"tag": "S.b", "t": 2000, "v": 2.1, "q": "bad"},
    ]


def test_samples_in_a_list() -> None:
    (message,) = _read([FIRST, SECOND], Form.SAMPLES)
    assert len(message["samples"]) == 4
    assert message["samples"][3] == {"tag": "S.b", "t": 2000, "v": 2.1, "q": "bad"}


def test_values_of_one_moment() -> None:
    assert _read([FIRST, SECOND], Form.VALUES) == [
        {"t": 1000, "values": {"S.a": 1.5, "S.b": 2.0}},
        {"t": 2000, "values": {"S.a": 1.6, "S.b": 2.1}, "q": {"S.b": "bad"}},
    ]


def test_columns_of_many_moments() -> None:
    assert _read([FIRST, SECOND], Form.COLUMNS) == [
        {
            "t": [1000, 2000],
            "values": {"S.a": [1.5, 1.6], "S.b": [2.0, 2.1]},
            "q": {"S.b": ["good", "bad"]},
        }
    ]


@pytest.mark.parametrize("form", list(Form))
def test_doubt_is_said_in_every_form(form: Form) -> None:
    doubtful = Reading(1, {"S.a": 1.0}, {"S.a": quality_byte(Quality.UNCERTAIN)})
    assert b"uncertain" in b"".join(messages([doubtful], form))
