"""A process that loads the service over real sockets: ``python -m deploy.bench.load CONFIG``.

Every tag has a new, normal value every period; the first ``probes`` tags pass their limit and return, over and over, so
that the alarms tell how long a value takes from here to a client of the live stream.
"""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from park.check import load_park
from park.index import TagTable
from simulators.control import say, stop_on_signals
from simulators.frame import Frame
from simulators.mqtt_devices import FleetConfig, MqttFleet
from simulators.opcua_plant import OpcUaPlant, ServerConfig, quiet_logs
from simulators.player import play

_NORMAL, _ALARM = 50.0, 92.5


class Config(BaseModel):
    """What the process is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    park: Path
    start_us: int
    until_us: int
    period_us: int
    probes: int
    #: Frames between two changes of a probe.
    probe_frames: int
    fleet: FleetConfig | None = None
    server: ServerConfig | None = None


class LoadSource:
    """Implements `simulators.frame.FrameSource`."""

    def __init__(self, config: Config, table: TagTable) -> None:
        self._config, self._table = config, table
        self._due_us = config.start_us
        self._random = np.random.default_rng(1)
        self.frames = 0

    @property
    def table(self) -> TagTable:
        """The park's tags."""
        return self._table

    def due_us(self) -> int | None:
        """See `FrameSource`."""
        return self._due_us if self._due_us < self._config.until_us else None

    def take(self, now_us: int) -> Frame:
        """See `FrameSource`."""
        size = self._table.size
        value = _NORMAL + self._random.normal(0.0, 1.0, size)
        probes = np.arange(self._config.probes)
        # Probes change in turn, not all at once.
        high = ((self.frames + probes) // self._config.probe_frames) % 2 == 1
        value[: self._config.probes][high] = _ALARM
        self.frames += 1
        self._due_us += self._config.period_us
        return Frame(
            now_us=now_us,
            live=True,
            value=value,
            quality=np.zeros(size, dtype=np.uint8),
            time_us=np.full(size, now_us),
            present=np.ones(size, dtype=np.bool_),
            copies=np.ones(size, dtype=np.int32),
        )

    def absent(self, connector: str, now_us: int) -> bool:
        """See `FrameSource`."""
        return False


async def run(config: Config) -> None:
    """Load until it is over."""
    quiet_logs()
    park = await asyncio.to_thread(config.park.read_text, "utf-8")
    source = LoadSource(config, TagTable(load_park(park, str(config.park)).park))
    sink: MqttFleet | OpcUaPlant
    if config.fleet is not None:
        sink = MqttFleet(config.fleet, source.table)
    elif config.server is not None:
        sink = OpcUaPlant(config.server, source.table)
    else:
        raise ValueError("give fleet or server")
    stop = asyncio.Event()
    stop_on_signals(stop)
    await sink.start()
    say("ready")
    await play(source, [sink], stop)
    say("over", samples=source.frames * source.table.size)
    if isinstance(sink, OpcUaPlant):
        await stop.wait()  # the clients still have to fetch the last values
    await sink.stop()


if __name__ == "__main__":
    asyncio.run(run(Config.model_validate(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
