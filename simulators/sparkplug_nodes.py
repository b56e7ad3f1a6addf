"""Process of a fleet of Sparkplug edge nodes: ``python -m simulators.sparkplug_nodes CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` once connected, ``{"event": "published", ...}`` every five seconds and at the end.
Commands, one JSON object a line on its input:

    {"command": "fault", "fault": {"kind": "link_down", "target": "sparkplug/EON1", "at": "0s", "for": "20s"}}
    {"command": "stop"}
"""

import os
from pathlib import Path

from park.yamlfile import Document
from simulators.control import say
from simulators.process import main_of, run_process
from simulators.sparkplug_fleet import NodeFleet
from simulators.sparkplug_link import FleetConfig
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
    fleet = NodeFleet(config.fleet, source.table)
    ready = {"pid": os.getpid(), "nodes": len(fleet.links)}
    await run_process(
        source, [fleet], end=config.end, ready=ready, tell=lambda: say("published", **fleet.counts()), handlers={}
    )


def main() -> None:
    """The process."""
    main_of("simulators.sparkplug_nodes", "Simulated Sparkplug edge nodes", load_config, run)


if __name__ == "__main__":
    main()
