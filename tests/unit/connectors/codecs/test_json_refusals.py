"""What is refused, by which word, and that the rest of the message is kept."""

import json

import pytest

from connectors.codecs.conversion import conversion
from tests.unit.connectors.codecs.parks import NOON_MS, decode


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        pytest.param({"tag": "TK-101.NONE"}, "unknown_tag", id="no such tag"),
        pytest.param({"tag": ["TK-101.LI-101"]}, "unknown_tag", id="tag is a list"),
        pytest.param({"tag": "E002.TK-101.LI-101"}, "foreign_tag", id="another enterprise's tag"),
        pytest.param({"tag": "E002.TK-101.NONE"}, "foreign_tag", id="another enterprise's tag that does not exist"),
        pytest.param({"tag": "park.WS.WIND"}, "foreign_tag", id="the park's own tag"),
        pytest.param({"tag": "E009.TK-101.LI-101"}, "unknown_tag", id="an enterprise that does not exist"),
        pytest.param({"tag": "twin"}, "ambiguous_tag", id="an address of two tags"),
        pytest.param({"tag": "TK-101.OPC"}, "wrong_connector", id="a tag that comes over OPC UA"),
        pytest.param({"t": None}, "missing_time", id="no time"),
        pytest.param({"t": "2026-11-22T05:00:00"}, "naive_time", id="time without zone"),
        pytest.param({"t": "2026-11-22 05:00"}, "bad_time", id="half a time"),
        pytest.param({"t": "soon"}, "bad_time", id="not a time"),
        pytest.param({"t": 1.5}, "bad_time", id="fraction of a millisecond"),
        pytest.param({"t": 10**17}, "bad_time", id="beyond the year 9999"),
        pytest.param({"t": True}, "bad_time", id="true is no time"),
        pytest.param({"v": "12.3"}, "not_a_number", id="text"),
        pytest.param({"v": None}, "not_a_number", id="null of good quality"),
        pytest.param({"v": None, "q": "uncertain"}, "not_a_number", id="null of uncertain quality"),
        pytest.param({"v": True}, "not_a_number", id="true for a tag that is not discrete"),
        pytest.param({"v": {}}, "not_a_number", id="object"),
        pytest.param({"v": 10**400}, "not_a_number", id="too large"),
        pytest.param({"v": 1e308, "u": "km"}, "not_a_number", id="too large once converted"),
        pytest.param({"q": "fine"}, "bad_quality", id="quality we do not know"),
        pytest.param({"q": 192}, "bad_quality", id="quality of OPC"),
        pytest.param({"u": "ppm"}, "unit_mismatch", id="unit of something else"),
        pytest.param({"u": "furlongish"}, "unit_mismatch", id="not a unit"),
        pytest.param({"u": 7}, "unit_mismatch", id="unit is a number"),
    ],
)
@pytest.mark.parametrize("form", ["single", "sample"])
def test_a_bad_row_is_refused_by_name(form: str, sample: dict[str, object], reason: str) -> None:
    row = {"tag": "TK-101.LI-101", "t": NOON_MS, "v": 1.5, **sample}
    outcome = decode(json.dumps(row if form == "single" else {"samples": [row]}).encode())
    assert outcome.reasons == [reason]
    assert not outcome.rows


def test_a_sample_without_a_tag_is_refused() -> None:
    assert decode(b'{"samples": [{"t": 0, "v": 1}]}').reasons == ["unknown_tag"]


def test_good_rows_are_kept_and_bad_ones_grouped_by_reason() -> None:
    good = {"tag": "TK-101.LI-101", "t": 0, "v": 1}
    bad = [{**good, "v": "x"}, {**good, "tag": "nope"}, {**good, "v": "y"}, {**good, "tag": "E002.TK-101.SECRET"}]
    outcome = decode(json.dumps({"samples": [good, *bad, good]}).encode())
    assert len(outcome.rows) == 2
    assert outcome.reasons == ["not_a_number", "unknown_tag", "foreign_tag"]
    assert outcome.refusals[0].detail.endswith("(and 1 more rows)")


def test_one_bad_value_does_not_cost_its_column() -> None:
    outcome = decode(b'{"tag": "TK-101.LI-101", "t": [0, 1, 2], "v": [1, null, 3]}')
    assert [row[2] for row in outcome.rows] == [1.0, 3.0]
    assert outcome.reasons == ["not_a_number"]


def test_one_short_column_does_not_cost_the_others() -> None:
    outcome = decode(b'{"t": [0, 1], "values": {"TK-101.LI-101": [1], "TK-101.TI-101": [20, 21]}}')
    assert [row[2] for row in outcome.rows] == [20.0, 21.0]
    assert outcome.reasons == ["bad_shape"]


def test_a_sender_cannot_find_out_which_tags_another_has() -> None:
    details = [
        decode(json.dumps({"tag": f"E002.TK-101.{tag}", "t": 0, "v": 1}).encode()).refusals[0].detail.replace(tag, "X")
        for tag in ("SECRET", "NOTHING")
    ]
    assert details[0] == details[1]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe\x00", b'{"tag": "TK-101.LI', b"{} {}", b"[" * 100_000, b'{"t": 1' + b"0" * 5000 + b"}"],
    ids=["nothing", "not text", "cut off", "two objects", "too deep", "endless number"],
)
def test_what_is_not_json_is_undecodable(payload: bytes) -> None:
    assert decode(payload).reasons == ["undecodable"]


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_literal_that_json_has_not_refuses_the_whole_message_and_says_what_to_send(word: str) -> None:
    payload = f'{{"samples": [{{"tag": "TK-101.LI-101", "t": 0, "v": 1}}, {{"tag": "x", "t": 0, "v": {word}}}]}}'
    outcome = decode(payload.encode())
    assert not outcome.rows
    assert outcome.reasons == ["undecodable"]
    assert '"q": "bad"' in outcome.refusals[0].detail


@pytest.mark.parametrize(
    "message",
    [
        [],
        7,
        {},
        {"samples": []},
        {"samples": [1]},
        {"samples": {}},
        {"values": {}, "t": 0},
        {"values": [1], "t": 0},
        {"tag": "TK-101.LI-101", "samples": []},
        {"tag": "TK-101.LI-101", "t": [], "v": []},
        {"tag": "TK-101.LI-101", "t": [1, 2], "v": [1]},
        {"tag": "TK-101.LI-101", "t": [1, 2], "v": 1},
        {"tag": "TK-101.LI-101", "t": [1, 2], "v": [1, 2], "q": ["good"]},
        {"tag": "TK-101.LI-101", "t": 1, "v": 1, "units": "m"},
    ],
    ids=json.dumps,
)
def test_json_of_another_shape_is_refused(message: object) -> None:
    outcome = decode(json.dumps(message).encode())
    assert set(outcome.reasons) == {"bad_shape"}
    assert not outcome.rows


def test_details_are_fit_for_a_database() -> None:
    outcome = decode(b'{"tag": "\\ud800\\u0000", "t": 0, "v": 1}')
    assert outcome.reasons == ["unknown_tag"]
    assert "\0" not in outcome.refusals[0].detail.encode().decode()


@pytest.mark.parametrize("unit", ["9**9**9**9", "9^9^9^9", "m^999999999", "m" * 100_000, "(((((m)))))", "__import__"])
@pytest.mark.timeout(5)
def test_a_hostile_unit_costs_no_time(unit: str) -> None:
    assert isinstance(conversion(unit, "m"), str) or unit == "(((((m)))))"
