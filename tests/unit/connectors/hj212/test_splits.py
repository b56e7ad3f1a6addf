"""Split packets: every part is read when it comes, and an item torn between two keeps its flag."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import Rows
from connectors.hj212.packet import parse
from connectors.hj212.readings import Reader
from park.quality import HJ212_FLAGS
from tests.unit.connectors.hj212.oracles import calm, segment, tags_at

AT = "DataTime=20160801085857"
_CODES = ("a21026", "a21002", "a34013", "a19001")


def part(content: str, pno: int, pnum: int = 2, cn: str = "2011") -> bytes:
    return segment(content, flag=7, pnum=pnum, pno=pno, cn=cn, qn=f"2016080108585753{pno}")


def read(*parts: bytes) -> dict[int, tuple[float, int]]:
    """Tag -> value and quality; a tag that came twice must have come alike."""
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    for one in parts:
        assert not reader.read(parse(one), rows).refusals
    found: dict[int, tuple[float, int]] = {}
    for tag, value, quality in zip(rows.tag, rows.value, rows.quality, strict=True):
        assert found.setdefault(tag, (value, quality)) == (value, quality)
    return found


N, D = HJ212_FLAGS["N"], HJ212_FLAGS["D"]
WHOLE_1 = part(f"{AT};a21026-Rtd=1,a21026-Flag=N;a21002-Rtd=2,a21002-Flag=D", 1)
WHOLE_2 = part(f"{AT};a34013-Rtd=3,a34013-Flag=N", 2)
TORN_1 = part(f"{AT};a21026-Rtd=1,a21026-Flag=N;a21002-Rtd=2", 1)
TORN_2 = part(f"{AT};a21002-Flag=D;a34013-Rtd=3,a34013-Flag=N", 2)
EXPECTED = {0: (1.0, N), 1: (2.0, D), 2: (3.0, N)}


@pytest.mark.parametrize("parts", [(WHOLE_1, WHOLE_2), (TORN_1, TORN_2)], ids=["whole items", "a torn item"])
def test_parts_are_read_in_whichever_order_they_come(parts: tuple[bytes, bytes]) -> None:
    for order in itertools.permutations(parts):
        assert read(*order) == EXPECTED


def test_each_part_is_read_at_once_but_for_an_item_whose_flag_may_follow() -> None:
    assert read(WHOLE_1) == {0: (1.0, N), 1: (2.0, D)}
    assert read(TORN_1) == {0: (1.0, N)}


def test_a_part_that_comes_again_changes_nothing() -> None:
    assert read(TORN_1, TORN_1, TORN_2, TORN_2) == EXPECTED


def test_an_item_waits_no_longer_than_for_the_next_packet_of_its_kind() -> None:
    following = segment("DataTime=20160801085957;a34013-Rtd=9")
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    reader.read(parse(TORN_1), rows)
    reader.read(parse(following), rows)
    assert sorted(zip(rows.tag, rows.value, strict=True)) == [(0, 1.0), (1, 2.0), (2, 9.0)]
    assert rows.time_us[rows.tag.index(1)] == rows.time_us[rows.tag.index(0)]


def test_parts_of_another_time_do_not_mix() -> None:
    later = part("DataTime=20160801085957;a21002-Flag=D;a34013-Rtd=3", 2)
    assert read(TORN_1, later) == {0: (1.0, N), 1: (2.0, HJ212_FLAGS["N"]), 2: (3.0, N)}


def test_a_part_without_time_has_that_of_the_part_before() -> None:
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    reader.read(parse(WHOLE_1), rows)
    assert not reader.read(parse(part("a34013-Rtd=3,a34013-Flag=N", 2)), rows).refusals
    assert rows.value == [1.0, 2.0, 3.0]
    assert len(set(rows.time_us)) == 1


def test_a_torn_mean_becomes_one_row() -> None:
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    start = "DataTime=20160801080000"
    for one in (
        part(f"{start};a21026-Avg=2,a21026-Min=1", 1, cn="2061"),
        part("a21026-Max=4,a21026-Flag=D", 2, cn="2061"),
    ):
        reader.read(parse(one), rows)
    assert [(row[3:6], chr(row[10])) for row in rows.periods] == [((2.0, 1.0, 4.0), "D")]


def test_items_of_two_kinds_of_packet_wait_apart() -> None:
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    reader.read(parse(part(f"{AT};a21026-Rtd=1", 1)), rows)
    for pno in range(1, 40, 2):  # so many items wait for parts that never come that the first are given up
        reader.read(parse(part("DataTime=20160801080000;a21002-Avg=2", pno, 40, cn="2061")), rows)
    assert rows.value == [1.0]
    reader.read(parse(segment("DataTime=20160801085957;a34013-Rtd=3")), rows)
    assert sorted(zip(rows.tag, rows.value, strict=True)) == [(0, 1.0), (2, 3.0)]
    assert {row[:2] for row in rows.periods} == {(1, 3600)}


def test_more_parts_than_exist_are_read_as_they_are() -> None:
    assert read(part(f"{AT};a21026-Rtd=1,a21026-Flag=N", 4, 3)) == {0: (1.0, N)}


def test_what_is_never_ended_does_not_grow() -> None:
    reader, rows = Reader(tags_at(*_CODES), "hj"), Rows()
    for number in range(500):
        packet = parse(part(f"DataTime=2016080108{number // 60:02d}{number % 60:02d};a21026-Rtd=1", 1))
        reader.read(packet, rows)
    assert rows.value == [1.0] * 499


@calm
@given(st.data())
def test_wherever_an_item_is_torn_and_however_parts_are_ordered_its_flag_is_kept(draw: st.DataObject) -> None:
    flags = draw.draw(st.lists(st.sampled_from(sorted(HJ212_FLAGS)), min_size=4, max_size=4))
    fields = [
        (code, f"{code}-{suffix}")
        for code, flag in zip(_CODES, flags, strict=True)
        for suffix in (f"Rtd={_CODES.index(code)}", f"Flag={flag}")
    ]
    cut = draw.draw(st.integers(1, len(fields) - 1))
    halves = [";".join([AT, *(text for _, text in half)]) for half in (fields[:cut], fields[cut:])]
    parts = [part(half, number) for number, half in enumerate(halves, start=1)]
    expected = {ix: (float(ix), HJ212_FLAGS[flag]) for ix, flag in enumerate(flags)}
    assert read(*draw.draw(st.permutations(parts))) == expected
