"""What a connector is, what it is given, and what it says about itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from park.batch import DeadLetter, SampleBatch
from park.index import TagTable
from park.model import Id
from park.periods import PeriodBatch

#: Clocks of devices may be ahead by so much and still be believed.
_AHEAD_US = 60_000_000


class IntakeRefused(Exception):
    """The journal cannot be written (disk full, say): nothing was kept. Do not acknowledge; upstream keeps its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFrame:
    """One telegram exactly as it came, for whoever wants to see what was really sent."""

    #: Enterprise of the device that sent it.
    enterprise: str
    #: The device: MN of an HJ 212 logger.
    device: str
    data: bytes


class Intake(Protocol):
    """Takes batches in and makes them durable."""

    async def put(
        self,
        batch: SampleBatch,
        letters: Sequence[DeadLetter] = (),
        *,
        periods: PeriodBatch | None = None,
        frames: Sequence[RawFrame] = (),
    ) -> None:
        """Return once all that is given is on disk, so the caller may acknowledge on the next line.

        ``periods``: means that a logger reports. ``frames``: the telegrams that all of this was read from.

        Waits while the intake is full; never drops. Samples that are not values (NaN without bad quality), lie in
        the future or the far past become dead letters here, by one rule for all connectors. Raises IntakeRefused.
        """


class State(StrEnum):
    """Of a connector's link."""

    STARTING = "starting"
    CONNECTED = "connected"
    #: Connected, but something is wrong that a person should see: bad nodes, no data for too long.
    DEGRADED = "degraded"
    DISCONNECTED = "disconnected"
    STOPPED = "stopped"


@dataclass(slots=True, kw_only=True)
class DeviceHealth:
    """What a connector knows of one device behind it: a data logger, an edge node. Written by the connector alone."""

    device: str
    enterprise: str
    #: Protocol version or profile it speaks: ``HJ 212-2017``, ``spBv1.0``.
    protocol: str = ""
    connected: bool = False
    peer: str = ""
    #: Epoch microseconds, UTC; 0: never.
    connected_us: int = 0
    last_received_us: int = 0
    #: Its own clock against ours when it last told the time: positive where it is ahead, seconds. None: not known.
    clock_ahead_s: float | None = None
    received: int = 0
    messages: int = 0
    acknowledged: int = 0
    rejected: int = 0
    #: Packets that came again, word for word, after the journal had them.
    resent: int = 0
    reconnects: int = 0
    last_error: str = ""
    #: Departures from the standard that were tolerated: what -> how often. Shown to the enterprise.
    deviations: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Health:
    """What a connector says about itself; written by the connector alone, read by anyone at any time."""

    connector: str
    kind: str
    state: State = State.STARTING
    #: When the state last changed. Epoch microseconds, UTC; 0: never.
    since_us: int = 0
    #: When the last sample was received, and its source time.
    last_received_us: int = 0
    last_source_us: int = 0
    #: Samples received, and those of them the journal has (acknowledged upstream).
    received: int = 0
    journalled: int = 0
    #: Messages or notifications received.
    messages: int = 0
    dead_letters: int = 0
    errors: int = 0
    reconnects: int = 0
    gaps: int = 0
    last_error: str = ""
    #: What is configured but cannot be read: address -> reason.
    bad_addresses: dict[str, str] = field(default_factory=dict)
    #: Where the connector has devices behind it, by id.
    devices: dict[str, DeviceHealth] = field(default_factory=dict)

    @property
    def lag_s(self) -> float | None:
        """How old the newest sample was when data last came, by its own clock; None where nothing has come."""
        if not self.last_received_us or not self.last_source_us:
            return None
        return (self.last_received_us - self.last_source_us) / 1e6

    def note_source_time(self, time_us: NDArray[np.int64], now_us: int) -> None:
        """The newest source time of a batch; what is ahead of the clock says nothing about how fresh the data are."""
        newest_us = int(time_us.max(initial=0, where=time_us <= now_us + _AHEAD_US))
        self.last_source_us = max(self.last_source_us, newest_us)

    def turn(self, state: State, now_us: int, error: str = "") -> None:
        """Note a change of state."""
        if state is not self.state:
            self.state, self.since_us = state, now_us
        if error:
            self.last_error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span for which a connector was not listening."""

    connector: str
    #: Epoch microseconds, UTC; source time where the device's clock is what counts.
    from_us: int
    to_us: int
    reason: str
    #: Samples read from the source's history for it; None: the source has no history.
    refilled: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a connector needs from its surroundings."""

    tags: TagTable
    intake: Intake
    #: Now, epoch microseconds, UTC. An argument, so that a replay may run on its own time.
    clock: Callable[[], int]
    #: Where gaps are recorded; does not block.
    on_gap: Callable[[Gap], None]
    #: By tag index: source time of the newest sample the journal had when the service was started, epoch
    #: microseconds; 0 or less: none. So a connector knows since when it was away. None: not known.
    newest_us: NDArray[np.int64] | None = None


class ConnectorConfig(BaseModel):
    """What all connector configurations share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: What the tags' ``from: {connector: ...}`` names.
    id: Id


class Connector(Protocol):
    """One link to the plant. Constructing checks and never connects."""

    @property
    def health(self) -> Health: ...

    async def run(self) -> None:
        """Bring samples until cancelled. Reconnects by itself; raises nothing but CancelledError."""
