"""What passes between the network thread and the event loop."""

from dataclasses import dataclass
from typing import NamedTuple

#: What a message takes in memory beside its payload, about.
_OVERHEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us in."""

    session_present: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered the subscriptions."""

    #: Filter -> reason, of those it refused.
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every link that we did not end ourselves."""

    reason: str
    #: How long the link may have been dead before that was noticed.
    silent_us: int = 0


Event = Connected | Subscribed | Ended


class Arrived(NamedTuple):
    """A message. A plain tuple, because there is one for every message."""

    topic: bytes
    #: Only the beginning where ``payload_bytes`` is more.
    payload: bytes
    payload_bytes: int
    identifier: int
    qos: int
    retain: bool

    @property
    def held_bytes(self) -> int:
        """What it takes in memory."""
        return len(self.payload) + _OVERHEAD_BYTES


class Message(NamedTuple):
    """One that we publish."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class Held:
    """Bytes received and not yet journalled. Each of the two counters is written by one thread only."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.taken_bytes = 0
        self.released_bytes = 0

    @property
    def full(self) -> bool:
        """Whether the network thread should stop reading."""
        return self.taken_bytes - self.released_bytes >= self._limit_bytes
