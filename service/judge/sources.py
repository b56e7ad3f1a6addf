"""What judgement goes by, compiled once: of every tag its validity, conversion, companions, limits and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from park import units
from park.index import TagInfo, TagTable
from park.model import OUTLET_KINDS, Source, SourceKind
from park.outlet import Outlet, Role
from park.quantities import QUANTITIES
from rules.emissions.applicable import Spans
from rules.emissions.convert import OxygenRule
from rules.emissions.limits import LimitBook
from rules.emissions.validity import Validity
from service.judge.config import Emissions

_NOTHING = Spans(())
#: The preset of each kind of source; others are air.
_USUAL = {SourceKind.WASTE_GAS_OUTLET: "flue_gas", SourceKind.WASTE_WATER_OUTLET: "waste_water"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTag:
    """One tag of an outlet or a station."""

    info: TagInfo
    validity: Validity
    #: Where conversion to a reference oxygen ceases to make sense.
    guard: OxygenRule
    hour_limits: Spans
    day_limits: Spans
    #: (a, b) of ``kg/h = a · concentration · flow(m3/h)``; None: not a concentration.
    amount_factor: float | None
    #: What its numbers become when multiplied; only of flows: to m3/h. None: not a flow, or of an odd unit.
    flow_factor: float | None

    @property
    def is_pollutant(self) -> bool:
        """Held against limits, converted, reckoned in kg."""
        return _may_pollute(self.info.tag.quantity)

    def oxygen_rule(self, at_us: int, outlet: Outlet) -> OxygenRule:
        """To which oxygen content its value is brought at that time: as the limit in force says, else the outlet."""
        limit = self.hour_limits.at(at_us) or self.day_limits.at(at_us)
        if not self.is_pollutant or self.info.source.kind is not SourceKind.WASTE_GAS_OUTLET:
            return _rule(self.guard, None, None)
        if limit is not None:
            return _rule(self.guard, limit.o2_reference, limit.excess_air)
        excess = outlet.excess_air if outlet.reference_oxygen is None else None
        return _rule(self.guard, outlet.reference_oxygen, excess)


def _may_pollute(quantity: str) -> bool:
    """Also a word that the vocabulary does not know: a permit may limit it."""
    known = QUANTITIES.get(quantity)
    return known is None or known.is_pollutant


@lru_cache(maxsize=256)
def _rule(guard: OxygenRule, reference: float | None, excess: float | None) -> OxygenRule:
    return guard.model_copy(update={"reference_percent": reference, "excess_air": excess})


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSource:
    """An outlet or station with its tags; tags of one source are judged together."""

    id: str
    source: Source
    outlet: Outlet
    tags: tuple[JudgedTag, ...]
    #: Role -> index of the tag in the `TagTable`.
    roles: dict[Role, int]


def judged_sources(tags: TagTable, limits: LimitBook, config: Emissions) -> list[JudgedSource]:
    """Of the park, in file order. Raises ValueError where an outlet names a preset of validity that does not exist."""
    presets = config.presets()
    by_source: dict[str, list[TagInfo]] = {}
    for info in tags.infos:
        if info.source.kind in OUTLET_KINDS:
            by_source.setdefault(info.source_id, []).append(info)
    return [_source(name, infos, limits, presets, config.oxygen) for name, infos in by_source.items()]


def _source(
    name: str, infos: Sequence[TagInfo], limits: LimitBook, presets: Mapping[str, Validity], guard: OxygenRule
) -> JudgedSource:
    source = infos[0].source
    outlet = source.judged_as
    assert outlet is not None
    by_id = {info.tag.id: info.ix for info in infos}
    roles = {role: by_id[tag.id] for role in Role if (tag := source.role(role)) is not None and tag.id in by_id}
    return JudgedSource(
        id=name,
        source=source,
        outlet=outlet,
        tags=tuple(_tag(info, source, outlet, limits, presets, guard) for info in infos),
        roles=roles,
    )


def _tag(
    info: TagInfo,
    source: Source,
    outlet: Outlet,
    limits: LimitBook,
    presets: Mapping[str, Validity],
    guard: OxygenRule,
) -> JudgedTag:
    water = source.kind is SourceKind.WASTE_WATER_OUTLET
    return JudgedTag(
        info=info,
        validity=_validity(info, source, outlet, presets),
        guard=guard,
        hour_limits=limits.lookup(info.id, "hour") if _may_pollute(info.tag.quantity) else _NOTHING,
        day_limits=limits.lookup(info.id, "day") if _may_pollute(info.tag.quantity) else _NOTHING,
        amount_factor=_factor(info.tag.unit, "mg/L", 1e-3) if water else _factor(info.tag.unit, "mg/m3", 1e-6),
        flow_factor=_flow_factor(info.tag.unit),
    )


def _validity(info: TagInfo, source: Source, outlet: Outlet, presets: Mapping[str, Validity]) -> Validity:
    name = outlet.validity or _USUAL.get(source.kind, "air")
    if name not in presets:
        known = ", ".join(presets)
        raise ValueError(
            f"{info.source_id}: validity {name!r} is no preset; known: {known}; or add it to emissions.validity"
        )
    found = presets[name]
    # pH is no amount of anything: it is never weighted by the flow.
    if found.weighting == "flow" and (info.tag.quantity == "ph" or not _may_pollute(info.tag.quantity)):
        of_ph = presets.get(f"{name}_ph")
        return of_ph or found.model_copy(update={"weighting": "time"})
    return found


def _factor(given: str, wanted: str, times: float) -> float | None:
    try:
        factor, offset = units.factor_offset(given, wanted)
    except ValueError:
        return None
    return factor * times if offset == 0 else None


def _flow_factor(given: str) -> float | None:
    """Normal cubic metres are cubic metres at standard state: a flow in them is one of those."""
    plain = given.replace("kNm3", "1000*m3").replace("Nm3", "m3").replace("Nm³", "m3")
    if plain.startswith("1000*"):
        found = _factor(plain.removeprefix("1000*"), "m3/h", 1000.0)
    else:
        found = _factor(plain, "m3/h", 1.0)
    return found
