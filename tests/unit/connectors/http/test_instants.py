"""Columns of times, held against the standard library, text by text."""

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.faults import FAULTS
from connectors.http.instants import of_column
from tests.unit.connectors.http.parks import NOW_US, judged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?"
)


def _oracle(text: str | None) -> tuple[str, int]:
    """Fault and microseconds of one text; written down row by row, with datetime."""
    text = (text or "").strip()
    if not text:
        return "missing_time", 0
    if re.fullmatch(r"\d{9,17}", text, re.ASCII):
        number = int(text)
        for least, beyond, factor in ((10**8, 10**11, 10**6), (10**11, 10**14, 1000), (10**14, 10**17, 1)):
            if least <= number < beyond:
                return "", number * factor
        return "bad_time", 0
    found = _FORM.fullmatch(text) if text.isascii() else None
    if found is None:
        return "bad_time", 0
    day, minute, second, fraction, zulu, sign, hours, minutes = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}").replace(tzinfo=UTC)
    except ValueError:
        return "bad_time", 0
    micros = (int(((fraction or "") + "0" * 9)[:9]) + 500) // 1000
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if int(minutes or 0) > 59 or ahead > timedelta(hours=14):
        return "bad_time", 0
    if not zulu and not sign:
        return "naive_time", 0
    us = (at - _EPOCH) // timedelta(microseconds=1) + micros
    return "", us - (-1 if sign == "-" else 1) * (ahead // timedelta(microseconds=1))


_two = st.integers(0, 70).map("{:02d}".format)
_texts = st.one_of(
    st.none(),
    st.sampled_from(["", "  ", "now", "2026-11-22", "1e9", "-1", "１７９５３２３６００", "2026-02-30T01:00:00Z"]),
    st.integers(-5, 10**18).map(str),
    st.builds(
        "{}{}-{}-{}{}{}:{}{}{}{}".format,
        st.sampled_from(["", " "]),
        st.sampled_from(["2026", "2024", "1969", "0000", "9999"]),
        _two,
        _two,
        st.sampled_from(["T", " ", "t", "/"]),
        _two,
        _two,
        st.one_of(st.just(""), _two.map(":{}".format)),
        st.sampled_from(["", ".5", ".123456", ".1234567", ".123456789", ",25", "."]),
        st.sampled_from(["Z", "z", "+08:00", "+0800", "-05:30", "+08", "", "+15:00", "+08:60", " +08:00", "-00:00"]),
    ),
)
_sound = st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1)).map(lambda at: f"{at.isoformat()}+08:00")


@given(st.lists(_texts | _sound, max_size=20))
def test_texts_are_read_as_one_by_one(texts: list[str | None]) -> None:
    found = of_column(pa.array(texts, pa.string()))
    expected = [_oracle(text) for text in texts]
    assert [FAULTS[fault].reason for fault in found.fault] == [fault for fault, _ in expected]
    assert [int(us) for us, fault in zip(found.time_us, found.fault, strict=True) if not fault] == [
        us for fault, us in expected if not fault
    ]


@given(st.lists(_sound, min_size=1, max_size=20))
def test_a_column_in_which_all_is_right_is_read_the_same_by_the_quick_road(texts: list[str]) -> None:
    quick, careful = of_column(pa.array(texts)), of_column(pa.array([*texts, "x"]))
    assert not quick.fault.any()
    np.testing.assert_array_equal(quick.time_us, careful.time_us[:-1])


_zones = st.sampled_from(["Z", "z", "+08:00", "+0800", "+08", "-05:30"])
_short = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["2026-11-21", "2026-11-01"]),
    st.sampled_from(["T", " "]),
    st.sampled_from(["12:30", "00:00"]),
    st.sampled_from(["", ":00", ":59"]),
    st.just(""),
    _zones,
)
_fine = st.builds(
    "2026-11-21T12:30:{:02d}{}{}{}".format,
    st.integers(0, 59),
    st.sampled_from([".", ","]),
    st.integers(0, 10**9 - 1).map("{:09d}".format),
    _zones,
)


@given(_short | _fine)
def test_a_time_is_the_same_whether_it_comes_as_csv_or_as_json(text: str) -> None:
    in_csv = judged(f'tag,time,value\ntank.LT,"{text}",1'.encode())
    in_json = judged(json.dumps({"tag": "tank.LT", "time": text, "value": 1}).encode(), "application/json")
    assert in_csv.time_us.tolist() == in_json.time_us.tolist() != []
    assert in_csv.time_us[0] < NOW_US


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_with_a_zone_are_taken_in_every_unit(unit: str) -> None:
    ticks = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    column = pa.array([1_795_323_600 * ticks, None], pa.timestamp(unit, "Asia/Shanghai"))
    found = of_column(column)
    assert int(found.time_us[0]) == 1_795_323_600_000_000
    assert [FAULTS[one].reason for one in found.fault] == ["", "missing_time"]


def test_timestamps_without_a_zone_are_naive() -> None:
    found = of_column(pa.array([1], pa.timestamp("us")))
    assert FAULTS[found.fault[0]].reason == "naive_time"


def test_a_timestamp_that_no_microsecond_holds_is_no_time() -> None:
    found = of_column(pa.array([2**62], pa.timestamp("s", "UTC")))
    assert FAULTS[found.fault[0]].reason == "bad_time"


@pytest.mark.parametrize("column", [pa.array([1.5]), pa.array([True]), pa.array([[1]]), pa.array([b"x"])])
def test_other_columns_are_refused(column: pa.Array) -> None:
    with pytest.raises(TypeError, match="send timestamps with a zone"):
        of_column(column)
