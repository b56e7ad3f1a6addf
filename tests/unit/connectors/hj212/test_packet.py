"""What a data segment says, who wrote it how, and what is built."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hj212 import misprints
from connectors.hj212.framing import Frame, Framer
from connectors.hj212.packet import Group, Packet, PacketInvalid, answer, build, parse
from tests.unit.connectors.hj212.oracles import MN, QN, calm, segment, telegram

_HEAD = f"QN={QN};ST=32;CN=2011;PW=123456;MN={MN};Flag=5;"


def read(text: str) -> Packet:
    return parse(text.encode())


def test_a_packet_of_2017_says_everything() -> None:
    packet = parse(segment("DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N;w01001-Rtd=7.1"))
    assert (packet.qn, packet.st, packet.cn, packet.pw, packet.mn) == (QN, "32", "2011", "123456", MN)
    assert (packet.flag, packet.version, packet.wants_ack, packet.is_split) == (5, 1, True, False)
    assert packet.params == {"DataTime": "20160801085857"}
    assert packet.cp == (
        Group("DataTime", {"": "20160801085857"}),
        Group("w01018", {"Rtd": "2.2", "Flag": "N"}),
        Group("w01001", {"Rtd": "7.1"}),
    )
    assert packet.deviations == ()


def test_a_packet_of_2005_needs_no_qn_and_no_flag() -> None:
    packet = read("ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817000;B01-Rtd=36.91&&")
    assert (packet.qn, packet.flag, packet.version, packet.wants_ack) == ("", None, 0, False)
    assert packet.deviations == ()


@pytest.mark.parametrize(
    ("flag", "version", "split", "ack"),
    [
        (0, 0, False, False),
        (1, 0, False, True),
        (3, 0, True, True),
        (4, 1, False, False),
        (5, 1, False, True),
        (6, 1, True, False),
        (7, 1, True, True),
        (8, 2, False, False),
        (9, 2, False, True),
        (11, 2, True, True),
    ],
)
def test_the_bits_of_flag(flag: int, version: int, split: bool, ack: bool) -> None:
    packet = parse(segment(flag=flag, pnum=2 if split else None, pno=1 if split else None))
    assert (packet.version, packet.is_split, packet.wants_ack) == (version, split, ack)
    assert packet.deviations == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param(_HEAD.replace("23;ST", "23,ST") + "CP=&&&&", "comma_after_qn", id="C.22"),
        pytest.param(_HEAD[:-1] + "CP=&&DataTime=20160801000000&&", "missing_semicolon", id="C.19"),
        pytest.param(_HEAD.replace("ST=32;", "ST=32") + "CP=&&&&", "missing_semicolon", id="between fields"),
        pytest.param(_HEAD + "CP=&& &&", "stray_blank", id="C.4"),
        pytest.param(_HEAD + "CP=&& DataTime=20160801085857&&", "stray_blank", id="C.34"),
        pytest.param(_HEAD + "CP=&&i12003-Info =0&&", "stray_blank", id="C.42"),
        pytest.param(_HEAD + "CP=&&i13004-Info=168.0 &&", "stray_blank", id="C.45"),
        pytest.param(_HEAD.replace("Flag", " Flag") + "CP=&&&&", "stray_blank", id="C.43"),
        pytest.param(_HEAD + "CP=&&BeginTime=20160801000000,EndTime=20160801000000&&", "comma_in_request", id="C.23"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1,01018-Flag=N&&", "code_mismatch", id="C.14"),
        pytest.param(_HEAD + "CP=&&e01001-Rtd=1;e01001-Rtd=2&&", "duplicate_item", id="C.29"),
        pytest.param(_HEAD + "CP=&&011-Rtd=231.0;011-Flag=N&&", "semicolon_in_item", id="item torn by a semicolon"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1,w01001-Rtd=7&&", "comma_between_items", id="items joined by a comma"),
        pytest.param(_HEAD + "CP=&&w01018-rtd=1&&", "name_case", id="small suffix"),
        pytest.param(_HEAD + "CP=&&datatime=20160801085857&&", "name_case", id="small parameter"),
        pytest.param(_HEAD.replace("Flag", "FLAG") + "CP=&&&&", "name_case", id="field in capitals"),
        pytest.param(_HEAD + "CP=&&w01018-ValidNum=5&&", "unknown_suffix", id="a maker's own suffix"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1;;w01001-Rtd=7&&", "empty_item", id="two semicolons"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1;&&", "empty_item", id="semicolon at the end"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1,000,w01018-Flag=N&&", "item_without_value", id="thousands separator"),
        pytest.param(_HEAD + "CP=&&=5&&", "item_without_name", id="no name"),
        pytest.param(_HEAD + "CP=&DataTime=20160801085857&&", "ampersands", id="one ampersand"),
        pytest.param(_HEAD + "CP=&&DataTime=20160801085857", "ampersands", id="no closing ampersands"),
        pytest.param(_HEAD + "CP=&&DataTime=20160801085857&&x", "text_after_cp", id="text after it"),
        pytest.param(_HEAD, "missing_cp", id="no CP"),
        pytest.param(_HEAD.replace("Flag=5", "Flag=x") + "CP=&&&&", "bad_flag", id="Flag is no number"),
        pytest.param(_HEAD.replace("Flag=5", "Flag=300") + "CP=&&&&", "bad_flag", id="Flag is too great"),
        pytest.param(_HEAD.replace("Flag=5", "Flag=7") + "CP=&&&&", "bad_split", id="no PNUM"),
        pytest.param(_HEAD + "PNUM=2;PNO=1;CP=&&&&", "split_without_flag", id="PNUM without the bit"),
        pytest.param(_HEAD.replace(QN, "20161301256199999") + "CP=&&&&", "bad_qn", id="month 13"),
        pytest.param(_HEAD.replace(f"QN={QN};", "") + "CP=&&&&", "missing_qn", id="no QN"),
        pytest.param(_HEAD.replace("ST=32;", "") + "CP=&&&&", "missing_st", id="no ST"),
        pytest.param(_HEAD.replace("ST=32", "ST=3") + "CP=&&&&", "bad_st", id="ST of one digit"),
        pytest.param(_HEAD.replace("PW=123456;", "") + "CP=&&&&", "missing_pw", id="no PW"),
        pytest.param(_HEAD.replace(MN, "MY_LOGGER") + "CP=&&&&", "mn_form", id="another form of MN"),
        pytest.param(_HEAD.replace("2011", "7777") + "CP=&&&&", "unknown_cn", id="an unknown CN"),
        pytest.param(_HEAD + "Foo=1;CP=&&&&", "unknown_field", id="an unknown field"),
        pytest.param(_HEAD + "ST=22;CP=&&&&", "duplicate_field", id="ST twice"),
        pytest.param(f"MN={MN};ST=32;CN=2011;PW=1;CP=&&&&", "field_order", id="another order"),
        pytest.param(_HEAD + "CP=&&w01018-Rtd=1\x072&&", "control_character", id="a bell"),
        pytest.param("", "empty_segment", id="nothing at all"),
    ],
)
def test_what_departs_is_tolerated_and_told_and_refused_in_strict_mode(text: str, word: str) -> None:
    assert word in read(text).deviations
    with pytest.raises(PacketInvalid, match=word) as caught:
        parse(text.encode(), strict=True)
    assert caught.value.reason == "strict"


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        pytest.param(_HEAD.replace(f"MN={MN};", "") + "CP=&&&&", "missing_field", "no MN", id="no MN"),
        pytest.param(_HEAD.replace("CN=2011;", "") + "CP=&&&&", "missing_field", "no CN", id="no CN"),
        pytest.param(_HEAD.replace("2011", "20x1") + "CP=&&&&", "bad_field", "20x1", id="CN is no number"),
        pytest.param("hello", "missing_field", "no MN", id="something else"),
    ],
)
def test_what_nobody_can_place_is_no_packet(text: str, reason: str, words: str) -> None:
    with pytest.raises(PacketInvalid, match=words) as caught:
        read(text)
    assert caught.value.reason == reason


def test_a_misprint_costs_nothing_of_what_is_said() -> None:
    packet = read(
        f"QN={QN},ST=32;CN=2011;PW=123456;MN={MN}; Flag=5CP=&& DataTime=20160801085857;"
        "w01018-SampleTime=20160801070000,01018-Rtd=2.2 ,w01018-Flag=N &&"
    )
    assert (packet.qn, packet.flag, packet.mn) == (QN, 5, MN)
    assert packet.params == {"DataTime": "20160801085857"}
    assert packet.cp[1] == Group("w01018", {"SampleTime": "20160801070000", "Rtd": "2.2", "Flag": "N"})


def test_text_may_hold_separators() -> None:
    packet = parse(segment("i11001-Info=//清洗;管路,a=b//;i12001-Info=1", cn="3020"))
    assert packet.cp == (Group("i11001", {"Info": "//清洗;管路,a=b//"}), Group("i12001", {"Info": "1"}))
    assert packet.deviations == ()


def test_chinese_in_gb_18030_is_read_and_told() -> None:
    packet = parse(segment("i11001-Info=//XX//").replace(b"XX", "清洗".encode("gb18030")))
    assert packet.cp[0].fields == {"Info": "//清洗//"}
    assert packet.deviations == ("not_utf8",)


@pytest.mark.parametrize(
    "cipher",
    [
        pytest.param(b"A0b1C2d3E4f5A0b1C2d3E4f5==", id="base 64"),
        pytest.param(b"A0B1C2D3E4F5A0B1C2D3E4F5A0B1C2D3", id="hex"),
        pytest.param(bytes(range(128, 256)) + b"=;=", id="bytes"),
    ],
)
def test_what_is_encrypted_is_known_as_such(cipher: bytes) -> None:
    whole = segment("XX", flag=9).replace(b"XX", cipher)
    assert parse(whole).encrypted
    assert not parse(whole.replace(b"Flag=9", b"Flag=5")).encrypted


@pytest.mark.parametrize("content", ["", " ", "DataTime=20160801085857", "RtdInterval=30"])
def test_plain_content_of_2025_is_not_taken_for_encrypted(content: str) -> None:
    assert not parse(segment(content, flag=9)).encrypted


def test_an_answer_repeats_qn_and_version() -> None:
    asked = parse(segment("DataTime=20160801085857"))
    assert answer(asked) == (f"##0087QN={QN};ST=91;CN=9014;PW=123456;MN={MN};Flag=4;CP=&&&&3240\r\n".encode())
    assert b"Flag=8;" in answer(parse(segment(flag=9)), "9013")
    assert b"Flag" not in answer(parse(segment(flag=None)))


def test_a_packet_that_cannot_say_its_length_is_not_built() -> None:
    with pytest.raises(ValueError, match="split it"):
        build(cn="2011", mn=MN, pw="123456", content="x" * 10_000)


_CODES = st.builds("{}{:05d}".format, st.sampled_from("aw"), st.integers(0, 99_999))
_NUMBERS = st.builds("{:.{}f}".format, st.integers(-99_999, 99_999), st.integers(0, 3))
_ITEMS = st.lists(
    st.tuples(
        _CODES,
        st.dictionaries(st.sampled_from(["Rtd", "ZsRtd", "Avg", "Min", "Max", "Cou"]), _NUMBERS, min_size=1),
        st.sampled_from(["", "N", "D", "M"]),
    ),
    max_size=8,
    unique_by=lambda item: item[0],
)


def content_of(items: list[tuple[str, dict[str, str], str]]) -> str:
    written = ["DataTime=20160801085857"]
    for code, fields, flag in items:
        joined = ",".join(f"{code}-{suffix}={text}" for suffix, text in fields.items())
        written.append(joined + (f",{code}-Flag={flag}" if flag else ""))
    return ";".join(written)


@calm
@given(_ITEMS, st.sampled_from([None, 0, 1, 4, 5, 8, 9]))
def test_what_is_built_is_what_is_read(items: list[tuple[str, dict[str, str], str]], flag: int | None) -> None:
    (frame,) = Framer().feed(telegram(content_of(items), flag=flag))
    assert isinstance(frame, Frame)
    packet = parse(frame.segment)
    expected = [Group(code, {**fields, **({"Flag": letter} if letter else {})}) for code, fields, letter in items]
    assert list(packet.cp[1:]) == expected
    assert (packet.flag, packet.deviations) == (flag, ())


@calm
@given(_ITEMS, st.sampled_from([None, 5, 7, 9]), st.booleans())
def test_the_careful_road_reads_a_plain_packet_alike(
    items: list[tuple[str, dict[str, str], str]], flag: int | None, with_qn: bool
) -> None:
    part = {"pnum": 3, "pno": 2} if flag == 7 else {}
    plain = segment(content_of(items), flag=flag, qn=QN if with_qn else "", **part)
    fast, careful = parse(plain), Packet(**misprints.read_careful(plain))
    for name in ("qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno", "content", "deviations", "cp"):
        assert getattr(fast, name) == getattr(careful, name), name


@calm
@given(st.binary(max_size=300))
def test_any_bytes_are_a_packet_or_are_not(data: bytes) -> None:
    with suppress(PacketInvalid):
        packet = parse(data)
        assert packet.mn or not data
