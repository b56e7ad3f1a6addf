"""What an incident is about: which sources, which tags, and how much of the time around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from park.index import TagInfo, TagTable
from park.model import SourceKind
from service.alerts.model import Alert
from service.alerts.site import distance_m
from service.store.scope import Scope

#: Sources so near to the middle are its neighbours.
NEIGHBOUR_M = 300.0
#: Tags whose trends are shown, at most.
MOST_TAGS = 50
_STATIONS = frozenset({SourceKind.WEATHER_STATION, SourceKind.FENCE_LINE, SourceKind.AIR_STATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Sources by full id, the nearest first; tags in the order of what they say about it."""

    sources: tuple[str, ...]
    tags: tuple[str, ...]
    #: Whose they are, the park itself where shared ones are among them.
    enterprises: tuple[str, ...]
    connectors: tuple[str, ...]
    alerts: tuple[str, ...]


def around_alert(table: TagTable, scope: Scope, alert: Alert, group: Sequence[Alert]) -> Subject:
    """Its own tag first, then its source, its first-out group, neighbours, stations."""
    first = [alert.target, *(one.target for one in group)]
    sources = [alert.source, *(one.source for one in group)]
    ids = dict.fromkeys([alert.id, *(one.id for one in group)])
    return _around(table, scope, [one for one in sources if one], first, tuple(ids))


def around_sources(table: TagTable, scope: Scope, sources: Sequence[str]) -> Subject:
    """These, their neighbours, stations."""
    return _around(table, scope, sources, [], ())


def within(table: TagTable, scope: Scope, west: float, south: float, east: float, north: float) -> list[str]:
    """Sources that stand in the box (degrees, WGS 84) and that the scope sees."""
    found = []
    for owner, sources in table.park.owners():
        for source in sources if scope.sees(owner) else ():
            lon, lat = source.position
            if west <= lon <= east and south <= lat <= north:
                found.append(f"{owner}.{source.id}")
    return found


def _around(
    table: TagTable, scope: Scope, middle: Sequence[str], first: Sequence[str], alerts: tuple[str, ...]
) -> Subject:
    places = {
        f"{owner}.{source.id}": source
        for owner, sources in table.park.owners()
        for source in sources
        if scope.sees(owner)
    }
    middle = [one for one in dict.fromkeys(middle) if one in places]
    positions = [places[one].position for one in middle]

    def metres(source: str) -> float:
        return min((distance_m(places[source].position, one) for one in positions), default=0.0)

    near = sorted((one for one in places if one not in middle and metres(one) <= NEIGHBOUR_M), key=metres)
    stations = sorted(
        (one for one, source in places.items() if source.kind in _STATIONS and one not in near), key=metres
    )
    sources = tuple(dict.fromkeys([*middle, *near, *stations]))
    of_source: dict[str, list[TagInfo]] = {}
    for info in table.infos:
        of_source.setdefault(info.source_id, []).append(info)
    found = {one: table.by_id(one) for one in first}
    own = [one for one, info in found.items() if info is not None and scope.sees(info.enterprise)]
    tags = dict.fromkeys([*own, *(info.id for source in sources for info in of_source.get(source, ()))])
    infos = [table.by_id(one) for one in tags]
    return Subject(
        sources=sources,
        tags=tuple(tags)[:MOST_TAGS],
        enterprises=tuple(sorted({source.partition(".")[0] for source in sources})),
        connectors=tuple(sorted({info.from_.connector for info in infos if info is not None and info.from_})),
        alerts=alerts,
    )
