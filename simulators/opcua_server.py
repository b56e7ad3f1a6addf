"""Process of simulated OPC UA plants: ``python -m simulators.opcua_server CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` when all servers listen, ``{"event": "written", ...}`` every five seconds and at
the end. Commands, one JSON object a line on its input:

    {"command": "restart", "connector": "opcua-a", "down_s": 5}
    {"command": "fault", "fault": {"kind": "leak", "target": "hengtai.T101", "at": "0s", "for": "20s", "size": 6}}
    {"command": "stop"}
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from park.yamlfile import Document
from simulators.control import say
from simulators.opcua_plant import OpcUaPlant, ServerConfig, quiet_logs
from simulators.process import main_of, run_process
from simulators.stage import Stage


class Config(Stage):
    """The file that the process is started with."""

    servers: tuple[ServerConfig, ...] = Field(min_length=1)


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


async def run(config: Config) -> None:
    """Serve until stopped or, where the stage has an end, until it is over."""
    quiet_logs()
    source = config.source()
    plants = {one.connector: OpcUaPlant(one, source.table) for one in config.servers}

    async def restart(command: Mapping[str, Any]) -> None:
        await plants[command["connector"]].restart(float(command.get("down_s", 0.0)))

    def tell() -> None:
        say("written", **{name: plant.written for name, plant in plants.items()})

    await run_process(
        source,
        list(plants.values()),
        end=config.end,
        ready={"pid": os.getpid(), "endpoints": {name: plant.endpoint for name, plant in plants.items()}},
        tell=tell,
        handlers={"restart": restart},
    )


def main() -> None:
    """The process."""
    main_of("simulators.opcua_server", "Simulated OPC UA plants", load_config, run)


if __name__ == "__main__":
    main()
