"""The tags that names of an expression mean, for all sources of the park at once.

Seen from a source, ``x`` is its tag with this id or, where there is none, its only tag with this quantity; ``a.x`` the
same of source ``a`` of its enterprise, else of the park's shared sources; ``e.a.x`` in full, where ``e`` is its own
enterprise or the park. ``wind.speed`` and ``wind.direction`` are those of the park's only weather station, unless
something else bears the name. A rule's ``names`` go before all.
"""

from collections.abc import Mapping

import numpy as np

from park.index import TagInfo, TagTable
from park.model import SourceKind
from rules.arrays import Rows
from rules.spec import Selector

BUILT_IN = {"wind.speed": "wind_speed", "wind.direction": "wind_direction"}


class Scope:
    """Sources are numbered in file order; those without tags do not count."""

    def __init__(self, tags: TagTable) -> None:
        self.tags = tags
        self._park = tags.park.id
        self._of: dict[str, list[TagInfo]] = {}
        for info in tags.infos:
            self._of.setdefault(info.source_id, []).append(info)
        #: By number: ``enterprise.source``.
        self.source_ids: tuple[str, ...] = tuple(self._of)
        self._number = {source_id: number for number, source_id in enumerate(self._of)}
        self._enterprise = [infos[0].enterprise for infos in self._of.values()]
        #: By position in ``tags.infos``: the number of its source.
        self._source_at: Rows = np.array([self._number[info.source_id] for info in tags.infos], dtype=np.intp)
        #: By tag index: the place of its unit in `units`.
        self.units: tuple[str, ...] = tuple(dict.fromkeys(info.tag.unit for info in tags.infos))
        self.unit_at: Rows = np.zeros(tags.size, dtype=np.intp)
        code = {unit: place for place, unit in enumerate(self.units)}
        self.unit_at[[info.ix for info in tags.infos]] = [code[info.tag.unit] for info in tags.infos]
        self._found: dict[str, Rows] = {}

    def picked(self, selector: Selector) -> Rows:
        """Numbers of the sources of which it picks a tag, rising."""
        found: Rows = np.unique(self._source_at[selector.positions(self.tags)])
        return found

    def tag_ix(self, ref: str) -> Rows:
        """``(sources,)``: index of the tag that ``ref`` means, seen from each source; -1: none."""
        if ref not in self._found:
            found = np.array(self._look_up(ref), dtype=np.intp)
            found.flags.writeable = False
            self._found[ref] = found
        return self._found[ref]

    def _look_up(self, ref: str) -> list[int]:
        parts = ref.split(".")
        if len(parts) == 1:
            return [_ix(_one_of(infos, ref)) for infos in self._of.values()]
        by_enterprise = {enterprise: _ix(self._shared(parts, enterprise)) for enterprise in set(self._enterprise)}
        return [by_enterprise[enterprise] for enterprise in self._enterprise]

    def _shared(self, parts: list[str], enterprise: str) -> TagInfo | None:
        *path, tag = parts
        if len(path) == 2:
            return _one_of(self._of.get(".".join(path), []), tag) if path[0] in (enterprise, self._park) else None
        infos = self._of.get(f"{enterprise}.{path[0]}") or self._of.get(f"{self._park}.{path[0]}") or []
        return _one_of(infos, tag)

    def is_source(self, ref: str) -> bool:
        """Whether a source bears this name, somewhere in the park."""
        return any(source_id == ref or source_id.endswith(f".{ref}") for source_id in self.source_ids)

    def built_in(self, name: str) -> str | None:
        """The full id for ``wind.speed`` and the like; None where there is not exactly one weather station."""
        quantity = BUILT_IN.get(name)
        stations = self.weather_stations()
        return f"{stations[0]}.{quantity}" if quantity and len(stations) == 1 else None

    def weather_stations(self) -> list[str]:
        """Those that are the park's own."""
        return [
            source_id
            for source_id, infos in self._of.items()
            if infos[0].enterprise == self._park and infos[0].source.kind is SourceKind.WEATHER_STATION
        ]

    def of_quantity(self, source: int, quantity: str) -> list[TagInfo]:
        """The tags of a source that measure this."""
        return [info for info in self._of[self.source_ids[source]] if info.tag.quantity == quantity]

    def names(self, sources: Rows) -> set[str]:
        """Names that mean something, seen from these sources: for suggestions."""
        found = set(BUILT_IN)
        mine = set(sources.tolist())
        enterprises = {self._enterprise[source] for source in mine} | {self._park}
        for source_id, infos in self._of.items():
            if self._number[source_id] in mine:
                found |= {info.tag.id for info in infos} | {info.tag.quantity for info in infos}
            if infos[0].enterprise in enterprises:
                found |= {f"{infos[0].source.id}.{info.tag.id}" for info in infos}
        return found


def expand(name: str, names: Mapping[str, str]) -> str:
    """The name with its beginning replaced by what the rule's ``names`` say of it; the longest that fits."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        meant = names.get(".".join(parts[:size]))
        if meant is not None:
            return ".".join([meant, *parts[size:]])
    return name


def _one_of(infos: list[TagInfo], name: str) -> TagInfo | None:
    by_quantity = []
    for info in infos:
        if info.tag.id == name:
            return info
        if info.tag.quantity == name:
            by_quantity.append(info)
    return by_quantity[0] if len(by_quantity) == 1 else None


def _ix(info: TagInfo | None) -> int:
    return -1 if info is None else info.ix
