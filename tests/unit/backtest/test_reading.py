"""Recordings of every form give the same samples at the same instants."""

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from park.columns import tag_finder
from service.backtest import reading, tables
from service.backtest.long_rows import quality_of
from service.backtest.reading import Reader, Recorded
from service.backtest.recorded_park import recorded_park
from service.backtest.tables import DataInvalid
from tests.unit.service.making import S_US, tag_table

#: 2026-01-01 00:00:00 +08:00
START_US = 1_767_196_800_000_000
WIND, LT, TT, NO = range(4)
Row = tuple[float, int, float, int]


def rows_of(reader: Reader, **span: int) -> list[Row]:
    """(seconds since the start, tag, value, quality), in the order in which they come."""
    finder = tag_finder(tag_table())
    found: list[Row] = []
    for block in reader.blocks(finder, span.get("from_us"), span.get("to_us")):
        for _, batch in block.ticks(S_US):
            columns = ((batch.time_us - START_US) / 1e6, batch.tag, batch.value, batch.quality)
            found += zip(*(column.tolist() for column in columns), strict=True)
    return found


def csv(tmp_path: Path, text: str, name: str = "run.csv") -> Path:
    file = tmp_path / name
    data = "\n".join(line.strip() for line in text.strip().splitlines()).encode()
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


WIDE = """
    time,acme.tank.LT,tank.TT,NO
    2026-01-01T00:00:10+08:00,1.5,20,3
    2026-01-01T00:00:20+08:00,2.5,,4
"""
LONG = """
    time,tag,value,quality
    2026-01-01T00:00:10+08:00,acme.tank.LT,1.5,good
    2026-01-01T00:00:10+08:00,tank.TT,20,good
    2026-01-01T00:00:10+08:00,NO,3,good
    2026-01-01T00:00:20+08:00,acme.tank.LT,2.5,good
    2026-01-01T00:00:20+08:00,NO,4,good
"""
THESE = [(10.0, LT, 1.5, 0), (10.0, TT, 20.0, 0), (10.0, NO, 3.0, 0), (20.0, LT, 2.5, 0), (20.0, NO, 4.0, 0)]


def as_parquet(tmp_path: Path, text: str) -> Path:
    table = pa_csv.read_csv(csv(tmp_path, text))
    pq.write_table(table, tmp_path / "run.parquet", row_group_size=1)
    return tmp_path / "run.parquet"


FORMS: list[Callable[[Path], Path]] = [
    lambda tmp_path: csv(tmp_path, WIDE),
    lambda tmp_path: csv(tmp_path, WIDE, "run.csv.gz"),
    lambda tmp_path: as_parquet(tmp_path, WIDE),
    lambda tmp_path: csv(tmp_path, LONG),
    lambda tmp_path: csv(tmp_path, LONG, "run.csv.gz"),
    lambda tmp_path: as_parquet(tmp_path, LONG),
]
FORM = ["wide csv", "wide csv.gz", "wide parquet", "long csv", "long csv.gz", "long parquet"]


@pytest.mark.parametrize("form", FORMS, ids=FORM)
def test_every_form_of_a_recording_gives_the_same_samples(tmp_path: Path, form: Callable[[Path], Path]) -> None:
    assert rows_of(Reader(Recorded(file=form(tmp_path)))) == THESE


