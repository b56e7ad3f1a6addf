"""The five forms of the JSON payload, and what their fields mean."""

import json
import math

import pytest

from tests.unit.connectors.codecs.parks import NOON_MS, NOON_US, decode

LEVEL, TEMPERATURE = "E001.TK-101.LI-101", "E001.TK-101.TI-101"


def test_one_sample() -> None:
    outcome = decode(b'{"tag": "TK-101.LI-101", "t": "2026-11-22T05:00:00.123Z", "v": 12.3, "q": "good", "u": "m"}')
    assert outcome.rows == [(LEVEL, NOON_US + 123_000, 12.3, 0)]
    assert not outcome.refusals


def test_many_samples_in_their_order() -> None:
    outcome = decode(
        b'{"samples": [{"tag": "TK-101.LI-101", "t": 1795323600123, "v": 12.3},'
        b' {"tag": "TK-101.TI-101", "t": 1795323600000, "v": 25, "q": "uncertain"}]}'
    )
    assert outcome.rows == [(LEVEL, NOON_US + 123_000, 12.3, 0), (TEMPERATURE, NOON_US, 25.0, 1)]


def test_one_time_for_many_tags() -> None:
    outcome = decode(b'{"t": 1795323600000, "values": {"TK-101.LI-101": 1.5, "TK-101.TI-101": 20}}')
    assert outcome.rows == [(LEVEL, NOON_US, 1.5, 0), (TEMPERATURE, NOON_US, 20.0, 0)]


def test_a_column_of_one_tag() -> None:
    outcome = decode(b'{"tag": "TK-101.LI-101", "t": [1795323600000, 1795323601000], "v": [1.5, 2], "q": "bad"}')
    assert outcome.rows == [(LEVEL, NOON_US, 1.5, 2), (LEVEL, NOON_US + 1_000_000, 2.0, 2)]


def test_columns_of_many_tags_with_a_hole() -> None:
    outcome = decode(
        b'{"t": [1795323600000, 1795323601000], "values": {"TK-101.LI-101": [1.5, 2], "TK-101.TI-101": [20, null]},'
        b' "q": {"TK-101.TI-101": ["good", "bad"]}}'
    )
    assert [row[:3] for row in outcome.rows[:3]] == [
        (LEVEL, NOON_US, 1.5),
        (LEVEL, NOON_US + 1_000_000, 2.0),
        (TEMPERATURE, NOON_US, 20.0),
    ]
    assert math.isnan(outcome.rows[3][2])
    assert outcome.rows[3][3] == 2
    assert not outcome.refusals


def test_columns_of_text_times_are_as_exact_as_numbers() -> None:
    texts = ["2026-11-22T05:00:00.001Z", "2026-11-22T13:00:00.002+08:00"]
    outcome = decode(json.dumps({"tag": "TK-101.LI-101", "t": texts, "v": [1, 2]}).encode())
    assert [row[1] for row in outcome.rows] == [NOON_US + 1000, NOON_US + 2000]


@pytest.mark.parametrize(
    ("t", "time_us"),
    [
        pytest.param("2026-11-22T05:00:00Z", NOON_US, id="UTC"),
        pytest.param("2026-11-22T13:00:00+08:00", NOON_US, id="Beijing"),
        pytest.param("2026-11-22T13:00:00+0800", NOON_US, id="zone without colon"),
        pytest.param("2026-11-22 05:00:00.123456Z", NOON_US + 123_456, id="space and microseconds"),
        pytest.param(NOON_MS, NOON_US, id="epoch milliseconds"),
        pytest.param(-1, -1000, id="before 1970"),
    ],
)
def test_times(t: object, time_us: int) -> None:
    payload = json.dumps({"tag": "TK-101.LI-101", "t": t, "v": 1}).encode()
    assert decode(payload).rows == [(LEVEL, time_us, 1.0, 0)]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("TK-101.PI-101", id="source.tag"),
        pytest.param("E001.TK-101.PI-101", id="full id"),
        pytest.param("press", id="address of the park file"),
    ],
)
def test_a_tag_answers_to_its_names(name: str) -> None:
    payload = json.dumps({"tag": name, "t": NOON_MS, "v": 101.3}).encode()
    assert decode(payload).rows == [("E001.TK-101.PI-101", NOON_US, 101.3, 0)]


