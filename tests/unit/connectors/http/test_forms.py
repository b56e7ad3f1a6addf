"""JSON, and that every form says the same of the same rows; that no bytes whatever break the decoder."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.http.body import BodyInvalid, BodyTooLarge
from connectors.http.decode import Content, Limits, NotTaken
from connectors.http.judge import Judged
from tests.unit.connectors.http.parks import ACME, ARROW, NOW_US, S_US, arrow, good, judged, problems, stream

JSON = "application/json"
T0, T1 = "2026-11-22T13:00:00+08:00", "2026-11-22T12:59:59+08:00"


def as_json(found: Any) -> Judged:
    return judged(json.dumps(found).encode(), JSON)


@pytest.mark.parametrize(
    "form",
    [
        [{"tag": "tank.LT", "time": T0, "value": 1.5}, {"tag": "tank.LT", "time": T1, "value": 2}],
        {"tag": ["tank.LT", "tank.LT"], "time": [T0, T1], "value": [1.5, 2]},
        {"tag": ["tank.LT"] * 2, "time": [1_795_323_600, 1_795_323_599_000], "value": [1.5, 2], "quality": "good"},
        {"tag": "tank.LT", "time": [T0, T1], "value": [1.5, 2]},
        {"samples": [{"tag": "tank.LT", "time": T0, "value": 1.5}, {"tag": "tank.LT", "t": T1, "v": 2}]},
        {"tag": "tank.LT", "t": [1_795_323_600_000, 1_795_323_599_000], "v": [1.5, 2]},
        {"t": [T0, T1], "values": {"tank.LT": [1.5, 2]}},
        {"time": [T0, T1], "values": {"LEVEL": [1.5, 2]}, "quality": {"LEVEL": ["good", "good"]}},
    ],
    ids=lambda form: json.dumps(form)[:50],
)
def test_every_form_of_json_says_the_same(form: Any) -> None:
    assert good(as_json(form)) == [("acme.tank.LT", S_US, 2.0, 0), ("acme.tank.LT", 0, 1.5, 0)]


@pytest.mark.parametrize("word", ["q", "quality"])
@pytest.mark.parametrize("time", ["t", "time"])
@pytest.mark.parametrize("value", ["v", "value"])
def test_a_quality_is_heard_whatever_words_stand_beside_it(word: str, time: str, value: str) -> None:
    assert good(as_json({"tag": "tank.LT", time: T0, value: 1.0, word: "bad"})) == [("acme.tank.LT", 0, 1.0, 2)]
    assert good(as_json([{"tag": "tank.LT", time: T0, value: None, word: "bad"}])) == [("acme.tank.LT", 0, None, 2)]


def test_units_are_converted_and_microseconds_are_kept() -> None:
    rows = [
        {"tag": "tank.PT", "time": NOW_US - 1, "value": 1, "unit": "MPa"},
        {"tag": "tank.PT", "time": NOW_US - 2, "value": 2},
    ]
    assert good(as_json(rows)) == [("acme.tank.PT", 2, 2.0, 0), ("acme.tank.PT", 1, 1000.0, 0)]


def test_bad_rows_are_named_and_kept_as_they_were_sent() -> None:
    rows: list[Any] = [
        {"tag": "tank.LT", "time": T0, "value": 1.0},
        {"tag": "tank.NO", "time": T0, "value": 1.0},
        "row",
        {"tag": "tank.LT", "time": "2026-11-22T13:00:00", "value": 1.0},
        {"tag": "tank.LT", "time": 12, "value": 1.0},
        {"tag": "tank.LT", "time": T1, "value": "1"},
        {"tag": "tank.LT", "time": T1, "value": 1.0, "quality": "fine"},
        {"tag": "tank.LT", "time": T1},
        {"tag": "tank.LT", "time": T1, "value": None},
        {"tag": "tank.PT", "time": T1, "value": 1.0, "unit": "m"},
    ]
    found = as_json(rows)
    assert [(row, field) for row, field, _ in problems(found)] == [
        *((2, "tag"), (3, ""), (4, "time"), (5, "time"), (6, "value"), (7, "quality"), (8, "value"), (9, "value")),
        (10, "unit"),
    ]
    assert len(found.tag) == 1
    kept = {refusal.reason: raw for refusal, raw in found.refusals}
    assert json.loads(kept["unknown_tag"])["tag"] == "tank.NO"
    assert b'"fine"' in kept["bad_quality"]


def test_times_of_bad_rows_are_kept_in_the_senders_words() -> None:
    times = [1_795_323_600, "2026-11-22 13:00+08", 12, "2027-01-01T00:00Z"]
    found = as_json([{"tag": "tank.NO", "time": time, "value": 1.0} for time in times])
    kept = b"".join(raw for _, raw in found.refusals).splitlines()
    assert [json.loads(line)["time"] for line in kept] == times
    future = as_json([{"tag": "tank.LT", "time": 1_895_323_600, "value": 1.0, "quality": "good", "unit": "m"}])
    assert problems(future) == [(1, "time", "1895323600")]


def test_nan_as_python_writes_it_spoils_its_own_row_alone() -> None:
    body = b'[{"tag":"tank.LT","time":1795323600,"value":NaN},{"tag":"tank.PT","time":1795323600,"value":1.5}]'
    found = judged(body, JSON)
    assert (len(found.tag), found.by_reason) == (1, {"not_a_number": 1})
    bad = judged(body.replace(b"NaN", b'NaN,"quality":"bad"'), JSON)
    assert len(bad.tag) == 2


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not empty"),
        (b"{}", "none"),
        (b"1", "send an object"),
        (b'"x"', "send an object"),
        (b"null", "send an object"),
        (b'{"tag": ["a"], "time": [1, 2], "value": [1]}', "different lengths"),
        (b'{"tag": "a", "samples": []}', "one of samples, values, tag"),
        (b"\xff\xfe", "charset"),
    ],
)
def test_what_is_no_form_is_refused_as_a_whole(body: bytes, word: str) -> None:
    with pytest.raises(BodyInvalid, match=word):
        judged(body, JSON)


def test_more_json_than_is_allowed_is_refused() -> None:
    rows = [{"tag": "tank.LT", "time": 1_795_000_000 + n, "value": 1} for n in range(11)]
    with pytest.raises(BodyTooLarge, match="10 samples"):
        judged(json.dumps(rows).encode(), JSON, limits=Limits(most_rows=10))
    with pytest.raises(BodyTooLarge, match="more than 100 bytes"):
        judged(json.dumps(rows).encode(), JSON, limits=Limits(most_json_bytes=100))


def test_hundreds_of_made_up_units_are_no_work_for_us() -> None:
    rows = [{"tag": "tank.PT", "time": 1_795_000_000 + n, "value": 1, "unit": f"u{n}"} for n in range(300)]
    with pytest.raises(BodyInvalid, match="more than 200 units"):
        as_json(rows)
    lines = ["tag,time,value,unit", *(f"tank.PT,{row['time']},1,{row['unit']}" for row in rows)]
    with pytest.raises(BodyInvalid, match="300 different units"):
        judged("\n".join(lines).encode())


# --- all forms

_TAGS = {
    "tank.LT": "",
    "LEVEL": "",
    "tank.PT": "",
    "SAME": "ambiguous_tag",
    "zeta.well.LT": "foreign_tag",
    "x": "unknown_tag",
}
_TIMES = {
    T0: "",
    T1: "",
    "1795323598": "",
    "2026-11-22T13:00:00": "naive_time",
    "2026-11-31T13:00:00Z": "bad_time",
    "": "missing_time",
    "2027-01-01T00:00:00Z": "future",
    "2020-01-01T00:00:00Z": "past",
}
_VALUES = ("1.5", "-2e3", "high", "")
_QUALITIES = {"good": "", "": "", "bad": "", "uncertain": "", "fine": "bad_quality"}
_rows = st.lists(
    st.tuples(*(st.sampled_from(sorted(one)) for one in (_TAGS, _TIMES, _VALUES, _QUALITIES))), min_size=1, max_size=12
)


def _naive(rows: list[tuple[str, ...]]) -> tuple[set[int], dict[int, str], set[int]]:
    """Rows that are good, the reason of each that is bad, those that are said again; row by row, in a plain loop."""
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    fine, bad, again = set(), {}, set()
    for number, (tag, time, value, quality) in enumerate(rows, 1):
        number_is = "not_a_number" if value == "high" or (value == "" and quality != "bad") else ""
        clock = _TIMES[time] if _TIMES[time] in ("future", "past") else ""
        reasons = (_TAGS[tag], "" if clock else _TIMES[time], _QUALITIES[quality], number_is, clock)
        reason = next((one for one in reasons if one), "")
        key = ("tank.LT" if tag == "LEVEL" else tag, time)
        said = (value, quality or "good")
        if reason:
            bad[number] = reason
        elif key not in kept:
            kept[key] = said
            fine.add(number)
        elif kept[key] == said:
            again.add(number)
        else:
            bad[number] = "conflicting_duplicate"
    return fine, bad, again


def _counts(found: Judged) -> tuple[int, dict[str, int], int]:
    return len(found.tag), found.by_reason, found.duplicates


@given(_rows)
def test_csv_arrow_and_json_judge_as_a_plain_loop_does(rows: list[tuple[str, ...]]) -> None:
    fine, bad, again = _naive(rows)
    expected = (len(fine), {one: list(bad.values()).count(one) for one in bad.values()}, len(again))
    lines = ["tag,time,value,quality", *(",".join(row) for row in rows)]
    columns = dict(zip(("tag", "time", "value", "quality"), map(list, zip(*rows, strict=True)), strict=True))
    in_json = [
        {
            "tag": tag,
            "time": int(time) if time.isdigit() else time or None,
            "value": float(value) if value not in ("", "high") else value or None,
            "quality": quality or None,
        }
        for tag, time, value, quality in rows
    ]
    found = {
        "csv": judged("\n".join(lines).encode()),
        "arrow": arrow(pa.table(columns)),
        "json": judged(json.dumps(in_json).encode(), JSON),
    }
    for form, one in found.items():
        assert _counts(one) == expected, form
        assert [problem.row for problem in one.problems] == sorted(bad), form
        assert good(one) == good(found["csv"]), form


# --- any bytes

_SEEDS = [
    b"tag,time,value,quality\ntank.LT,2026-11-22T13:00:00+08:00,1,good\n",
    b"time,tank.LT,tank.PT\n2026-11-22T13:00:00+08:00,1,2\n",
    b'[{"tag":"tank.LT","time":1795323600,"value":1.5,"quality":"good"}]',
    b'{"t":[1795323600000],"values":{"tank.LT":[1]},"q":{"tank.LT":["good"]}}',
    *(
        stream(
            pa.table(
                {
                    "tag": pa.array(["tank.LT", "tank.PT"]).dictionary_encode(),
                    "time": pa.array([NOW_US, NOW_US], pa.timestamp("us", "UTC")),
                    "value": [1.0, np.nan],
                    "quality": ["good", "bad"],
                }
            ),
            **options,
        )
        for options in ({}, {"compression": "zstd"})
    ),
]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(_SEEDS)))
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(data) - 1))
        data[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
        data = data or bytearray(b"x")
    return bytes(data)


def _survives(body: bytes, kind: str, encoding: str) -> None:
    try:
        found = judged(body, kind, encoding, limits=Limits(most_bytes=10_000_000, most_rows=10_000))
    except (BodyInvalid, BodyTooLarge) as error:
        if not str(error):
            raise
        return
    assert found.rows == len(found.tag) + found.rejected + found.duplicates
    assert sum(found.by_reason.values()) == found.rejected
    assert np.isin(found.tag, [target.ix for target in ACME.names.known.values()]).all()


_any = given(
    body=st.binary(max_size=300) | _mutated(),
    kind=st.sampled_from([JSON, "text/csv", "text/csv; charset=gbk", "text/csv; charset=utf-16", ARROW]),
    encoding=st.sampled_from(["", "", "", "gzip", "zstd"]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@_any
def test_any_bytes_are_judged_or_refused_with_a_sentence(body: bytes, kind: str, encoding: str) -> None:
    _survives(body, kind, encoding)


@pytest.mark.slow
@settings(max_examples=100_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@_any
def test_any_bytes_are_judged_or_refused_in_the_long_form(body: bytes, kind: str, encoding: str) -> None:
    _survives(body, kind, encoding)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_headers_are_understood_or_refused_with_what_to_send(kind: str, encoding: str) -> None:
    try:
        Content.of_headers(kind, encoding)
    except NotTaken as error:
        if "send" not in str(error):
            raise