@pytest.mark.parametrize("form", FORMS, ids=FORM)
def test_a_file_too_large_to_be_held_gives_them_too(
    tmp_path: Path, form: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("_WHOLE_VALUES", "_WHOLE_TEXT_BYTES", "_WHOLE_GZ_BYTES"):
        monkeypatch.setattr(tables, limit, 0)
    monkeypatch.setattr(tables, "_PIECE_VALUES", 2)
    monkeypatch.setattr(tables, "_CSV_BLOCK_BYTES", 160)
    assert rows_of(Reader(Recorded(file=form(tmp_path)))) == THESE


def test_span_begins_with_its_first_instant_and_ends_before_its_last(tmp_path: Path) -> None:
    reader = Reader(Recorded(file=csv(tmp_path, WIDE)))
    assert rows_of(reader, from_us=START_US + 20 * S_US) == THESE[3:]
    assert rows_of(reader, to_us=START_US + 20 * S_US) == THESE[:3]


def test_rows_without_times_are_counted_from_one(tmp_path: Path) -> None:
    file = csv(tmp_path, "time_h,NO\n0.00278,1\n0.00556,2\n")
    reader = Reader(Recorded(file=file, step_us=10 * S_US, start_us=START_US))
    assert rows_of(reader) == [(10.0, NO, 1.0, 0), (20.0, NO, 2.0, 0)]


def test_hours_that_were_rounded_when_they_were_written_are_put_right(tmp_path: Path) -> None:
    rows = [f"{10 * row / 3600:.5f},{row}" for row in range(1, 721)]
    file = csv(tmp_path, "\n".join(["time_h,NO", *rows]))
    found = rows_of(Reader(Recorded(file=file, start_us=START_US)))
    assert [row[0] for row in found] == [10.0 * row for row in range(1, 721)]


@pytest.mark.parametrize("first", ["2026-01-01 00:00:01", "2026-01-01T00:00:01", "2025-12-31T16:00:01Z"])
def test_time_without_a_zone_is_beijing_time(tmp_path: Path, first: str) -> None:
    later = first.replace("01Z", "02.25Z") if "Z" in first else f"{first[:-1]}2.25"
    file = csv(tmp_path, f"time,NO\n{first},1\n{later},2\n")
    assert [row[0] for row in rows_of(Reader(Recorded(file=file)))] == [1.0, 2.25]


def test_epoch_seconds_are_known_by_their_size(tmp_path: Path) -> None:
    file = csv(tmp_path, f"EpochTime,NO\n{START_US // S_US + 5},1\n")
    assert rows_of(Reader(Recorded(file=file))) == [(5.0, NO, 1.0, 0)]


def test_time_column_can_be_named(tmp_path: Path) -> None:
    file = csv(tmp_path, "time,sampled,NO\n2020-01-01,2026-01-01 00:00:03,1\n")
    assert rows_of(Reader(Recorded(file=file, time_column="sampled"))) == [(3.0, NO, 1.0, 0)]


def test_rows_in_any_order_are_played_in_order_of_time(tmp_path: Path) -> None:
    file = csv(tmp_path, "time,NO\n2026-01-01 00:00:03,3\n2026-01-01 00:00:01,1\n2026-01-01 00:00:02,2\n")
    assert [row[2] for row in rows_of(Reader(Recorded(file=file)))] == [1.0, 2.0, 3.0]


def test_disorder_in_a_file_too_large_to_sort_is_told_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_WHOLE_TEXT_BYTES", 0)
    file = csv(tmp_path, "time,NO\n2026-01-01 00:00:03,3\n2026-01-01 00:00:01,1\n")
    with pytest.raises(DataInvalid, match=r"row 2 is older than the row before.*sort it by time"):
        rows_of(Reader(Recorded(file=file)))


@pytest.mark.parametrize(
    ("text", "byte"),
    [
        ("good", 0),
        ("Uncertain", 1),
        ("BAD", 2),
        ("bad/sensor_failure late", 18),
        ("18", 18),
        ("good/local_override", 56),
    ],
)
def test_quality_is_read_as_text_or_as_the_byte(text: str, byte: int) -> None:
    assert quality_of(text) == byte


def test_quality_of_a_long_file_reaches_the_samples(tmp_path: Path) -> None:
    times = [f"2026-01-01 00:00:0{second},NO" for second in (1, 2, 3)]
    rows = f"time,tag,value,quality\n{times[0]},1,bad\n{times[1]},,good\n{times[2]},3,\n"
    found = rows_of(Reader(Recorded(file=csv(tmp_path, rows))))
    assert [row[3] for row in found] == [2, 2, 0], "what has no value is bad, what has no quality is good"


def test_column_that_is_no_tag_is_told_and_left_out(tmp_path: Path) -> None:
    reader = Reader(Recorded(file=csv(tmp_path, "time,NO,shift\n2026-01-01 00:00:01,1,night\n")))
    assert rows_of(reader) == [(1.0, NO, 1.0, 0)]
    assert reader.unmatched == ["shift"]


def test_column_can_be_mapped_to_its_tag(tmp_path: Path) -> None:
    file = csv(tmp_path, "time,AI_7\n2026-01-01 00:00:01,1\n")
    assert rows_of(Reader(Recorded(file=file, columns={"AI_7": "outlet.NO"}))) == [(1.0, NO, 1.0, 0)]


def _refusals() -> Iterable[Any]:
    yield pytest.param("a,b\n1,2\n", {}, "no column looks like a time.*--time", id="no time")
    yield pytest.param("time,NO\n1,2\n", {}, "counts from the recording's beginning.*--start", id="no beginning")
    yield pytest.param("time,xyz\n2026-01-01,2\n", {}, "is a tag of the park", id="no tag")
    yield pytest.param("time,NO\n2026-01-01,2\n", {"time_column": "when"}, "there is no column 'when'", id="no column")
    yield pytest.param("time,NO,outlet.NO\n2026-01-01,2,3\n", {}, "are the same tag", id="tag twice")
    yield pytest.param("time,NO\n2026-01-01,2\n,3\n", {}, "rows without a time", id="hole in time")
    yield pytest.param("time,NO\n2026-01-01,2\n2026-01-01,high\n", {}, "invalid value 'high'", id="no number")
    yield pytest.param("time,NO\n2026-01-01,2\n", {"columns": {"NO": "N0"}}, "'N0' is no tag", id="wrong map")
    yield pytest.param("time,NO\n2026-01-01,2\n", {"long": True}, "there is no 'tag'", id="not long")
    yield pytest.param(
        "time,tag,value,quality\n2026-01-01,NO,2,fine\n", {}, "'fine' is none of good, uncertain, bad", id="quality"
    )


@pytest.mark.parametrize(("text", "options", "message"), list(_refusals()))
def test_what_cannot_be_read_says_why_and_how_to_cure_it(
    tmp_path: Path, text: str, options: dict[str, Any], message: str
) -> None:
    file = tmp_path / "run.csv"
    file.write_text(text)
    with pytest.raises(DataInvalid, match=message):
        rows_of(Reader(Recorded(file=file, **options)))


def test_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.xlsx").touch()
    with pytest.raises(DataInvalid, match="neither"):
        Reader(Recorded(file=tmp_path / "run.xlsx"))
    with pytest.raises(FileNotFoundError):
        Reader(Recorded(file=tmp_path / "run.csv"))


def test_park_is_made_of_the_columns_whatever_they_are_called(tmp_path: Path) -> None:
    reader = Reader(Recorded(file=csv(tmp_path, "time,储罐 LT/101,a.b,a b,Temp (C),name\n2026-01-01,1,2,3,4,x\n")))
    park, names = recorded_park(reader.names, stale_after_us=90 * S_US)
    assert list(names) == ["储罐 LT/101", "a.b", "a b", "Temp (C)"]
    assert [tag_id.removeprefix("recorded.plant.") for tag_id in names.values()] == [
        "LT_101",
        "a_b",
        "a_b_2",
        "Temp_C_",
    ]
    tags = [tag for _, _, tag in park.tags()]
    assert [tag.quantity for tag in tags] == ["lt_101", "a_b", "a_b", "temp_c"]
    assert {tag.stale_after for tag in tags} == {90 * S_US}


def test_park_of_a_long_file_has_its_tags(tmp_path: Path) -> None:
    assert Reader(Recorded(file=csv(tmp_path, LONG))).names == ["acme.tank.LT", "tank.TT", "NO"]


def test_share_that_is_read_reaches_one(tmp_path: Path) -> None:
    reader = reading.Reader(Recorded(file=csv(tmp_path, WIDE)))
    assert reader.done == 0.0
    rows_of(reader)
    assert reader.done == 1.0
