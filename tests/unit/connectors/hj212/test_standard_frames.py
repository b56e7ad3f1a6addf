"""The standard's own examples and what was derived from them, where that file is on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.codecs.base import Rows
from connectors.hj212.crc import crc16
from connectors.hj212.framing import Frame, Framer, Rejected
from connectors.hj212.packet import PacketInvalid, parse
from connectors.hj212.readings import Reader
from connectors.hj212.survey import survey
from deploy.cli.hj212_files import unescaped
from tests.unit.connectors.hj212.oracles import crc_as_printed, tags_at

_FILE = Path(__file__).parents[5] / "shared" / "data" / "hj212_frames.txt"
pytestmark = pytest.mark.skipif(not _FILE.is_file(), reason="the frames are not on this machine")

#: What the file calls a verdict -> what is rejected, and how many packets come out.
_VERDICTS = {
    "ok": ([], 1),
    "ok_semantic": ([], 1),
    "ok_after_resync": (["noise"], 1),
    "ok_two_frames": ([], 2),
    "bad_crc_modbus": (["bad_crc"], 0),
    "bad_crc_swapped": (["bad_crc"], 0),
    "bad_len": (["bad_length"], 0),
    "bad_header": (["bad_header"], 0),
    "truncated": (["truncated"], 0),
    "no_term": (["no_tail"], 0),
}
#: What the file calls odd content -> our words for it.
_WORDS = {
    "stray_blank": "stray_blank",
    "code_mismatch": "code_mismatch",
    "missing_semicolon": "missing_semicolon",
    "comma_after_QN": "comma_after_qn",
    "comma_in_request": "comma_in_request",
    "duplicate_key": "duplicate_item",
    "empty": "empty_segment",
    "bad_values": "no_value",
    "bad_split": "bad_split",
    "bad_time": "bad_qn",
}
_S = 1_000_000


class Entry(NamedTuple):
    name: str
    expect: str
    facts: dict[str, str]
    data: bytes


def _entries() -> Iterator[Entry]:
    name, facts = "", {}
    for line in _FILE.read_bytes().split(b"\n") if _FILE.is_file() else []:
        if line.startswith(b"@"):
            name, *rest = line.decode().split()
            facts = dict(one.split("=", 1) for one in rest)
        elif line and name and not line.startswith((b"#src", b"#note", b"# ")):
            yield Entry(name[1:], facts["expect"], facts, unescaped(line))


BY_NAME = {entry.name: entry for entry in _entries()}
ODD = [name for name, entry in BY_NAME.items() if ":" in entry.expect]


def _framed(data: bytes) -> tuple[list[Rejected], list[Frame]]:
    framer = Framer()
    found = framer.feed(data) + framer.close()
    return (
        [one for one in found if isinstance(one, Rejected)],
        [one for one in found if isinstance(one, Frame)],
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_every_frame_gets_the_verdict_it_should(name: str) -> None:
    entry = BY_NAME[name]
    verdict, _, what = entry.expect.partition(":")
    reasons, count = _VERDICTS[verdict]
    rejected, frames = _framed(entry.data)
    assert ([one.reason for one in rejected], len(frames)) == (reasons, count)
    for frame in frames:
        packet = parse(frame.segment)
        odd, _ = survey(packet)
        found = {*frame.deviations, *packet.deviations, *odd}
        assert _WORDS[what] in found if what else not found


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_refused_in_strict_mode(name: str) -> None:
    _, (frame,) = _framed(BY_NAME[name].data)
    if name == "X12":  # odd in its values alone
        rows = Rows()
        reader = Reader(tags_at("w01018", "w21003", "w01001"), "hj")
        reading = reader.read(parse(frame.segment, strict=True), rows, strict=True)
        assert ([one.reason for one in reading.refusals], len(rows)) == (["strict"], 0)
        return
    with pytest.raises(PacketInvalid, match="strict"):
        parse(frame.segment, strict=True)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_sum_is_the_one_computed_independently(name: str) -> None:
    _, frames = _framed(BY_NAME[name].data)
    sums = {crc16(frame.segment) for frame in frames}
    assert sums == {crc_as_printed(frame.segment) for frame in frames}
    if BY_NAME[name].expect.startswith("ok") and "crc_frame" in BY_NAME[name].facts:
        assert sums == {int(BY_NAME[name].facts["crc_frame"], 16)}


def _rows(name: str, *addresses: str) -> tuple[Rows, list[str]]:
    reader, rows = Reader(tags_at(*addresses), "hj"), Rows()
    reasons: list[str] = []
    for frame in _framed(BY_NAME[name].data)[1]:
        reasons += [one.reason for one in reader.read(parse(frame.segment), rows).refusals]
    return rows, reasons


def test_real_time_values_with_a_sampling_time_of_their_own() -> None:
    rows, _ = _rows("S22", "w01001", "w01018")
    assert rows.tag == [0, 1]
    assert rows.value == [7.1, 2.2]
    # 2016-08-01 08:58:57 and 07:00:00 in Beijing
    assert rows.time_us == [1_470_013_137 * _S, 1_470_006_000 * _S]
    assert rows.quality == [0, 0]


def test_equipment_states_become_samples() -> None:
    rows, _ = _rows("S24", "SB1-RS", "SB2-RS")
    assert rows.value == [1.0, 0.0]


def test_minute_data_become_means_and_samples_at_the_start() -> None:
    rows, _ = _rows("S25", "w01018", "w00000-Cou")
    assert (rows.tag, rows.value, rows.time_us) == ([1], [10.5], [1_470_012_000 * _S])
    batch = rows.period_batch()
    assert batch is not None
    assert (batch.tag.tolist(), batch.length_s.tolist(), batch.start_us.tolist()) == ([0], [600], [1_470_012_000 * _S])
    assert (batch.avg[0], batch.min[0], batch.max[0], batch.cou[0]) == (40.1, 40.1, 40.1, 10.5)
    assert chr(batch.flag[0]) == "N"


@pytest.mark.parametrize(("name", "length_s", "cou"), [("S27", 3_600, 63.0), ("S29", 86_400, 2142.0)])
def test_hour_and_day_data_become_means(name: str, length_s: int, cou: float) -> None:
    rows, _ = _rows(name, "w01018")
    batch = rows.period_batch()
    assert batch is not None
    assert (batch.length_s.tolist(), batch.cou.tolist(), len(rows)) == ([length_s], [cou], 0)


def test_noise_levels_and_running_times_become_samples() -> None:
    assert _rows("S41", "LA-Rtd")[0].value == [50.1]
    assert _rows("S42", "Leq-Data", "L5-Data")[0].value == [53.0, 50.0]
    assert _rows("S44", "Ln-NightData", "Ld-DayData")[0].value == [52.5, 52.5]
    assert _rows("S39", "SB1-RT", "SB2-RT")[0].value == [1.1, 2.1]


def test_field_information_becomes_samples_of_the_analyser_it_is_about() -> None:
    rows, _ = _rows("S64", "w01018/i12001-Info", "i12003-Info", "w21003/i12001-Info")
    assert (rows.tag, rows.value) == ([0, 1], [1.0, 0.0])


def test_both_parts_of_a_split_packet_are_read() -> None:
    reader, rows = Reader(tags_at("w01018", "w01001", "w00000"), "hj"), Rows()
    for name in ("S77", "S76"):  # in whichever order they come
        reader.read(parse(_framed(BY_NAME[name].data)[1][0].segment), rows)
    batch = rows.period_batch()
    assert batch is not None
    assert batch.tag.tolist() == [0, 2, 1]
    assert batch.avg.tolist() == [40.1, 17.5, 7.5]


def test_bad_values_are_kept_as_bad_with_the_flag_they_came_with() -> None:
    rows, reasons = _rows("X12", "w01018", "w21003", "w01001")
    assert reasons == []
    assert all(value != value for value in rows.value)
    assert [quality & 3 for quality in rows.quality] == [2, 2, 2]


def test_an_impossible_date_is_a_refusal() -> None:
    rows, reasons = _rows("X14", "w01018")
    assert (reasons, len(rows), rows.periods) == (["bad_time"], 0, [])


def test_the_standards_chinese_log_is_read() -> None:
    packet = parse(_framed(BY_NAME["S60"].data)[1][0].segment)
    assert packet.cp[-1].code == "i11001"
    assert packet.cp[-1].fields == {"Info": "//清洗管路//"}
