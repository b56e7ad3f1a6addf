"""Packets out of a byte stream: what is taken, what is rejected, and how the next one is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212.framing import LONGEST, Frame, Framer, Rejected
from connectors.hj212.packet import frame
from tests.unit.connectors.hj212.oracles import calm, crc_as_printed, telegram

GOOD = telegram("DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N")
Found = list[Frame | Rejected]


def framed(data: bytes, *, strict: bool = False) -> Found:
    framer = Framer(strict=strict)
    return framer.feed(data) + framer.close()


def reasons(found: Found) -> list[str]:
    return [one.reason if isinstance(one, Rejected) else "ok" for one in found]


def test_a_good_packet_comes_out_whole() -> None:
    assert framed(GOOD) == [Frame(GOOD, GOOD[6:-6])]


def test_packets_that_stick_together_come_out_one_by_one() -> None:
    assert framed(GOOD * 3) == [Frame(GOOD, GOOD[6:-6])] * 3


def test_a_small_hex_crc_is_right_too() -> None:
    lower = GOOD[:-6] + GOOD[-6:].lower()
    assert reasons(framed(lower)) == ["ok"]


@pytest.mark.parametrize(
    ("data", "deviation"),
    [
        pytest.param(GOOD[:-2] + b"\n", "lf_only", id="LF alone"),
        pytest.param(GOOD[:-1] + GOOD, "cr_only", id="CR alone"),
        pytest.param(b"\r\n\0 " + GOOD, "stray_bytes", id="blanks before it"),
        pytest.param(telegram("x=" + "1" * 1200), "long_segment", id="longer than 1024"),
        pytest.param(
            b"##0006\xe6\xb1\x89abcde%04X\r\n" % crc_as_printed("汉abcde".encode()),
            "length_in_characters",
            id="characters",
        ),
    ],
)
def test_what_departs_is_taken_and_told_and_refused_in_strict_mode(data: bytes, deviation: str) -> None:
    first = framed(data)[0]
    assert isinstance(first, Frame)
    assert first.deviations == (deviation,)
    strict = framed(data, strict=True)[0]
    assert isinstance(strict, Rejected)
    assert strict.reason == "strict"
    assert deviation in strict.detail


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        pytest.param(GOOD.replace(b"Rtd=2.2", b"Rtd=2.3"), "bad_crc", "damaged", id="one digit changed"),
        pytest.param(GOOD[:-6] + b"ZZZZ\r\n", "bad_crc", "four hex digits", id="no hex"),
        pytest.param(b"##0010" + GOOD[6:], "bad_length", "length says 10", id="length too small"),
        pytest.param(b"##0999" + GOOD[6:], "bad_length", "length says 999", id="length too great"),
        pytest.param(GOOD[:-20], "truncated", "cut off", id="cut off"),
        pytest.param(GOOD[1:], "bad_header", "## and four digits", id="one # lost"),
        pytest.param(b"##12 x" + GOOD[6:], "bad_header", "## and four digits", id="two digits"),
        pytest.param(b"GET / HTTP/1.1\r\n", "noise", "between packets", id="another protocol"),
        pytest.param(GOOD[:-2], "no_tail", "CR LF", id="no line end"),
    ],
)
def test_bad_framing_is_rejected_and_the_next_packet_is_found(data: bytes, reason: str, words: str) -> None:
    (alone,) = framed(data)
    assert isinstance(alone, Rejected)
    assert (alone.reason, alone.raw) == (reason, data)
    assert words in alone.detail
    before_another = framed(data + GOOD)
    assert reasons(before_another)[-1] == "ok"
    assert "ok" not in reasons(before_another)[:-1]


def test_a_packet_that_lost_its_end_does_not_swallow_the_next() -> None:
    found = framed(GOOD[:-30] + GOOD)
    assert reasons(found) == ["truncated", "ok"]
    assert found[0].raw == GOOD[:-30]


def test_a_length_that_asks_for_too_much_gives_the_next_packet_at_once() -> None:
    framer = Framer()
    assert reasons(framer.feed(b"##9999" + GOOD[6:] + GOOD)) == ["bad_length", "ok"]


def test_nothing_is_held_but_what_may_still_become_a_packet() -> None:
    framer = Framer()
    for _ in range(200):
        framer.feed(b"x" * 1460)
        assert framer.held < 5_000
    for _ in range(200):
        framer.feed(b"##9999" + b"y" * 1454)
        assert framer.held < 2 * LONGEST


def test_a_buffer_too_small_for_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="max_buffer is 1024"):
        Framer(max_buffer=1024)


_PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                GOOD,
                GOOD[:-2] + b"\n",
                GOOD[:-6] + b"0000\r\n",
                GOOD[:40],
                GOOD[50:],
                b"##0005",
                b"##9999",
                b"##",
                b"#",
                b"\r\n",
                b"\n",
                b"\r",
                b"\0",
                b"##0000FFFF\r\n",
                frame("汉字".encode()),
                b"##0002" + frame("汉字".encode())[6:],
                b"z" * 5000,
            ]
        ),
        st.binary(max_size=20),
        st.text("#0123456789\r\n", max_size=12).map(str.encode),
    ),
    max_size=12,
).map(b"".join)


@calm
@given(_PIECES, st.data())
def test_how_tcp_cuts_the_stream_makes_no_difference(stream: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(stream)), max_size=40)))
    framer, found = Framer(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.feed(stream[begin:end])
    assert found + framer.close() == framed(stream)


@calm
@given(_PIECES)
def test_byte_by_byte_gives_the_same(stream: bytes) -> None:
    framer, found = Framer(), []
    for place in range(len(stream)):
        found += framer.feed(stream[place : place + 1])
    assert found + framer.close() == framed(stream)


@calm
@given(_PIECES)
def test_no_byte_is_lost_but_blanks_between_packets(stream: bytes) -> None:
    kept = b"".join(one.raw for one in framed(stream))
    blanks = b" \t\r\n\0"
    assert kept.translate(None, blanks) == stream.translate(None, blanks)


@calm
@given(st.binary(max_size=400))
def test_every_built_packet_is_taken(data: bytes) -> None:
    sent = frame(data.replace(b"##", b"..").replace(b"\n", b"."))
    assert framed(sent) == [Frame(sent, sent[6:-6])]
