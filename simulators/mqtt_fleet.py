"""Process of a fleet of MQTT monitors: ``python -m simulators.mqtt_fleet CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` once connected, ``{"event": "published", ...}`` every five seconds and at the end.
Commands, one JSON object a line on its input:

    {"command": "fault", "fault": {"kind": "drop_out", "target": "mqtt/fl-ne", "at": "0s", "for": "20s"}}
    {"command": "stop"}
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from park.yamlfile import Document
from simulators.control import obey, say, stop_on_signals
from simulators.faults import Fault
from simulators.mqtt_devices import FleetConfig, MqttFleet
from simulators.player import play, wall_clock_us
from simulators.stage import Stage

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
_REPORT_EVERY_S = 5.0


class Config(Stage):
    """The file that the process is started with."""

    fleet: FleetConfig


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


def _tell(fleet: MqttFleet) -> None:
    say("published", messages=fleet.published, acknowledged=fleet.acknowledged, samples=fleet.samples)


async def _report(fleet: MqttFleet) -> None:
    while True:
        await asyncio.sleep(_REPORT_EVERY_S)
        _tell(fleet)


async def run(config: Config) -> None:
    """Publish until stopped or, where the stage has an end, until it is over."""
    source = config.source()
    fleet = MqttFleet(config.fleet, source.table)
    stop = asyncio.Event()
    stop_on_signals(stop)
    await fleet.start()
    say("ready", pid=os.getpid(), connections=len(fleet.connections))

    async def fault(command: Mapping[str, Any]) -> None:
        source.inject(_FAULT.validate_python(command["fault"]), wall_clock_us())

    tasks = [asyncio.create_task(obey({"fault": fault}, stop)), asyncio.create_task(_report(fleet))]
    try:
        await play(source, [fleet], stop)
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await fleet.stop()
        _tell(fleet)


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="simulators.mqtt_fleet", description="Simulated MQTT monitors")
    parser.add_argument("config", type=Path, help="YAML or JSON file")
    asyncio.run(run(load_config(parser.parse_args().config)))


if __name__ == "__main__":
    main()
