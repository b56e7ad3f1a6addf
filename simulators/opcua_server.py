"""Process of simulated OPC UA plants: ``python -m simulators.opcua_server CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` when all servers listen, ``{"event": "written", ...}`` every five seconds and at
the end. Commands, one JSON object a line on its input:

    {"command": "restart", "connector": "opcua-a", "down_s": 5}
    {"command": "fault", "fault": {"kind": "leak", "target": "hengtai.T101", "at": "0s", "for": "20s", "size": 6}}
    {"command": "stop"}
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter

from park.yamlfile import Document
from simulators.control import obey, say, stop_on_signals
from simulators.faults import Fault
from simulators.live import LiveSource
from simulators.opcua_plant import OpcUaPlant, ServerConfig, quiet_logs
from simulators.player import play, wall_clock_us
from simulators.stage import Stage

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
_REPORT_EVERY_S = 5.0


class Config(Stage):
    """The file that the process is started with."""

    servers: tuple[ServerConfig, ...] = Field(min_length=1)


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


class _Steering:
    """Carries out the commands."""

    def __init__(self, source: LiveSource, plants: Mapping[str, OpcUaPlant]) -> None:
        self._source, self._plants = source, plants

    async def restart(self, command: Mapping[str, Any]) -> None:
        await self._plants[command["connector"]].restart(float(command.get("down_s", 0.0)))

    async def fault(self, command: Mapping[str, Any]) -> None:
        self._source.inject(_FAULT.validate_python(command["fault"]), wall_clock_us())


async def _report(plants: Mapping[str, OpcUaPlant]) -> None:
    while True:
        await asyncio.sleep(_REPORT_EVERY_S)
        say("written", **{name: plant.written for name, plant in plants.items()})


async def run(config: Config) -> None:
    """Serve until stopped or, where the stage has an end, until it is over."""
    quiet_logs()
    source = config.source()
    plants = {one.connector: OpcUaPlant(one, source.table) for one in config.servers}
    stop = asyncio.Event()
    stop_on_signals(stop)
    for plant in plants.values():
        await plant.start()
    say("ready", pid=os.getpid(), endpoints={name: plant.endpoint for name, plant in plants.items()})
    steering = _Steering(source, plants)
    handlers = {"restart": steering.restart, "fault": steering.fault}
    tasks = [asyncio.create_task(obey(handlers, stop)), asyncio.create_task(_report(plants))]
    try:
        await play(source, list(plants.values()), stop)
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for plant in plants.values():
            await plant.stop()
        say("written", **{name: plant.written for name, plant in plants.items()})


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="simulators.opcua_server", description="Simulated OPC UA plants")
    parser.add_argument("config", type=Path, help="YAML or JSON file")
    asyncio.run(run(load_config(parser.parse_args().config)))


if __name__ == "__main__":
    main()
