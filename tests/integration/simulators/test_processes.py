"""The simulators as processes of their own: started by a file, steered by lines, ended in an orderly way."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asyncua.client.client import Client

from deploy.embedded import EmbeddedBroker
from deploy.embedded.ports import free_port
from tests.integration.simulators.conftest import EXAMPLES
from tests.integration.simulators.hj212_host import Host

ROOT = Path(__file__).parents[3]


class Process:
    """A simulator process and its lines."""

    def __init__(self, module: str, config: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(config)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def next(self, event: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if said["event"] == event:
                return said
        raise AssertionError(f"the process ended without saying {event!r}")

    def command(self, **fields: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()

    def end(self) -> int:
        if self._process.poll() is None:
            self._process.terminate()
        # Reads on, so that the process can say its last words.
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.communicate(timeout=30)
        return self._process.returncode


@contextmanager
def _running(module: str, config: Path) -> Iterator[Process]:
    process = Process(module, config)
    try:
        yield process
    finally:
        process.end()


def _file(tmp_path: Path, **fields: object) -> Path:
    file = tmp_path / "simulator.json"
    file.write_text(json.dumps({"park": str(EXAMPLES / "small.yaml"), **fields}), "utf-8")
    return file


async def test_an_opc_ua_process_serves_restarts_and_takes_faults(tmp_path: Path) -> None:
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}/"
    servers = [{"connector": "opcua-hengtai", "endpoint": endpoint}]
    with _running("simulators.opcua_server", _file(tmp_path, servers=servers, period="100ms")) as process:
        assert process.next("ready")["endpoints"] == {"opcua-hengtai": endpoint}
        process.command(command="restart", connector="opcua-hengtai", down_s=0.1)
        assert process.next("done")["command"] == "restart"
        bias = {"kind": "bias", "target": "hengtai.T101.level", "at": 0, "for": "1h", "size": -500}
        process.command(command="fault", fault=bias)
        assert process.next("done")["command"] == "fault"
        process.command(command="fault", fault={"kind": "frozen"})
        assert "target" in process.next("error")["reason"]
        async with Client(endpoint) as client:
            # Written within a period; before that the server answers that it waits for its first value.
            for _ in range(50):
                data = await client.get_node("ns=2;s=T101.LI").read_data_value(raise_on_bad_status=False)
                if data.Value is not None and data.Value.Value is not None and data.Value.Value < -300:
                    break
                await asyncio.sleep(0.1)
            assert data.Value is not None
            assert data.Value.Value < -300
        process.command(command="stop")
        assert process.next("finished")


async def test_a_fleet_process_plays_its_scenario_to_the_end(tmp_path: Path, broker: EmbeddedBroker) -> None:
    scenario = tmp_path / "short.yaml"
    scenario.write_text("name: short\npark: small.yaml\nseed: 1\nduration: 1s\nspeed: 60\n", "utf-8")
    fleet = {"host": broker.host, "port": broker.port, "topic": "fleet-process/{enterprise}/{device}"}
    config = _file(tmp_path, scenario=str(scenario), end=True, period="100ms", fleet=fleet)
    with _running("simulators.mqtt_fleet", config) as process:
        assert process.next("ready")["connections"] == 2
        process.next("finished")
        counts = process.next("published")
        # Eleven rounds of nine devices; a player that was held up skips to the present, and says so by fewer rounds.
        rounds, rest = divmod(counts["messages"], 9)
        assert counts["acknowledged"] == counts["messages"]
        assert rest == 0
        assert 1 <= rounds <= 11


async def test_a_process_of_loggers_takes_faults_and_says_what_was_heard(tmp_path: Path) -> None:
    mn = "330604000010000000DE0002"
    async with Host().listening() as host:
        fleet = {"port": host.port, "realtime_every": "1s", "ack_timeout": "200ms", "backoff": "50ms"}
        with _running("simulators.hj212_fleet", _file(tmp_path, period="100ms", fleet=fleet)) as process:
            assert (await asyncio.to_thread(process.next, "ready"))["loggers"] == 2
            await host.until(lambda host: bool(host.of("2011", mn)))
            fault = {"kind": "wrong_mn", "target": f"hj212/{mn}", "at": 0, "for": "1h"}
            process.command(command="fault", fault=fault)
            assert (await asyncio.to_thread(process.next, "done"))["command"] == "fault"
            await host.until(lambda host: any(one.mn == mn[:-4] + "FFFF" for one in host.heard))
            process.command(command="stop")
            counts = await asyncio.to_thread(process.next, "published")
            assert counts["acknowledged"] > 2
            assert counts["samples"] > 0


def test_pushers_without_a_key_end_with_the_reason(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulators.http_pushers", str(_file(tmp_path, pushers={"keys": {"hengtai": "x"}}))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "keys has none for park\n")


def test_a_fleet_ends_although_its_broker_is_gone(tmp_path: Path, server_directory: Path) -> None:
    with EmbeddedBroker(server_directory / "vanishing-broker") as broker:
        fleet = {"port": broker.port, "form": "sample"}
        with _running("simulators.mqtt_fleet", _file(tmp_path, period="20ms", fleet=fleet)) as process:
            process.next("ready")
            broker.kill()
            time.sleep(2.0)  # enough to fill what may be unacknowledged
            began = time.monotonic()
            assert process.end() == 0
            assert time.monotonic() - began < 18.0


def test_a_wrong_file_ends_the_process_with_its_reason(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulators.opcua_server", str(_file(tmp_path))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "'servers' is missing" in done.stderr
    assert "Traceback" not in done.stderr
