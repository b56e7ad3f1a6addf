"""Which metric of which edge node or device is which tag, by enterprise."""

from collections.abc import Mapping
from typing import NamedTuple

from park.index import TagInfo, TagTable


class Target(NamedTuple):
    """A tag, as a metric needs it."""

    ix: int
    unit: str


#: Of one edge node or device: metric name -> tag.
Targets = Mapping[str, Target]


class Addresses:
    """The tags of one connector: ``device`` is ``EDGE`` or ``EDGE/DEVICE``, ``address`` the name of the metric."""

    def __init__(self, tags: TagTable, connector: str) -> None:
        self.enterprises = frozenset(owner for owner, _ in tags.park.owners())
        self._targets: dict[str, dict[str, dict[str, Target]]] = {}
        #: Tags that cannot be read as they are configured: id -> reason.
        self.faults: dict[str, str] = {}
        for info in tags.of_connector(connector):
            self._admit(info)

    def _admit(self, info: TagInfo) -> None:
        device = info.from_.device if info.from_ else None
        if device is None:
            self.faults[info.id] = "no device in its from; write the edge node, or EDGE/DEVICE"
            return
        metrics = self._targets.setdefault(info.enterprise, {}).setdefault(device, {})
        if info.address in metrics:
            self.faults[info.id] = f"metric {info.address!r} of {device} is another tag already; give one tag to each"
            return
        metrics[info.address] = Target(info.ix, info.tag.unit)

    def of(self, enterprise: str, edge: str, device: str) -> Targets:
        """The tags of an edge node, or of a device of it; none where the park has none."""
        return self._targets.get(enterprise, {}).get(f"{edge}/{device}" if device else edge, {})

    def edges(self, enterprise: str) -> set[str]:
        """The edge nodes that tags come from."""
        return {device.partition("/")[0] for device in self._targets.get(enterprise, {})}

    def devices(self, enterprise: str, edge: str) -> list[str]:
        """The devices of an edge node that tags come from."""
        names = (device.partition("/") for device in self._targets.get(enterprise, {}))
        return [name for of, _, name in names if of == edge and name]
