"""CSV and Arrow: what is a sample and what is not."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from connectors.http.body import BodyInvalid, BodyTooLarge
from connectors.http.decode import Limits
from tests.unit.connectors.http.parks import (
    ARROW,
    NOW_US,
    PARK_KEY,
    S_US,
    arrow,
    csv,
    good,
    judged,
    problems,
    stream,
)

T0, T1, T2 = "2026-11-22T13:00:00+08:00", "2026-11-22T12:59:59+08:00", "2026-11-22T04:59:58Z"


def long(**columns: Any) -> pa.Table:
    usual = {"tag": ["tank.LT"], "time": pa.array([NOW_US], pa.timestamp("us", "UTC")), "value": [1.0]}
    return pa.table(usual | columns)


# --- CSV


def test_long_and_wide_say_the_same() -> None:
    tall = csv("tag,time,value", f"tank.LT,{T0},1", f"tank.PT,{T0},2", f"tank.LT,{T1},3")
    wide = csv("time,tank.LT,acme.tank.PT", f"{T0},1,2", f"{T1},3,")
    assert (
        sorted(good(tall))
        == sorted(good(wide))
        == [("acme.tank.LT", 0, 1.0, 0), ("acme.tank.LT", S_US, 3.0, 0), ("acme.tank.PT", 0, 2.0, 0)]
    )


def test_samples_leave_oldest_first() -> None:
    found = csv("tag,time,value", f"tank.LT,{T0},0", f"tank.LT,{T2},2", f"tank.LT,{T1},1")
    assert list(found.value) == [2.0, 1.0, 0.0]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_line_ends_order_case_and_blanks_do_not_matter(separator: str, end: str) -> None:
    lines = [separator.join(one) for one in (["Quality", " VALUE ", "Time", "TAG"], ["GOOD ", " 8.5", T0, "tank.LT"])]
    assert good(judged((end.join(lines) + end + end).encode())) == [("acme.tank.LT", 0, 8.5, 0)]


def test_a_spreadsheets_charset_is_read_when_it_is_named() -> None:
    body = f"tag,time,value\n储罐,{T0},1\ntank.LT,{T0},1\n".encode("gbk")
    found = judged(body, "text/csv; charset=GBK")
    assert problems(found) == [(1, "tag", "储罐")]
    with pytest.raises(BodyInvalid, match="charset"):
        judged(body)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert len(judged(b"\xef\xbb\xbftag,time,value\n" + f"tank.LT,{T0},1".encode()).tag) == 1


def test_rows_are_numbered_as_they_stand_though_some_are_torn_or_blank() -> None:
    found = csv(
        "tag,time,value", f"tank.LT,{T0},1", "", "torn", f"tank.PT,{T0},x", f"a,{T0},1,2", f"tank.PT,{T1},2", "no,way,1"
    )
    assert problems(found) == [(2, "", "torn"), (3, "value", "x"), (4, "", f"a,{T0},1,2"), (6, "tag", "no")]
    assert (len(found.tag), found.rejected, found.rows) == (2, 4, 6)
    assert found.by_reason == {"bad_shape": 2, "not_a_number": 1, "unknown_tag": 1}


def test_the_bytes_of_bad_rows_are_kept_and_no_others() -> None:
    found = csv("tag,time,value", f"tank.LT,{T0},1", f"tank.NO,{T0},2", "torn", f"tank.LT,{T0},8")
    kept = {refusal.reason: raw.decode() for refusal, raw in found.refusals}
    assert "tank.NO" in kept["unknown_tag"]
    assert "torn" in kept["bad_shape"]
    assert '"8"' in kept["conflicting_duplicate"]
    assert not [raw for raw in kept.values() if '"1"' in raw]


@pytest.mark.parametrize(
    ("value", "quality", "told"),
    [
        ("1e3", "good", (1000.0, 0)),
        ("+.5", "uncertain", (0.5, 1)),
        ("", "bad", (None, 2)),
        ("NaN", "BAD", (None, 2)),
        ("null", "bad", (None, 2)),
        ("7", "bad", (7.0, 2)),
        ("", "", "not_a_number"),
        ("nan", "good", "not_a_number"),
        ("inf", "good", "not_a_number"),
        ("-Infinity", "bad", "not_a_number"),
        ("1e999", "bad", "not_a_number"),
        ("high", "bad", "not_a_number"),
        ("1,5", "good", "not_a_number"),
        ("0x10", "good", "not_a_number"),
        ("true", "good", "not_a_number"),
        ("1", "fine", "bad_quality"),
        ("1", "2", "bad_quality"),
    ],
)
@pytest.mark.parametrize("companion", ["1", "x"], ids=["all are numbers", "one is none"])
def test_values_and_qualities(value: str, quality: str, told: object, companion: str) -> None:
    found = csv("tag,time,value,quality", f'tank.LT,{T0},"{value}",{quality}', f"tank.PT,{T0},{companion},")
    mine = [(one[2], one[3]) for one in good(found) if one[0].endswith("LT")]
    if isinstance(told, tuple):
        assert mine == [told]
    else:
        assert mine == []
        assert told in found.by_reason


def test_true_and_false_are_values_of_discrete_tags() -> None:
    found = csv("tag,time,value", f"tank.XV,{T0},true", f"tank.XV,{T1},FALSE", f"tank.LT,{T1},true")
    assert [one[2] for one in good(found)] == [0.0, 1.0]
    assert problems(found) == [(3, "value", "true")]


def test_units_that_convert_are_converted_and_others_refused() -> None:
    found = csv(
        "tag,time,value,unit",
        f"tank.PT,{T0},1,MPa",
        f"tank.PT,{T1},2,",
        f"tank.PT,{T2},3,kPa",
        f"tank.LT,{T0},4,MPa",
        f"tank.LT,{T1},5,smoots",
    )
    assert [one[2] for one in good(found)] == [3.0, 2.0, 1000.0]
    assert problems(found) == [(4, "unit", "MPa"), (5, "unit", "smoots")]


def test_what_is_said_twice_counts_once_and_what_contradicts_is_told() -> None:
    found = csv("tag,time,value", f"tank.LT,{T0},1", f"LEVEL,{T0},1.0", f"acme.tank.LT,{T0},2", f"tank.LT,{T0},1")
    assert (len(found.tag), found.duplicates, found.rejected) == (1, 2, 1)
    assert problems(found) == [(3, "value", "2")]
    bad = csv("tag,time,value,quality", f"tank.LT,{T0},,bad", f"tank.LT,{T0},nan,bad", f"tank.LT,{T0},,uncertain")
    assert (len(bad.tag), bad.duplicates, bad.by_reason) == (1, 1, {"not_a_number": 1})


def test_what_is_ahead_of_the_clock_or_ages_old_is_named() -> None:
    found = csv(
        "tag,time,value", "tank.LT,2026-11-22T05:01:00Z,1", "tank.LT,2026-11-22T05:01:00.1Z,1", "tank.LT,1179532360,1"
    )
    assert problems(found) == [(2, "time", "2026-11-22T05:01:00.1Z"), (3, "time", "1179532360")]
    assert found.by_reason == {"future": 1, "past": 1}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tank.NO", "unknown_tag"),
        ("", "unknown_tag"),
        ("SAME", "ambiguous_tag"),
        ("zeta.well.LT", "foreign_tag"),
        ("zeta.well.nothing", "foreign_tag"),
        ("park.sky.wind", "foreign_tag"),
        ("tank.far", "wrong_connector"),
    ],
)
def test_names_that_are_not_the_senders(name: str, reason: str) -> None:
    assert csv("tag,time,value", f"{name},{T0},1").by_reason == {reason: 1}


def test_a_key_of_the_park_names_all_tags_and_short_ones_where_only_one_has_them() -> None:
    names = ["zeta.well.LT", "acme.pot.PT", "park.sky.wind", "well.LT", "LEVEL", "SAME", "acme.tank.far", "x.y.z"]
    found = judged("\n".join(["tag,time,value", *(f"{one},{T0},1" for one in names)]).encode(), may=PARK_KEY)
    assert len(found.tag) + found.duplicates == 5
    assert problems(found) == [(6, "tag", "SAME"), (7, "tag", "acme.tank.far"), (8, "tag", "x.y.z")]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("", "first line is blank"),
        ("\n\ntag,time,value", "first line is blank"),
        ("tag,value\na,1", "no column time"),
        (f"tag,time\ntank.LT,{T0}", "no column value"),
        (f"time,value\n{T0},1", "no column tag"),
        (f"time\n{T0}", "nothing else"),
        (f"tag,time,value,qualty\ntank.LT,{T0},1,bad", "column qualty is not known"),
        (f"tag,time,value,Time\ntank.LT,{T0},1,2", "several columns are called time"),
        ("{}", "no column time"),
        ("\0\0\0", "no column time"),
    ],
)
def test_tables_that_cannot_be_understood_are_refused_as_a_whole(body: str, word: str) -> None:
    with pytest.raises(BodyInvalid, match=word):
        judged(body.encode())


def test_a_misspelt_tag_in_a_wide_table_is_told_for_each_filled_cell() -> None:
    found = csv("time,tank.LT,tank.NO", f"{T0},1,5", f"{T1},,6", f"{T2},x,")
    assert problems(found) == [(1, "tag", "tank.NO"), (2, "tag", "tank.NO"), (3, "tank.LT", "x")]
    assert (len(found.tag), found.rejected) == (1, 3)


# --- limits


def test_too_many_samples_are_refused_before_they_are_read() -> None:
    limits = Limits(most_rows=10)
    rows = "\n".join(f"tank.LT,{1_795_000_000 + n},1" for n in range(11))
    with pytest.raises(BodyTooLarge, match="10 is the most"):
        judged(f"tag,time,value\n{rows}".encode(), limits=limits)
    with pytest.raises(BodyTooLarge, match="12 samples"):
        judged(f"time,a,b,c,d\n{T0},,,,\n{T1},,,,\n{T2},,,,".encode(), limits=limits)
    with pytest.raises(BodyTooLarge, match="more than 10 rows"):
        judged(
            stream(pa.table({"tag": pa.nulls(11), "time": pa.nulls(11), "value": pa.nulls(11)})), ARROW, limits=limits
        )


def test_a_table_too_wide_is_refused() -> None:
    with pytest.raises(BodyTooLarge, match="columns"):
        judged(("time," + ",".join(f"t{n}" for n in range(10_001)) + f"\n{T0}").encode())


def test_only_the_first_hundred_bad_rows_are_named_and_all_are_counted() -> None:
    found = csv("tag,time,value", *(f"no.{n},{T0},1" for n in range(250)))
    assert (len(found.problems), found.by_reason, found.rejected) == (100, {"unknown_tag": 250}, 250)
    assert found.problems[-1].row == 100


# --- Arrow


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_names_may_be_texts_of_any_kind(kind: pa.DataType, compression: str | None) -> None:
    found = arrow(long(tag=pa.array(["tank.LT"]).cast(kind)), compression=compression)
    assert good(found) == [("acme.tank.LT", 0, 1.0, 0)]


@pytest.mark.parametrize(
    "kind", [pa.float64(), pa.float32(), pa.int8(), pa.uint64(), pa.decimal128(25, 2), pa.string()]
)
def test_values_may_be_numbers_of_any_kind(kind: pa.DataType) -> None:
    assert good(arrow(long(value=pa.array([7]).cast(kind)))) == [("acme.tank.LT", 0, 7.0, 0)]


def test_nulls_are_missing_and_need_a_bad_quality() -> None:
    table = long(
        tag=["tank.LT", "tank.PT", None, "tank.LT"],
        time=pa.array([NOW_US, NOW_US, NOW_US, None], pa.timestamp("us", "UTC")),
        value=[None, None, 1.0, 1.0],
        quality=["bad", None, "good", "good"],
    )
    found = arrow(table)
    assert good(found) == [("acme.tank.LT", 0, None, 2)]
    assert problems(found) == [(2, "value", ""), (3, "tag", ""), (4, "time", "")]


def test_several_batches_with_dictionaries_of_their_own_are_one_table() -> None:
    parts = [
        long(tag=pa.array([name]).dictionary_encode(), time=pa.array([NOW_US - n], pa.timestamp("us", "UTC")))
        for n, name in enumerate(("tank.LT", "tank.PT", "tank.NO"))
    ]
    found = arrow(pa.concat_tables(parts))
    assert [one[0] for one in good(found)] == ["acme.tank.PT", "acme.tank.LT"]
    assert problems(found) == [(3, "tag", "tank.NO")]


def test_a_wide_arrow_table_is_read_too() -> None:
    times = pa.array([NOW_US, NOW_US - S_US], pa.timestamp("us", "UTC"))
    found = arrow(pa.table({"time": times, "tank.LT": [1.0, None], "tank.PT": [2, 3]}))
    assert sorted(good(found)) == [
        ("acme.tank.LT", 0, 1.0, 0),
        ("acme.tank.PT", 0, 2.0, 0),
        ("acme.tank.PT", S_US, 3.0, 0),
    ]


def test_the_bad_rows_of_an_arrow_stream_are_kept_as_one() -> None:
    found = arrow(long(tag=["tank.NO"]))
    with pa.ipc.open_stream(found.refusals[0][1]) as reader:
        assert reader.read_all()["tag"].to_pylist() == ["tank.NO"]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (long(tag=[1]), "tag is a column of int64"),
        (long(time=[1.5]), "time is a column of double"),
        (long(value=[[1.0]]), "values are a column"),
        (long(quality=[0]), "quality is a column of int64"),
        (long(unit=[0]), "unit is a column of int64"),
        (long(more=[0]), "column more is not known"),
    ],
)
def test_columns_of_other_types_are_refused(table: pa.Table, word: str) -> None:
    with pytest.raises(BodyInvalid, match=word):
        arrow(table)


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_buffers_that_unpack_to_more_than_is_allowed_are_not_unpacked(compression: str) -> None:
    body = stream(long(tag=["x" * 40_000_000]), compression=compression)
    assert len(body) < 1_000_000
    before = pa.total_allocated_bytes()
    with pytest.raises(BodyTooLarge, match="buffers unpack to more than 1000000 bytes"):
        judged(body, ARROW, limits=Limits(most_bytes=1_000_000))
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_a_dictionary_that_unpacks_to_more_than_is_allowed_is_not_unpacked() -> None:
    body = stream(long(tag=pa.array(["x" * 40_000_000]).dictionary_encode()), compression="zstd")
    with pytest.raises(BodyTooLarge, match="buffers unpack"):
        judged(body, ARROW, limits=Limits(most_bytes=1_000_000))


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_unpacks_to_more_than_is_allowed_is_not_unpacked(encoding: str) -> None:
    bomb = pa.compress(bytes(100_000_000), encoding, asbytes=True)
    with pytest.raises(BodyTooLarge, match="unpacks to more than 1000000 bytes"):
        judged(bomb, "text/csv", encoding, limits=Limits(most_bytes=1_000_000))


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_packed_pieces_behind_each_other_are_one_body(encoding: str) -> None:
    pieces = [b"tag,time,value\n", f"tank.LT,{T0},1\n".encode()]
    body = b"".join(pa.compress(piece, encoding, asbytes=True) for piece in pieces)
    assert len(judged(body, "text/csv", encoding).tag) == 1
    with pytest.raises(BodyInvalid, match=f"not {encoding}"):
        judged(body[:-3], "text/csv", encoding)


def test_a_hundred_thousand_rows_are_read_as_one_by_one() -> None:
    number = np.arange(100_000)
    table = long(
        tag=pa.array(np.where(number % 7 == 0, "tank.NO", "tank.LT")),
        time=pa.array(NOW_US - number * 1_000, pa.timestamp("us", "UTC")),
        value=np.where(number % 11 == 0, np.nan, number.astype(float)),
    )
    found = arrow(table)
    keep = (number % 7 != 0) & (number % 11 != 0)
    np.testing.assert_array_equal(found.value, number[keep][::-1].astype(float))
    assert found.by_reason == {
        "unknown_tag": 14_286,
        "not_a_number": int(((number % 11 == 0) & (number % 7 != 0)).sum()),
    }
