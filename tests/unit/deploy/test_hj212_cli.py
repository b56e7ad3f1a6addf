"""``parkwatch hj212``: what it prints of packets, how it ends, and how it sends."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connectors.hj212.framing import Framer
from connectors.hj212.packet import answer, parse
from deploy.cli import app
from deploy.cli.hj212_files import unescaped
from tests.unit.connectors.hj212.oracles import MN, telegram

_STANDARD = Path(__file__).parents[4] / "shared" / "data" / "hj212_frames.txt"
REAL_TIME = telegram("DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N;w21003-Rtd=--,w21003-Flag=F")
BAD = REAL_TIME.replace(b"Rtd=2.2", b"Rtd=2.3")


def decode(data: bytes, *options: str) -> Result:
    return CliRunner().invoke(app, ["hj212", "decode", "-", *options], input=data)


def test_a_packet_is_told_with_names_flags_and_times() -> None:
    result = decode(REAL_TIME)
    assert result.exit_code == 0
    assert "2011 real-time data (实时数据); HJ 212-2017, answer wanted" in result.stdout
    assert "DataTime 2016-08-01T08:58:57+08:00" in result.stdout
    assert "w01018 化学需氧量 [附录B: 毫克/升]: value 2.2, data flag N 正常 normal" in result.stdout
    assert "w21003 氨氮 [附录B: 毫克/升]: value --, data flag F 停运 out of operation" in result.stdout
    assert "deviation no_value" in result.stdout


def test_old_codes_are_told_by_their_new_names() -> None:
    result = decode(telegram("DataTime=20160801085857;02-Rtd=3", flag=None, qn="", st="31"))
    assert "02 = a21026 二氧化硫" in result.stdout
    assert "no Flag (2005)" in result.stdout


def test_states_and_answers_are_told_in_words() -> None:
    result = decode(
        telegram("DataTime=20160801085857;SB1-RS=4", cn="2021")
        + telegram("DataTime=20160801085857;PolId=w01018;i12001-Info=3;i11001-Info=//清洗管路//", cn="3020")
        + telegram("ExeRtn=100", cn="9012", st="91", flag=4)
    )
    assert "SB1: running state 4 alarm" in result.stdout
    assert "i12001 analyser's state: information 3 calibration" in result.stdout
    assert "i11001 analyser's log: information //清洗管路//" in result.stdout
    assert "ExeRtn 100 no data" in result.stdout


def test_json_is_one_object_a_line() -> None:
    result = decode(REAL_TIME + BAD, "--json")
    assert result.exit_code == 0
    good, bad = (json.loads(line) for line in result.stdout.splitlines())
    assert (good["ok"], good["mn"], good["cn"], good["wants_ack"]) == (True, MN, "2011", True)
    assert good["times"] == {"DataTime": "2016-08-01T08:58:57+08:00"}
    assert good["items"][0] == {
        "code": "w01018",
        "code_2017": "w01018",
        "name": "化学需氧量",
        "fields": {"Rtd": "2.2", "Flag": "N"},
        "numbers": {"Rtd": 2.2},
        "flag": "正常 normal",
    }
    assert (bad["ok"], bad["reason"]) == (False, "bad_crc")


def test_it_ends_with_1_where_every_packet_is_rejected_and_says_why() -> None:
    result = decode(BAD)
    assert result.exit_code == 1
    assert "bad_crc" in result.stderr
    assert result.stdout == ""


def test_one_good_packet_among_bad_ones_is_enough() -> None:
    result = decode(BAD + b"noise\r\n" + REAL_TIME)
    assert result.exit_code == 0
    assert "bad_crc" in result.stderr
    assert "noise" in result.stderr


@pytest.mark.parametrize("data", [pytest.param(b"", id="nothing"), pytest.param(b"\n\n", id="blank lines")])
def test_no_packet_at_all_is_no_success(data: bytes) -> None:
    result = decode(data)
    assert result.exit_code == 1
    assert "no valid packet" in result.stderr


def test_strict_refuses_what_is_else_tolerated() -> None:
    odd = telegram("DataTime=20160801085857; w01018-Rtd=2.2")
    assert decode(odd).exit_code == 0
    result = decode(odd, "--strict")
    assert result.exit_code == 1
    assert "stray_blank" in result.stderr


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(REAL_TIME, id="bytes"),
        pytest.param(REAL_TIME[:-2] + b"\n", id="a line of text"),
        pytest.param(REAL_TIME[:-2] + b"\\r\\n\n", id="escapes"),
        pytest.param(b"@V01 expect=ok\n#note a remark\n" + REAL_TIME[:-2] + b"\\r\\n\n\n", id="escapes with remarks"),
        pytest.param(b"xx\\x00" + REAL_TIME[:-2] + b"\\r\\n", id="escaped noise before it"),
        pytest.param(REAL_TIME.hex(" ").encode() + b"\n", id="hex dump"),
        pytest.param(REAL_TIME.hex().upper().encode(), id="hex in one"),
    ],
)
def test_every_form_in_which_people_have_packets_is_understood(data: bytes) -> None:
    result = decode(data)
    assert result.exit_code == 0, result.stderr
    assert "化学需氧量" in result.stdout


def test_a_file_longer_than_a_block_is_read_to_its_end(tmp_path: Path) -> None:
    for name, data in (("raw", REAL_TIME * 900), ("text", (REAL_TIME[:-2] + b"\\r\\n\n") * 900)):
        file = tmp_path / name
        file.write_bytes(data)
        result = CliRunner().invoke(app, ["hj212", "decode", str(file), "--json"])
        assert result.stdout.count('"ok": true') == 900


def _standard_lines() -> list[tuple[str, bytes]]:
    """(verdict, line with escapes) of the standard's frames."""
    found, verdict = [], ""
    for line in _STANDARD.read_bytes().split(b"\n"):
        if line.startswith(b"@"):
            verdict = line.decode().partition("expect=")[2].partition(" ")[0]
        elif line and verdict and not line.startswith((b"#src", b"#note", b"# ")):
            found.append((verdict, line))
    return found


