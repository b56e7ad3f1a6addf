"""``parkwatch hj212 send`` and the server: packets from a file are acknowledged and stored."""

import asyncio
from pathlib import Path

from typer.testing import CliRunner, Result

from connectors.hj212.packet import build
from deploy.cli import app
from tests.integration.hj212.rig import MN, PW, Station


def _packet(second: int, value: float, pw: str = PW) -> bytes:
    content = f"DataTime=202611010800{second:02d};w01018-Rtd={value},w01018-Flag=N"
    return build(cn="2011", qn=f"202611010800{second:02d}000", content=content, mn=MN, pw=pw)


async def _send(station: Station, file: Path, *options: str) -> Result:
    to = f"127.0.0.1:{station.connector.port}"
    return await asyncio.to_thread(CliRunner().invoke, app, ["hj212", "send", str(file), "--to", to, *options])


async def test_packets_of_a_file_are_acknowledged_and_stored(tmp_path: Path) -> None:
    file = tmp_path / "packets"
    file.write_bytes(_packet(1, 41.5) + _packet(2, 42.5))
    async with Station().running() as station:
        result = await _send(station, file)
        assert result.exit_code == 0, result.output
        assert result.stdout.count("CN=9014") == 2
        assert station.values("acme.outlet.cod") == [(1, 41.5), (2, 42.5)]


async def test_a_wrong_password_gets_no_acknowledgement_and_the_command_says_so(tmp_path: Path) -> None:
    file = tmp_path / "packets"
    file.write_bytes(_packet(1, 41.5, pw="000000"))
    async with Station().running() as station:
        result = await _send(station, file, "--timeout", "300ms", "--resends", "1")
        assert result.exit_code == 1
        assert set(station.reasons) == {"wrong_password"}
        assert station.values("acme.outlet.cod") == []
