"""An edge node, a device behind one: what it said at its birth, and whether it lives.

UNKNOWN ──birth──▶ BORN ◀──birth── AWAITED      AWAITED: its edge node was born anew, it is to follow
   ▲                │ │               │
   └──link lost─────┘ └──death──▶ DEAD ◀── did not follow
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from connectors.base import DeviceHealth
from connectors.sparkplug.addresses import Targets
from connectors.sparkplug.rebirth import Rebirth
from connectors.sparkplug.sequence import Sequence
from connectors.sparkplug.values import field_of


class Life(Enum):
    """Whether its data mean anything."""

    UNKNOWN = "unknown"
    BORN = "born"
    AWAITED = "awaited"
    DEAD = "dead"


class Known(NamedTuple):
    """What is known of a metric by its name, or by the alias that a birth gave it."""

    #: Index of its tag; -1: it is none.
    ix: int
    #: Empty where it is no tag.
    name: str
    #: 0: no birth has said.
    datatype: int
    #: See `values.field_of`.
    field: str
    convert: Callable[[float], float] | None

    @staticmethod
    def of(ix: int, name: str, datatype: int) -> "Known":
        """Of that type."""
        return Known(ix, name, datatype, *field_of(datatype))


class Party:
    """An edge node or a device, whatever is common to the two."""

    def __init__(self, name: str, targets: Targets, health: DeviceHealth) -> None:
        #: As health and dead letters call it: ``GROUP/EDGE`` or ``GROUP/EDGE/DEVICE``.
        self.name = name
        self.targets = targets
        self.health = health
        self.life = Life.UNKNOWN
        #: Whether its tags show values, not our word that they are not to be believed.
        self.shows = True
        #: By alias, of the last birth; all of them, so that one that was never given is noticed.
        self.aliases: dict[int, Known] = {}
        #: By name, those that are tags.
        self.names: dict[str, Known] = {}
        self.forget()
        self.born_ms = 0
        #: Tags that the birth did not speak of, or spoke of in a way that cannot be used: metric -> reason.
        self.unreadable: dict[str, str] = {}

    def note(self, what: str) -> None:
        """Count a departure from the specification."""
        self.health.deviations[what] = self.health.deviations.get(what, 0) + 1

    def forget(self) -> None:
        """Nothing that a birth said holds any more."""
        self.aliases = {}
        self.names = {name: Known.of(target.ix, name, 0) for name, target in self.targets.items()}

    def die(self, why: str) -> None:
        """It is not there any more."""
        self.life = Life.DEAD
        self.forget()
        self.unreadable = {}
        self.health.connected, self.health.last_error = False, why

    def lose(self) -> None:
        """We do not know any more whether it lives."""
        if self.life is not Life.DEAD:
            self.life = Life.UNKNOWN
            self.forget()
            self.health.connected = False


class Device(Party):
    """A device behind an edge node."""


class Node(Party):
    """An edge node."""

    def __init__(
        self, group: str, edge: str, enterprise: str, *, targets: Targets, health: DeviceHealth, rebirth: Rebirth
    ) -> None:
        super().__init__(f"{group}/{edge}", targets, health)
        self.group, self.edge, self.enterprise = group, edge, enterprise
        self.devices: dict[str, Device] = {}
        self.sequence = Sequence()
        self.rebirth = rebirth
        #: Number of its session, which its death will name too. None: the birth named none.
        self.bd_seq: int | None = None
        #: That of the last death, and when it came.
        self.dead_bd_seq: int | None = None
        self.died_us = 0
        #: Its clock ahead of ours, at its last message.
        self.ahead_us = 0
        #: When a gap becomes a reason to ask; None: there is none.
        self.gap_due_us: int | None = None
        #: When devices that did not follow a birth are given up; None: none is awaited.
        self.awaited_until_us: int | None = None
        #: A birth that may be older than the death before it is to be confirmed until then.
        self.doubted_until_us: int | None = None

    def parties(self) -> list[Party]:
        """Itself and its devices."""
        return [self, *self.devices.values()]