@pytest.mark.skipif(not _STANDARD.is_file(), reason="the frames are not on this machine")
def test_a_frame_of_every_verdict_ends_as_it_should() -> None:
    one_each = dict(_standard_lines())
    assert len(one_each) > 12
    for verdict, line in one_each.items():
        result = decode(unescaped(line))
        assert result.exit_code == (0 if verdict.startswith("ok") else 1), line
        assert result.exit_code == 0 or "rejected: " in result.stderr


@pytest.mark.skipif(not _STANDARD.is_file(), reason="the frames are not on this machine")
def test_the_whole_file_of_them_is_read_at_once() -> None:
    result = CliRunner().invoke(app, ["hj212", "decode", str(_STANDARD), "--json"])
    told = [json.loads(line)["ok"] for line in result.stdout.splitlines()]
    assert (told.count(True), told.count(False)) == (87, 8)


def test_a_file_that_is_not_there_is_a_message() -> None:
    result = CliRunner().invoke(app, ["hj212", "decode", "/nowhere/packets"])
    assert result.exit_code == 1
    assert "/nowhere/packets cannot be read" in result.stderr


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection on a free port; yields HOST:PORT."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def one() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            serve(connection)

    thread = threading.Thread(target=one)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(30)
        listener.close()


def packets_from(connection: socket.socket) -> Iterator[bytes]:
    framer = Framer()
    while data := connection.recv(4096):
        yield from (piece.raw for piece in framer.feed(data))


def send(data: bytes, to: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["hj212", "send", "-", "--to", to, *options], input=data)


def test_sending_waits_for_the_answer_to_each() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        for raw in packets_from(connection):
            heard.append(raw)
            connection.sendall(answer(parse(raw[6:-6])))

    with server(serve) as to:
        result = send(REAL_TIME + telegram("DataTime=20160801090000", qn="20160801090000000"), to)
    assert result.exit_code == 0, result.output
    assert len(heard) == 2
    assert result.stdout.count("received ##") == 2


def test_what_is_not_answered_is_sent_again_and_then_given_up() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heard.extend(packets_from(connection))

    with server(serve) as to:
        result = send(REAL_TIME, to, "--timeout", "50ms", "--resends", "2")
    assert result.exit_code == 1
    assert heard == [REAL_TIME] * 3
    assert "not answered" in result.stderr


def test_an_answer_to_another_packet_does_not_count() -> None:
    def serve(connection: socket.socket) -> None:
        for raw in packets_from(connection):
            connection.sendall(answer(parse(raw[6:-6])).replace(b"QN=2016", b"QN=2017"))
            connection.sendall(answer(parse(telegram(qn="20170801085857223")[6:-6])))

    with server(serve) as to:
        result = send(REAL_TIME, to, "--timeout", "50ms", "--resends", "0")
    assert result.exit_code == 1


def test_bad_packets_go_out_only_when_asked_for() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(4096):
            heard.append(data)

    with server(serve) as to:
        assert send(BAD, to).exit_code == 1
    assert heard == []
    with server(serve) as to:
        assert send(BAD, to, "--anyway").exit_code == 0
    assert b"".join(heard) == BAD


def test_a_server_that_is_not_there_is_a_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = send(REAL_TIME, f"127.0.0.1:{port}")
    assert result.exit_code == 1
    assert "cannot connect" in result.stderr


def test_an_address_without_port_is_a_message() -> None:
    result = send(REAL_TIME, "localhost")
    assert result.exit_code == 1
    assert "HOST:PORT" in result.stderr
