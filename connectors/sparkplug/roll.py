"""Which edge nodes and devices there are: those of the park file, and whoever is heard of. Bounded by enterprise."""

from collections.abc import Callable, Iterator

from connectors.base import DeviceHealth
from connectors.sparkplug.addresses import Addresses
from connectors.sparkplug.config import SparkplugConfig
from connectors.sparkplug.party import Device, Node, Party
from connectors.sparkplug.rebirth import Rebirth
from connectors.sparkplug.topic import NAMESPACE

#: Edge nodes and devices, and aliases, that are remembered for one enterprise: a sender cannot make us grow.
MOST_PARTIES = 5_000
MOST_ALIASES = 1_000_000
#: Requests for rebirth without an answer that a person should know of; and to one who may well not be there.
TRIES = 3


class Roll:
    """``meet`` is told of every edge node and device, once: ``GROUP/EDGE[/DEVICE]``, and its health."""

    def __init__(
        self, config: SparkplugConfig, addresses: Addresses, meet: Callable[[str, DeviceHealth], object]
    ) -> None:
        self._config = config
        self._addresses = addresses
        self._meet = meet
        self._nodes: dict[tuple[str, str], Node] = {}
        self._parties: dict[str, int] = {}
        self._expect()

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def _expect(self) -> None:
        """The edge nodes and devices that the park file names, before anything is heard of them."""
        groups = self._config.enterprise_of or {one: one for one in self._addresses.enterprises}
        for group, enterprise in groups.items():
            for edge in sorted(self._addresses.edges(enterprise)):
                node = self.node(group, edge, enterprise)
                for device in self._addresses.devices(enterprise, edge):
                    if node is not None:
                        self.device(node, device)

    def node(self, group: str, edge: str, enterprise: str) -> Node | None:
        """An edge node, known or new; None where the enterprise has too many."""
        node = self._nodes.get((group, edge))
        if node is None and self._room_for_one(enterprise):
            health = self._health(f"{group}/{edge}", edge, enterprise)
            rebirth = Rebirth(self._config.rebirth_first, self._config.rebirth_max)
            targets = self._addresses.of(enterprise, edge, "")
            node = Node(group, edge, enterprise, targets=targets, health=health, rebirth=rebirth)
            self._nodes[group, edge] = node
        return node

    def device(self, node: Node, name: str) -> Device | None:
        """A device of an edge node, known or new; None where the enterprise has too many."""
        device = node.devices.get(name)
        if device is None and self._room_for_one(node.enterprise):
            health = self._health(f"{node.name}/{name}", f"{node.edge}/{name}", node.enterprise)
            targets = self._addresses.of(node.enterprise, node.edge, name)
            device = node.devices[name] = Device(f"{node.name}/{name}", targets, health)
        return device

    def _room_for_one(self, enterprise: str) -> bool:
        count = self._parties.get(enterprise, 0)
        if count >= MOST_PARTIES:
            return False
        self._parties[enterprise] = count + 1
        return True

    def _health(self, key: str, device: str, enterprise: str) -> DeviceHealth:
        health = DeviceHealth(device=device, enterprise=enterprise, protocol=NAMESPACE, peer=key.partition("/")[0])
        self._meet(key, health)
        return health

    def room(self, node: Node, party: Party) -> int:
        """How many aliases the party may have."""
        mine = (one for one in self if one.enterprise == node.enterprise)
        others = sum(len(one.aliases) for other in mine for one in other.parties() if one is not party)
        return MOST_ALIASES - others

    def unreadable(self) -> dict[str, str]:
        """What is configured and cannot be read, and who does not answer."""
        found = dict(self._addresses.faults)
        for node in self:
            for party in node.parties():
                found |= {f"{party.name}: {metric}": why for metric, why in party.unreadable.items()}
            if node.rebirth.unanswered >= TRIES and node.rebirth.is_wanted:
                found[node.name] = (
                    "does not answer requests for rebirth; let us publish and it read "
                    f"{NAMESPACE}/{node.group}/NCMD/{node.edge}"
                )
        return found