def test_the_same_short_name_means_the_senders_own_tag() -> None:
    payload = b'{"tag": "TK-101.LI-101", "t": 0, "v": 1}'
    assert decode(payload, "E001").rows[0][0] == "E001.TK-101.LI-101"
    assert decode(payload, "E002").rows[0][0] == "E002.TK-101.LI-101"


def test_the_park_sends_its_shared_tags_under_its_own_id() -> None:
    assert decode(b'{"tag": "WS.WIND", "t": 0, "v": 3}', "park").rows == [("park.WS.WIND", 0, 3.0, 0)]


@pytest.mark.parametrize(
    ("unit", "value", "stored"),
    [("kPa", 101.5, 101.5), ("MPa", 0.5, 500.0), ("bar", 1.0, 100.0), ("Pa", 250.0, 0.25)],
)
def test_a_unit_that_converts_is_converted(unit: str, value: float, stored: float) -> None:
    payload = json.dumps({"tag": "press", "t": 0, "v": value, "u": unit}).encode()
    assert decode(payload).rows[0][2] == pytest.approx(stored, rel=1e-12)


def test_units_are_given_for_each_tag_or_for_all() -> None:
    payload = b'{"t": 0, "values": {"press": 1, "TK-101.TI-101": 212}, "units": {"TK-101.TI-101": "degF"}, "u": "MPa"}'
    assert [row[2] for row in decode(payload).rows] == pytest.approx([1000.0, 100.0])


def test_a_whole_column_is_converted() -> None:
    payload = b'{"tag": "press", "t": [0, 1], "v": [1, 2.5], "u": "MPa"}'
    assert [row[2] for row in decode(payload).rows] == pytest.approx([1000.0, 2500.0])


def test_what_a_sample_does_not_say_the_message_says() -> None:
    outcome = decode(
        b'{"t": 1795323600000, "q": "bad", "u": "MPa", "samples": [{"tag": "press", "v": 1},'
        b' {"tag": "press", "v": 2, "t": 0, "q": "good", "u": "kPa"}]}'
    )
    assert outcome.rows == [("E001.TK-101.PI-101", NOON_US, 1000.0, 2), ("E001.TK-101.PI-101", 0, 2.0, 0)]


def test_a_discrete_tag_takes_true_and_false() -> None:
    payload = b'{"t": 0, "values": {"TK-101.XS-101": true}}'
    assert decode(payload).rows == [("E001.TK-101.XS-101", 0, 1.0, 0)]
    payload = b'{"tag": "TK-101.XS-101", "t": [0, 1], "v": [true, false]}'
    assert [row[2] for row in decode(payload).rows] == [1.0, 0.0]


def test_null_of_bad_quality_is_a_sample_without_a_value() -> None:
    outcome = decode(b'{"tag": "TK-101.LI-101", "t": 0, "v": null, "q": "bad"}')
    assert math.isnan(outcome.rows[0][2])
    assert outcome.rows[0][3] == 2


def test_fields_we_do_not_know_are_ignored() -> None:
    outcome = decode(b'{"tag": "TK-101.LI-101", "t": 0, "v": 1, "seq": 7, "device": {"fw": [1, 2]}}')
    assert outcome.rows == [(LEVEL, 0, 1.0, 0)]


def test_a_byte_order_mark_is_forgiven() -> None:
    assert decode(b'\xef\xbb\xbf{"tag": "TK-101.LI-101", "t": 0, "v": 1}').rows == [(LEVEL, 0, 1.0, 0)]
