"""What the park file says to tracing: who smells, who may have let go, and whose instruments tell of whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from park.index import TagInfo, TagTable
from park.model import Source, SourceKind
from park.quantities import QUANTITIES, is_pollutant
from rules.tracing.plane import to_plane
from service.alerts.site import distance_m

#: Stations whose rises are traced without being asked.
STATION_KINDS = frozenset({SourceKind.FENCE_LINE, SourceKind.AIR_STATION})
#: Where an instrument smells the air around it.
_AMBIENT = STATION_KINDS | {SourceKind.GAS_DETECTORS, SourceKind.WASTE_STORE}
#: What may let something go.
CANDIDATE_KINDS = frozenset(
    {
        *(SourceKind.TANK, SourceKind.REACTOR, SourceKind.UNIT, SourceKind.WASTE_GAS_OUTLET),
        *(SourceKind.WASTE_WATER_OUTLET, SourceKind.TREATMENT_UNIT, SourceKind.WASTE_STORE),
    }
)
#: No smell, though it may stand at a station and is no condition of the air either.
_NO_SMELL = frozenset({"rain", "noise", "sound_level", "radiation", "valve_state", "power", "current"})
_DUST = frozenset({"particulates", "tsp", "pm10", "pm25"})
#: Detectors say nothing in particular of these.
_GENERAL = frozenset({"combustible_gas", "toxic_gas", "lel", "flammable_gas"})
#: A detector group tells of sources of its enterprise so near, or of the nearest so near.
_BESIDE_M, _NEAREST_M = 40.0, 120.0


def smells(info: TagInfo) -> bool:
    """Whether a rise of this tag can be traced upwind."""
    quantity = info.tag.quantity
    condition = quantity in QUANTITIES and not is_pollutant(quantity)
    return info.source.kind in _AMBIENT and not condition and quantity not in _NO_SMELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A source that may have let something go."""

    enterprise: str
    source: Source
    east_m: float
    north_m: float
    #: Names of what it holds or emits, as far as the park file tells.
    held: tuple[str, ...]
    #: Sources whose alerts and rises tell of it, by what they are to it.
    detectors: tuple[str, ...]
    treatment: tuple[str, ...]

    @property
    def id(self) -> str:
        """``enterprise.source``"""
        return f"{self.enterprise}.{self.source.id}"


class Places:
    """Of one park; `places_of` keeps it."""

    def __init__(self, tags: TagTable) -> None:
        self.tags = tags
        sources = [(owner, one) for owner, own in tags.park.owners() for one in own]
        longitudes, latitudes = zip(*(one.position for _, one in sources), strict=True) if sources else ((0,), (0,))
        self._origin = (sum(longitudes) / len(longitudes), sum(latitudes) / len(latitudes))

    def at_m(self, source: Source) -> tuple[float, float]:
        """On the park's plane, metres east and north."""
        return to_plane(source.position, self._origin)

    @cached_property
    def smelling(self) -> dict[str, list[TagInfo]]:
        """By source: its tags whose rise can be traced."""
        found: dict[str, list[TagInfo]] = {}
        for info in self.tags.infos:
            if smells(info):
                found.setdefault(info.source_id, []).append(info)
        return found

    @cached_property
    def candidates(self) -> tuple[Place, ...]:
        """All, in file order."""
        return tuple(place for owner, own in self.tags.park.owners() for place in self._of_owner(owner, own))

    def _of_owner(self, owner: str, own: Sequence[Source]) -> list[Place]:
        candidates = [one for one in own if one.kind in CANDIDATE_KINDS]
        near: dict[str, list[Source]] = {one.id: [] for one in candidates}
        for group in (one for one in own if one.kind is SourceKind.GAS_DETECTORS):
            for told_of in _told_of(group, candidates):
                near[told_of.id].append(group)
        treatment = tuple(f"{owner}.{one.id}" for one in own if one.kind is SourceKind.TREATMENT_UNIT)
        outlets = [one for one in own if one.kind is SourceKind.WASTE_GAS_OUTLET]
        return [self._place(owner, one, near[one.id], treatment, outlets) for one in candidates]

    def _place(
        self, owner: str, one: Source, groups: Sequence[Source], treatment: tuple[str, ...], outlets: Sequence[Source]
    ) -> Place:
        east_m, north_m = self.at_m(one)
        treated = one.kind in (SourceKind.WASTE_GAS_OUTLET, SourceKind.TREATMENT_UNIT)
        return Place(
            enterprise=owner,
            source=one,
            east_m=east_m,
            north_m=north_m,
            held=_held(one, groups, outlets),
            detectors=tuple(f"{owner}.{group.id}" for group in groups),
            treatment=treatment if treated else (),
        )


@lru_cache(maxsize=2)
def places_of(tags: TagTable) -> Places:
    """Of the park in force, and of the one before it."""
    return Places(tags)


def _told_of(group: Source, candidates: Sequence[Source]) -> list[Source]:
    by_distance = sorted((distance_m(group.position, one.position), i) for i, one in enumerate(candidates))
    beside = [candidates[i] for distance, i in by_distance if distance <= _BESIDE_M]
    return beside or [candidates[i] for distance, i in by_distance[:1] if distance <= _NEAREST_M]


def _held(one: Source, groups: Sequence[Source], outlets: Sequence[Source]) -> tuple[str, ...]:
    held = [chemical.name for chemical in one.hazard.chemicals] if one.hazard else []
    emitting = outlets if one.kind is SourceKind.TREATMENT_UNIT else [one]
    if one.kind is not SourceKind.WASTE_WATER_OUTLET:
        held += [
            tag.quantity
            for outlet in emitting
            for tag in outlet.tags
            if is_pollutant(tag.quantity) and tag.quantity not in _DUST
        ]
    held += [
        tag.quantity for group in groups for tag in group.tags if tag.quantity not in _GENERAL and _is_gas(tag.quantity)
    ]
    return tuple(dict.fromkeys(held))


def _is_gas(quantity: str) -> bool:
    return is_pollutant(quantity) and quantity not in _DUST
