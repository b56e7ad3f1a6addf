"""From packets to samples and reported means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import Rows
from connectors.hj212.beijing import text_of, time_us
from connectors.hj212.packet import parse
from connectors.hj212.readings import Reader, Reading
from park.quality import HJ212_FLAGS, Detail, Quality, describe, quality_byte
from tests.unit.connectors.hj212.oracles import MN, calm, segment, tags_at

AT = "DataTime=20160801085857"
AT_US = 1_470_013_137_000_000


def read(content: str, *addresses: str, strict: bool = False, **fields: object) -> tuple[Rows, Reading]:
    rows = Rows()
    packet = parse(segment(content, **fields))
    return rows, Reader(tags_at(*addresses), "hj").read(packet, rows, strict=strict)


def reasons(reading: Reading) -> list[str]:
    return [one.reason for one in reading.refusals]


@pytest.mark.parametrize("flag", sorted(HJ212_FLAGS))
def test_every_data_flag_becomes_its_quality(flag: str) -> None:
    rows, _ = read(f"{AT};a21026-Rtd=12.5,a21026-Flag={flag}", "a21026")
    assert (rows.value, rows.quality) == ([12.5], [HJ212_FLAGS[flag]])


def test_a_value_without_flag_is_good() -> None:
    rows, _ = read(f"{AT};a21026-Rtd=12.5", "a21026")
    assert (rows.tag, rows.time_us, rows.value, rows.quality) == ([0], [AT_US], [12.5], [0])


def test_the_flag_may_stand_before_the_value_and_after_a_semicolon() -> None:
    rows, _ = read(f"{AT};a21026-Flag=D;a21026-Rtd=12.5", "a21026")
    assert rows.quality == [HJ212_FLAGS["D"]]


def test_one_flag_holds_for_all_values_of_its_item() -> None:
    rows, _ = read(f"{AT};a21026-Rtd=12.5,a21026-ZsRtd=14,a21026-Flag=C", "a21026", "a21026-ZsRtd")
    assert rows.value == [12.5, 14.0]
    assert rows.quality == [HJ212_FLAGS["C"]] * 2


def test_two_tags_may_come_from_one_value() -> None:
    rows, _ = read(f"{AT};a21026-Rtd=12.5", "a21026", "a21026-Rtd")
    assert (rows.tag, rows.value) == ([0, 1], [12.5, 12.5])


def test_milliseconds_of_a_time_count() -> None:
    rows, _ = read("DataTime=20160801085857123;a21026-Rtd=1", "a21026")
    assert rows.time_us == [AT_US + 123_000]


@pytest.mark.parametrize(
    ("text", "value", "deviation"),
    [
        ("7.1", 7.1, ""),
        ("-0.5", -0.5, ""),
        ("0", 0.0, ""),
        ("1e3", 1000.0, "number_form"),
        ("+5", 5.0, "number_form"),
        (".5", 0.5, "number_form"),
        ("5.", 5.0, "number_form"),
        (" 5 ", 5.0, ""),  # the blank is told by the packet
    ],
)
def test_numbers_as_senders_write_them(text: str, value: float, deviation: str) -> None:
    rows, reading = read(f"{AT};a21026-Rtd={text},a21026-Flag=N", "a21026")
    assert rows.value == [value]
    assert (deviation in reading.deviations) == bool(deviation)


@pytest.mark.parametrize("text", ["", "-", "--", "NaN", "nan", "null", "N/A"])
def test_no_value_is_kept_as_bad(text: str) -> None:
    rows, reading = read(f"{AT};a21026-Rtd={text},a21026-Flag=N;w01018-Rtd={text},w01018-Flag=F", "a21026", "w01018")
    assert all(math.isnan(value) for value in rows.value)
    assert [describe(one) for one in rows.quality] == ["bad", describe(HJ212_FLAGS["F"])]
    assert reading.deviations == ("no_value",)
    rows.batch(received_us=0, origin="hj")


@pytest.mark.parametrize(
    "text", ["1,000", "12a", "0x10", "1_000", "１２", "inf", "-inf", "1e999", "9" * 60, "1.2.3", "1 2", "∞", "٣"]
)
def test_what_is_no_number_is_refused_with_its_name_and_nothing_is_guessed(text: str) -> None:
    rows, reading = read(f"{AT};a21026-Rtd={text},a21026-Flag=N;w01018-Rtd=2", "a21026", "w01018")
    assert rows.value == [2.0]
    assert reasons(reading) == ["bad_value"]
    assert "a21026-Rtd" in reading.refusals[0].detail


@pytest.mark.parametrize(("flag", "deviation"), [("X", "unknown_flag"), ("RF", "unknown_flag"), ("", "empty_flag")])
def test_a_flag_that_means_nothing_is_told(flag: str, deviation: str) -> None:
    rows, reading = read(f"{AT};a21026-Rtd=1,a21026-Flag={flag}", "a21026")
    expected = quality_byte(Quality.UNCERTAIN) if flag else quality_byte(Quality.GOOD)
    assert (rows.quality, reading.deviations) == ([expected], (deviation,))


def test_a_small_flag_is_read() -> None:
    rows, reading = read(f"{AT};a21026-Rtd=1,a21026-Flag=d", "a21026")
    assert rows.quality == [quality_byte(Quality.BAD, Detail.DEVICE_FAILURE)]
    assert reading.deviations == ("flag_case",)


@pytest.mark.parametrize("item", ["a21026-Rtd=1e3", "a21026-Rtd=--", "a21026-Rtd=1,a21026-Flag=x"])
def test_strict_mode_refuses_odd_values(item: str) -> None:
    rows, reading = read(f"{AT};{item};w01018-Rtd=2", "a21026", "w01018", strict=True)
    assert (reasons(reading), rows.value) == (["strict"], [2.0])


@pytest.mark.parametrize(
    "text", ["20160231000000", "20161301000000", "20160801250000", "20160801086000", "2016", "", "2016080108585７"]
)
def test_an_impossible_date_is_refused_by_the_field_that_holds_it(text: str) -> None:
    rows, reading = read(f"DataTime={text};a21026-Rtd=1", "a21026")
    assert (reasons(reading), len(rows)) == (["bad_time"], 0)
    assert "DataTime" in reading.refusals[0].detail
    rows, reading = read(f"{AT};a21026-SampleTime={text},a21026-Rtd=1;w01018-Rtd=2", "a21026", "w01018")
    assert (reasons(reading), rows.value) == (["bad_time"], [2.0])
    assert "a21026-SampleTime" in reading.refusals[0].detail


def test_a_bad_date_is_refused_even_where_no_tag_wants_the_values() -> None:
    packet = parse(segment("DataTime=20160231000000;a21026-Rtd=1", mn="F" * 24))
    assert reasons(Reader(tags_at("a21026"), "hj").read(packet, Rows())) == ["bad_time"]


def test_values_without_a_time_are_refused() -> None:
    rows, reading = read("a21026-Rtd=1", "a21026")
    assert (reasons(reading), len(rows)) == (["missing_time"], 0)


def test_a_request_that_is_echoed_is_nothing() -> None:
    for content in ("", "BeginTime=20160801000000;EndTime=20160801010000"):
        rows, reading = read(content, "a21026", cn="2051")
        assert (reading, len(rows)) == (Reading(), 0)


@pytest.mark.parametrize("cn", ["2081", "3015", "3019", "1013", "9015", "9014", "2012", "7777"])
def test_packets_that_carry_no_values_become_no_rows(cn: str) -> None:
    rows, reading = read(f"{AT};a21026-Rtd=1", "a21026", cn=cn)
    assert (reading, len(rows)) == (Reading(), 0)


@pytest.mark.parametrize("content", ["A0b1C2d3E4f5A0b1C2d3E4f5==", "A0B1C2D3E4F5A0B1C2D3E4F5A0B1C2D3"])
def test_what_is_encrypted_waits_for_a_key(content: str) -> None:
    _, reading = read(content, "a21026", flag=9)
    assert reasons(reading) == ["needs_key"]


@pytest.mark.parametrize(
    ("st", "code", "address", "found"),
    [
        ("31", "02", "a21026", True),
        ("31", "S01", "a19001", True),
        ("32", "011", "w01018", True),
        ("31", "011", "w01018", False),
        ("32", "02", "a21026", False),
        ("32", "011", "011", True),
        ("31", "B02", "a00000", True),
    ],
)
def test_old_codes_are_found_by_their_new_names_within_their_medium(
    st: str, code: str, address: str, found: bool
) -> None:
    rows, _ = read(f"{AT};{code}-Rtd=5,{code}-Flag=N", address, st=st, flag=None, qn="")
    assert rows.value == ([5.0] if found else [])


def test_codes_that_no_tag_takes_are_remembered() -> None:
    reader = Reader(tags_at("a21026"), "hj")
    reader.read(parse(segment(f"{AT};a21026-Rtd=1;a21002-Rtd=2")), Rows())
    assert reader.unmapped(MN) == {"a21002"}
    assert reader.unmapped("other") == frozenset()
    assert MN in reader
    assert "other" not in reader


_HOUR = "DataTime=20160801080000;a21026-Cou=3,a21026-Min=1,a21026-Avg=2,a21026-Max=4,a21026-ZsAvg=2.5,a21026-Flag=D"


def test_reported_means_keep_all_that_is_said_and_their_flag() -> None:
    rows, _ = read(_HOUR, "a21026", cn="2061")
    batch = rows.period_batch()
    assert batch is not None
    assert (batch.avg[0], batch.min[0], batch.max[0], batch.cou[0], batch.zs_avg[0]) == (2, 1, 4, 3, 2.5)
    assert math.isnan(batch.zs_min[0])
    assert (chr(batch.flag[0]), batch.start_us[0], batch.length_s[0], batch.asked[0]) == (
        "D",
        time_us("20160801080000"),
        3_600,
        False,
    )
    assert len(rows) == 0


def test_a_mean_whose_tag_is_the_mean_itself_is_reported_too() -> None:
    rows, _ = read(_HOUR, "a21026-Avg", cn="2051")
    assert (rows.tag, rows.value) == ([0], [2.0])
    assert [row[:3] for row in rows.periods] == [(0, 600, time_us("20160801080000"))]


def test_means_of_hours_become_no_samples() -> None:
    rows, _ = read(_HOUR, "a21026-Avg", cn="2061")
    assert (len(rows), len(rows.periods)) == (0, 1)


def test_a_mean_that_is_no_number_is_left_out_and_told() -> None:
    rows, reading = read("DataTime=20160801080000;a21026-Avg=1,000,a21026-Max=4", "a21026", cn="2061")
    assert reasons(reading) == ["bad_value"]
    assert math.isnan(rows.periods[0][3])
    assert rows.periods[0][5] == 4.0


def test_what_was_asked_for_is_marked() -> None:
    rows = Rows()
    Reader(tags_at("a21026"), "hj").read(parse(segment(_HOUR, cn="2061")), rows, asked=True)
    assert rows.periods[0][-1] is True


def test_the_length_of_minute_data_is_learnt_from_their_distance() -> None:
    reader, rows = Reader(tags_at("a21026"), "hj"), Rows()
    for minute in ("0840", "0841", "0842"):
        reader.read(parse(segment(f"DataTime=20160801{minute}00;a21026-Avg=2", cn="2051", qn="")), rows)
    assert [row[1] for row in rows.periods] == [600, 60, 60]


def test_the_length_of_the_first_minute_data_is_read_from_when_they_were_sent() -> None:
    rows, _ = read("DataTime=20160801084000;a21026-Avg=2", "a21026", cn="2051", qn="20160801084500020")
    assert rows.periods[0][1] == 300


def test_the_length_of_minute_data_may_be_told() -> None:
    rows = Rows()
    packet = parse(segment("DataTime=20160801084000;a21026-Avg=2", cn="2051"))
    Reader(tags_at("a21026"), "hj").read(packet, rows, minute_s=120)
    assert rows.periods[0][1] == 120


def test_beijing_times_are_eight_hours_ahead() -> None:
    assert time_us("19700101080000") == 0
    assert time_us("19700101075959999") == -1_000
    assert text_of(0, milliseconds=True) == "19700101080000000"
    assert text_of(AT_US) == "20160801085857"


_CODES = ("a21026", "a21002", "a34013", "a19001")
_TEXTS = st.one_of(st.integers(-999, 9_999).map(str), st.sampled_from(["7.25", "", "--", "1e3", "x", "1,000", " 4"]))
_FLAGS = st.sampled_from([None, None, *HJ212_FLAGS, "X", "n"])


def naive(items: dict[str, tuple[str, str | None]]) -> dict[int, tuple[float | None, int]]:
    """Tag -> value and quality, each item by itself."""
    found: dict[int, tuple[float | None, int]] = {}
    for ix, (text, flag) in enumerate(items.values()):
        quality = HJ212_FLAGS.get((flag or "N").upper(), int(Quality.UNCERTAIN))
        try:
            found[ix] = float(text), quality
        except ValueError:
            if text in ("", "--"):
                found[ix] = None, quality if quality & 3 == Quality.BAD else int(Quality.BAD)
    return found


@calm
@given(st.dictionaries(st.sampled_from(_CODES), st.tuples(_TEXTS, _FLAGS)))
def test_each_item_is_read_as_if_it_stood_alone(items: dict[str, tuple[str, str | None]]) -> None:
    written = [
        f"{code}-Rtd={text}" + ("" if flag is None else f",{code}-Flag={flag}") for code, (text, flag) in items.items()
    ]
    rows, reading = read(";".join([AT, *written]), *items)
    found = {
        tag: (None if math.isnan(value) else value, quality)
        for tag, value, quality in zip(rows.tag, rows.value, rows.quality, strict=True)
    }
    assert found == naive(items)
    assert set(rows.time_us) <= {AT_US}
    refused = sum(text in ("x", "1,000") for text, _ in items.values())
    assert len(found) == len(items) - refused
    assert bool(reading.refusals) == bool(refused)
