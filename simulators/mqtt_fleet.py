"""Process of a fleet of MQTT monitors: ``python -m simulators.mqtt_fleet CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` once connected, ``{"event": "published", ...}`` every five seconds and at the end.
Commands, one JSON object a line on its input:

    {"command": "fault", "fault": {"kind": "drop_out", "target": "mqtt/fl-ne", "at": "0s", "for": "20s"}}
    {"command": "stop"}
"""

import os
from pathlib import Path

from park.yamlfile import Document
from simulators.control import say
from simulators.mqtt_devices import FleetConfig, MqttFleet
from simulators.process import main_of, run_process
from simulators.stage import Stage


class Config(Stage):
    """The file that the process is started with."""

    fleet: FleetConfig


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


async def run(config: Config) -> None:
    """Publish until stopped or, where the stage has an end, until it is over."""
    source = config.source()
    fleet = MqttFleet(config.fleet, source.table)

    def tell() -> None:
        say("published", messages=fleet.published, acknowledged=fleet.acknowledged, samples=fleet.samples)

    ready = {"pid": os.getpid(), "connections": len(fleet.connections)}
    await run_process(source, [fleet], end=config.end, ready=ready, tell=tell, handlers={})


def main() -> None:
    """The process."""
    main_of("simulators.mqtt_fleet", "Simulated MQTT monitors", load_config, run)


if __name__ == "__main__":
    main()
