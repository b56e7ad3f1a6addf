"""A small park of two enterprises, its configuration, and a gateway's messages."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from service.api.keys import Keys

_numbers = itertools.count(1)

PARK = """\
id: park
name: Park
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: tank
        kind: tank
        position: [120.87, 30.15]
        from: {connector: gate}
        tags:
          - {id: LT, quantity: level, unit: "%", alarms: {H: 80, deadband: 1}}
          - {id: TT, quantity: temperature, unit: °C}
  - id: zeta
    name: Zeta
    sources:
      - id: outlet
        kind: waste_gas_outlet
        position: [120.89, 30.17]
        from: {connector: gate}
        tags:
          - {id: nmhc, quantity: nmhc, unit: mg/m3, alarms: {H: 60}}
"""


class SmallPark:
    """The files of one service, in a directory of its own, and a word that makes its topics its own."""

    def __init__(self, directory: Path, *, broker_port: int) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.word = f"s{os.getpid()}x{next(_numbers)}"
        self.broker_port = broker_port
        (directory / "park.yaml").write_text(PARK, "utf-8")

    def key(self, *, enterprise: str | None = None) -> str:
        """A new API key."""
        return Keys(self.data_dir).create(f"test-{next(_numbers)}", enterprise=enterprise)[1]

    def topic(self, enterprise: str = "acme") -> str:
        """Where an enterprise publishes."""
        return f"parkwatch/v1/{enterprise}/{self.word}"

    def write_config(self, dsn: str, *, port: int = 0, gate: Mapping[str, Any] | None = None, **parts: Any) -> Path:
        """The configuration file; ``gate`` adds to the connector's, ``parts`` to the whole."""
        connector = {
            "kind": "mqtt",
            "id": "gate",
            "host": "127.0.0.1",
            "port": self.broker_port,
            "client_id": self.word,
            "topics": [f"parkwatch/v1/+/{self.word}/#"],
            "retry_first": "100ms",
            "retry_max": "500ms",
        }
        config = {
            "park": "park.yaml",
            "data_dir": "data",
            "http": {"port": port},
            "database": {"url": dsn},
            "connectors": [{**connector, **(gate or {})}],
        }
        file = self.directory / "parkwatch.yaml"
        file.write_text(json.dumps(config | parts, indent=1), "utf-8")  # JSON is YAML
        return file


def now_ms() -> int:
    """By the machine's clock."""
    return time.time_ns() // 1_000_000


def sample(value: float | None, tag: str = "tank.LT", *, t_ms: int | None = None, **more: Any) -> bytes:
    """One sample as a gateway sends it; measured now, unless told otherwise."""
    return json.dumps({"tag": tag, "t": t_ms if t_ms is not None else now_ms(), "v": value, **more}).encode()


async def until(true: Callable[[], Awaitable[object]], within_s: float = 20.0) -> None:
    """Wait for something to become true; fail the test where it does not."""
    deadline_s = time.monotonic() + within_s
    while not (found := await true()):
        assert time.monotonic() < deadline_s, f"what the test waited for did not happen: {found}"
        await asyncio.sleep(0.05)
