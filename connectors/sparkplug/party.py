"""An edge node, a device behind one: what it said at its birth, and whether it lives.

UNKNOWN ──birth──▶ BORN ◀──birth── AWAITED      AWAITED: its edge node was born anew, it is to follow
   ▲                │ │               │
   └──link lost─────┘ └──death──▶ DEAD ◀── did not follow
"""

from enum import Enum

from connectors.base import DeviceHealth
from connectors.sparkplug.addresses import Targets
from connectors.sparkplug.rebirth import Rebirth
from connectors.sparkplug.sequence import Sequence


class Life(Enum):
    """Whether its data mean anything."""

    UNKNOWN = "unknown"
    BORN = "born"
    AWAITED = "awaited"
    DEAD = "dead"


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
        #: Alias -> name (empty: no tag) and datatype, of the last birth.
        self.aliases: dict[int, tuple[str, int]] = {}
        #: Name -> datatype, of those that are tags.
        self.types: dict[str, int] = {}
        self.born_ms = 0
        #: Tags that the birth did not speak of, or spoke of in a way that cannot be used: metric -> reason.
        self.unreadable: dict[str, str] = {}

    def note(self, what: str) -> None:
        """Count a departure from the specification."""
        self.health.deviations[what] = self.health.deviations.get(what, 0) + 1

    def die(self, why: str) -> None:
        """Nothing that it said holds any more."""
        self.life = Life.DEAD
        self.aliases, self.types, self.unreadable = {}, {}, {}
        self.health.connected, self.health.last_error = False, why

    def lose(self) -> None:
        """We do not know any more whether it lives."""
        if self.life is not Life.DEAD:
            self.life = Life.UNKNOWN
            self.aliases, self.types = {}, {}
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
