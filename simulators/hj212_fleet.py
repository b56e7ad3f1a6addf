"""Process of a fleet of HJ 212 data loggers: ``python -m simulators.hj212_fleet CONFIG.yaml``.

It prints ``{"event": "ready", ...}`` once begun, ``{"event": "published", ...}`` every five seconds and at the end.
Commands, one JSON object a line on its input:

    {"command": "fault", "fault": {"kind": "link_down", "target": "hj212/HT0000DA002", "at": "0s", "for": "20s"}}
    {"command": "stop"}
"""

import os
from pathlib import Path

from park.yamlfile import Document
from simulators.control import say
from simulators.hj212_config import FleetConfig
from simulators.hj212_loggers import LoggerFleet
from simulators.process import main_of, run_process
from simulators.stage import Stage


class Config(Stage):
    """The file that the process is started with."""

    fleet: FleetConfig


def load_config(path: Path) -> Config:
    """Raises OSError and park.yamlfile.FileInvalid."""
    return Document(path.read_text("utf-8"), str(path)).model(Config)


async def run(config: Config) -> None:
    """Report until stopped or, where the stage has an end, until it is over."""
    source, scenario = config.source(), config.load_scenario()
    told = config.fleet
    if scenario is not None:
        told = told.model_copy(update={"loggers": {**scenario.loggers, **told.loggers}})
    fleet = LoggerFleet(told, source.table)
    ready = {"pid": os.getpid(), "loggers": len(fleet.loggers)}
    await run_process(
        source, [fleet], end=config.end, ready=ready, tell=lambda: say("published", **fleet.counts()), handlers={}
    )


def main() -> None:
    """The process."""
    main_of("simulators.hj212_fleet", "Simulated HJ 212 data loggers", load_config, run)


if __name__ == "__main__":
    main()
