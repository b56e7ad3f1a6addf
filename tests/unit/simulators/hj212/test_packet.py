"""What loggers write is what the standard prints, and what the service's own codec reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212.framing import Frame, Framer
from connectors.hj212.packet import parse
from simulators.hj212_packet import Ear, beijing, checksum, frame, from_beijing, modbus_checksum
from simulators.hj212_profiles import Hand, Profile

_MN = "010000A8900016F000169DC0"
_GROUPS = [
    [("DataTime", "20160801085857")],
    [("w01018-Rtd", "2.2"), ("w01018-Flag", "N")],
    [("w01001-Rtd", "7.1"), ("w01001-Flag", "D")],
]
_READ = {"w01018": {"Rtd": "2.2", "Flag": "N"}, "w01001": {"Rtd": "7.1", "Flag": "D"}}


def test_the_crc_is_the_one_that_the_standard_prints() -> None:
    segment = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert frame(segment) == b"##0101" + segment + b"1C80\r\n"
    assert checksum(b"123456789") == 0x2F80
    assert modbus_checksum(b"123456789") == 0x4B37


def test_times_are_beijing_times() -> None:
    assert beijing(1_470_013_137_223_000, millis=True) == "20160801085857223"
    assert from_beijing("20160801085857") == 1_470_013_137_000_000


@pytest.mark.parametrize("profile", [one for one in Profile if one is not Profile.MODBUS_CRC])
def test_our_own_codec_reads_every_maker(profile: Profile) -> None:
    hand = Hand(mn=_MN, password="123456", profile=profile)
    groups = [[(name.replace("w01018", hand.code("w01018")), value) for name, value in group] for group in _GROUPS]
    segment = hand.write(cn=2011, st=32, qn="20160801085857223", groups=groups, wants_answer=True)
    (one,) = Framer().feed(hand.seal(segment))
    assert isinstance(one, Frame)
    read = parse(one.segment)
    assert (read.mn, read.cn, read.st) == (_MN, "2011", "32")
    assert read.params["DataTime"] == "20160801085857"
    found = {group.code: dict(group.fields) for group in read.cp}
    assert found[hand.code("w01018")] == _READ["w01018"]
    assert found["w01001"] == _READ["w01001"]
    assert read.wants_ack is (profile is not Profile.OLD_2005)


def test_a_modbus_crc_is_never_understood() -> None:
    hand = Hand(mn=_MN, password="123456", profile=Profile.MODBUS_CRC)
    sealed = hand.seal(hand.write(cn=2011, st=32, qn="20160801085857223", groups=_GROUPS))
    assert not any(isinstance(one, Frame) for one in Framer().feed(sealed + sealed))


@pytest.mark.parametrize("profile", [Profile.LF_ONLY, Profile.SEMICOLON_MESS, Profile.STRAY_BLANKS])
def test_a_careless_maker_is_noticed(profile: Profile) -> None:
    hand = Hand(mn=_MN, password="123456", profile=profile)
    (one,) = Framer().feed(hand.seal(hand.write(cn=2011, st=32, qn="20160801085857223", groups=_GROUPS)))
    assert isinstance(one, Frame)
    assert one.deviations or parse(one.segment).deviations


def test_parameters_that_fill_a_packet_are_split_each_with_the_time() -> None:
    hand = Hand(mn=_MN, password="123456")
    groups = [[("DataTime", "20160801080000")]]
    groups += [[(f"a{k:05d}-Avg", "1.234567"), (f"a{k:05d}-Flag", "N")] for k in range(60)]
    parts = hand.split(groups, None)
    assert len(parts) == 2 or len(parts) == 3
    assert all(part[0] == groups[0] for part in parts)
    assert [group for part in parts for group in part[1:]] == groups[1:]
    for part in parts:
        assert len(hand.write(cn=2061, st=31, qn="2" * 17, groups=part, part=(1, 9))) <= 1024


def test_a_logger_that_splits_early_puts_so_many_in_a_packet() -> None:
    groups = [[("DataTime", "20160801080000")], *[[(f"a{k:05d}-Rtd", "1")] for k in range(5)]]
    parts = Hand(mn=_MN, password="123456").split(groups, 2)
    assert [len(part) - 1 for part in parts] == [2, 2, 1]


@given(st.data())
def test_commands_are_heard_however_they_are_cut(data: st.DataObject) -> None:
    sent = b"".join(
        frame(f"QN={'2' * 17};ST=31;CN={cn};PW=1;MN={_MN};Flag=5;CP=&&BeginTime=20160801084000&&".encode())
        for cn in (1011, 2051, 3020)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    ear = Ear()
    heard = [one for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True) for one in ear.feed(sent[a:b])]
    assert [one.cn for one in heard] == [1011, 2051, 3020]
    assert heard[0].cp == {"BeginTime": "20160801084000"}
    assert all(one.wants_answer for one in heard)


@given(st.binary(max_size=200))
def test_noise_before_a_command_costs_only_noise(noise: bytes) -> None:
    ear = Ear()
    command = frame(f"QN=1;ST=31;CN=1011;PW=1;MN={_MN};Flag=5;CP=&&&&".encode())
    heard = ear.feed(noise.replace(b"#", b"") + command)
    assert [one.cn for one in heard] == [1011]


def test_a_command_with_a_wrong_crc_is_not_heard() -> None:
    ear = Ear()
    good = frame(b"ST=31;CN=1011;PW=1;MN=1;Flag=5;CP=&&&&")
    assert [one.cn for one in ear.feed(good.replace(b"CN=1011", b"CN=1012") + good)] == [1011]
    assert ear.unheard == 1
