"""The check sum, against the standard's own algorithm and its printed example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212.crc import TABLE, crc16, explain_crc, modbus16
from tests.unit.connectors.hj212.oracles import calm, crc_as_printed

ANNEX_A = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(ANNEX_A, 0x1C80, id="printed in annex A"),
        pytest.param(
            b"QN=20231008125115215;ST=22;CN=9011;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&QnRtn=1&&",
            0xCC01,
            id="an answer",
        ),
        pytest.param(
            b"ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817000;"
            b"B01-Rtd=36.91;011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N&&",
            0x4980,
            id="a sender of 2005",
        ),
        pytest.param(b"123456789", 0x2F80, id="the usual check string"),
        pytest.param(b"", 0xFFFF, id="empty"),
    ],
)
def test_known_sums(data: bytes, expected: int) -> None:
    assert crc16(data) == expected


@calm
@given(st.binary(max_size=1100))
def test_it_is_the_standards_own_sum(data: bytes) -> None:
    assert crc16(data) == crc_as_printed(data)


@calm
@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_change_of_one_byte_is_always_seen(data: bytes, draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    other = draw.draw(st.integers(0, 255).filter(lambda byte: byte != data[place]))
    assert crc16(data[:place] + bytes([other]) + data[place + 1 :]) != crc16(data)


def test_only_256_sums_exist() -> None:
    assert len(set(TABLE)) == 256
    assert {one & 0xFF for one in TABLE} == {0x00, 0x01, 0x40, 0x41, 0x80, 0x81, 0xC0, 0xC1}


def test_modbus_is_another_sum() -> None:
    assert modbus16(b"123456789") == 0x4B37
    assert modbus16(ANNEX_A) == 0x0759


@pytest.mark.parametrize(
    ("given_sum", "words"),
    [
        pytest.param(0x0759, "this is the Modbus CRC; HJ 212 shifts first", id="modbus"),
        pytest.param(0x801C, "bytes are swapped", id="swapped"),
        pytest.param(0x1234, "computes another CRC", id="not of this algorithm"),
        pytest.param(0x4400, "damaged on the way", id="possible"),
    ],
)
def test_a_wrong_sum_is_explained(given_sum: int, words: str) -> None:
    text = explain_crc(ANNEX_A, given_sum)
    assert words in text
    assert "1C80" in text
