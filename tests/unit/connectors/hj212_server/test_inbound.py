"""Whatever a frame holds, it is stored, answered, or kept as a dead letter, and never stops the rest of its lot."""

import itertools
from typing import Any, cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Context
from connectors.hj212.connector import Hj212Connector
from connectors.hj212.framing import Frame, Rejected
from connectors.hj212.inbound import Lot
from connectors.hj212.packet import build, frame, parse
from connectors.hj212.peer import Peer
from connectors.hj212.server import Arrived
from connectors.registry import parse_config
from park.check import load_park
from park.index import TagTable
from tests.contract.memory_intake import MemoryIntake
from tests.integration.hj212.rig import BOREALIS, MN, OTHER, PARK, START_US

TAGS = TagTable(load_park(PARK, "park.yaml").park)
_AT = "DataTime=20261101080000"
_SEGMENTS = [
    build(mn=mn, pw="123456", qn="20261101080000001", **packet)[6:-6]
    for mn in (MN, OTHER, BOREALIS, "NOBODY")
    for packet in (
        {"cn": "2011", "content": f"{_AT};w01018-Rtd=1.5,w01018-Flag=N;w01001-Rtd=7.1,w01001-Flag=D"},
        {"cn": "2051", "content": f"{_AT};w01018-Cou=1,w01018-Min=1,w01018-Avg=2,w01018-Max=3,w01018-Flag=N"},
        {"cn": "2061", "content": f"{_AT};a21026-Avg=2,a21026-ZsAvg=3,a21026-Flag=N", "flag": 7, "pnum": 2, "pno": 1},
        {"cn": "2021", "content": f"{_AT};SB1-RS=1"},
        {"cn": "3020", "content": f"{_AT};PolId=w01018;i11001-Info=//清洗管路//"},
        {"cn": "1013", "content": "PolId=w01018"},
        {"cn": "9011", "content": "QnRtn=1", "st": "91", "flag": 4},
        {"cn": "9012", "content": "ExeRtn=1", "st": "91", "flag": 4},
        {"cn": "9015", "content": "", "flag": 9},
        {"cn": "2011", "content": f"{_AT};011-Rtd=3", "flag": None},
    )
]


class _Link:
    """What `Inbound` needs of a `Peer`."""

    address, name, is_closed = "10.0.0.1", "10.0.0.1:5000", False

    def __init__(self) -> None:
        self.devices: dict[str, None] = {}


def _connector(**options: Any) -> Hj212Connector:
    given = {"kind": "hj212", "id": "loggers", "port": 0, "max_letters_per_hour": 100_000, **options}
    context = Context(tags=TAGS, intake=MemoryIntake(), clock=lambda: START_US, on_gap=lambda gap: None)
    return Hj212Connector(cast(Any, parse_config.validate_python(given)), context)


def _decode(connector: Hj212Connector, segments: list[bytes], link: _Link | None = None) -> Lot:
    peer = cast(Peer, link or _Link())
    return connector._inbound.decode([Arrived(peer, Frame(frame(one), one)) for one in segments], START_US)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(_SEGMENTS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "put", "change", "double"])):
            case "cut":
                del data[at : at + draw(st.integers(1, 20))]
            case "put":
                data[at:at] = draw(
                    st.sampled_from([b";", b",", b"&&", b"=", b"-", b"\xff", b"CP=", b"MN=", b"//", b"9"])
                )
            case "change" if at < len(data):
                data[at] = draw(st.integers(0, 255))
            case _:
                data[at:at] = data[at : at + 30]
    return bytes(data)


@settings(deadline=None)
@given(segments=st.lists(_mutated(), min_size=1, max_size=8))
def test_no_frame_stops_the_rest(segments: list[bytes]) -> None:
    connector = _connector()
    lot = _decode(connector, [*segments, _SEGMENTS[0]])
    assert "codec_failed" not in {letter.reason for letter in lot.letters}
    assert len(lot.frames) + len(lot.letters) >= 1
    assert all(letter.detail and letter.raw for letter in lot.letters)
    sample = (TAGS.ix_of["acme.outlet.cod"], START_US, 1.5)
    assert sample in list(zip(lot.batch.tag, lot.batch.time_us, lot.batch.value, strict=True))
    for one in lot.answers:
        assert parse(one.frame[6:-6]).cn in {"9011", "9013", "9014"}


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, len(_SEGMENTS)), max_size=4))
def test_how_frames_fall_into_lots_makes_no_difference(cuts: list[int]) -> None:
    whole, parts = _connector(), _connector()
    expected = _decode(whole, _SEGMENTS, _Link())
    edges, link = sorted({0, *cuts, len(_SEGMENTS)}), _Link()
    lots = [_decode(parts, _SEGMENTS[a:b], link) for a, b in itertools.pairwise(edges)]
    for column in ("tag", "time_us", "value", "quality"):
        found = np.concatenate([getattr(lot.batch, column) for lot in lots])
        assert found.tolist() == getattr(expected.batch, column).tolist()
    assert [one.frame for lot in lots for one in lot.answers] == [one.frame for one in expected.answers]
    assert whole.health.devices == parts.health.devices


def test_rejected_pieces_are_kept_and_answered_by_silence() -> None:
    connector, link = _connector(), _Link()
    piece = Rejected(b"##0101QN=1", "truncated", "cut off")
    lot = connector._inbound.decode([Arrived(cast(Peer, link), piece)], START_US)
    assert ([letter.raw for letter in lot.letters], lot.answers) == ([b"##0101QN=1"], [])
