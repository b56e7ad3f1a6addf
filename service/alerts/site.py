"""Where things are: which tags a target stands for, which lines bring a tag, how far apart two sources are."""

import math
from collections.abc import Iterable
from functools import lru_cache

from park.index import TagTable

_EARTH_M = 6_371_008.8
_DEGREE_M = math.radians(_EARTH_M)


class Site:
    """What the alert book knows of the plant. Built once for each park; without a park it knows nothing."""

    def __init__(self, tags: TagTable | None = None) -> None:
        #: Tags of each tag (itself), device, connection, source and enterprise.
        self._parts: dict[str, frozenset[str]] = {}
        #: Of each tag and device: the devices and connections whose silence explains its own, nearest first.
        self._lines: dict[str, tuple[str, ...]] = {}
        self._position: dict[str, tuple[float, float]] = {}
        self._enterprise: dict[str, str] = {}
        self.source_of: dict[str, str] = {}
        self.enterprises: frozenset[str] = frozenset()
        if tags is not None:
            self._learn(tags)
        self.near = lru_cache(maxsize=1_024)(self._near)

    def _learn(self, tags: TagTable) -> None:
        parts: dict[str, set[str]] = {}
        named_alone = {info.device for info in tags.infos if info.device and "/" not in info.device}
        for info in tags.infos:
            lines = _lines(info.device, named_alone)
            for one in {info.id, info.source_id, info.enterprise, *lines}:
                parts.setdefault(one, set()).add(info.id)
            self._lines[info.id] = lines
            if info.device:
                self._lines[info.device] = lines[1:]
            self.source_of[info.id] = info.source_id
        self._parts = {target: frozenset(found) for target, found in parts.items()}
        for owner, sources in tags.park.owners():
            for source in sources:
                self._position[f"{owner}.{source.id}"] = source.position
                self._enterprise[f"{owner}.{source.id}"] = owner
        self.enterprises = frozenset(owner for owner, _ in tags.park.owners())

    def parts(self, target: str) -> frozenset[str]:
        """The tags that a target stands for; none where it is not known."""
        return self._parts.get(target, frozenset())

    def lines(self, target: str) -> tuple[str, ...]:
        """The device and the connection that bring a tag; the connection of a device."""
        return self._lines.get(target, ())

    def behind(self, line: str) -> list[str]:
        """The tags and devices that a device or connection brings, in order."""
        tags = self.parts(line)
        return sorted(tags | {device for tag in tags for device in self._lines.get(tag, ()) if device != line})

    def enterprise_of(self, source: str) -> str | None:
        """Whose a source is; None where it is not known."""
        return self._enterprise.get(source)

    def sources_of(self, enterprise: str) -> frozenset[str]:
        """All sources of an enterprise."""
        return frozenset(source for source, owner in self._enterprise.items() if owner == enterprise)

    def _near(self, sources: frozenset[str], within_m: float) -> frozenset[str]:
        """These sources, and those of the same enterprise within the distance of one of them."""
        by_owner: dict[str, list[str]] = {}
        for one in sources & self._enterprise.keys():
            by_owner.setdefault(self._enterprise[one], []).append(one)
        return sources | {
            other
            for other, owner in self._enterprise.items()
            if owner in by_owner
            and other not in sources
            and any(_is_near(self._position[one], self._position[other], within_m) for one in by_owner[owner])
        }


def _lines(device: str, named_alone: Iterable[str]) -> tuple[str, ...]:
    if not device:
        return ()
    connection, _, part = device.partition("/")
    # Where tags without a device share the connection's name, an alarm under that name may be theirs alone.
    return (device, connection) if part and connection not in named_alone else (device,)


def _is_near(a: tuple[float, float], b: tuple[float, float], within_m: float) -> bool:
    # Most are too far north or south already; that is quickly seen.
    return abs(a[1] - b[1]) * _DEGREE_M <= within_m + 1 and distance_m(a, b) <= within_m


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two positions (longitude, latitude; WGS 84, degrees), metres; within 0.6 %."""
    (lon_a, lat_a), (lon_b, lat_b) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    haversine = (
        math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * _EARTH_M * math.asin(math.sqrt(haversine))
