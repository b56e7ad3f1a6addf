"""What the alert book needs to know of an alarm's target: whose it is, how urgent, and what the law says of it."""

from dataclasses import dataclass
from functools import lru_cache

from park.index import TagInfo, TagTable
from park.model import SourceKind
from rules.spec import AnyRule, RuleSet, VoteRule
from service.alerts.asked import Facts, Lookup
from service.alerts.judged import JUDGED
from service.alerts.law import STOP_WORK

#: Priority of the service's own alarms, and of orders to stop work.
_OWN_PRIORITY = 1
#: Quantities that are combustible or toxic gas wherever they are measured; a gas detector's are, whatever their name.
GAS_QUANTITIES = frozenset(
    {
        *("combustible_gas", "toxic_gas", "ammonia", "benzene", "butadiene", "butane", "carbon_monoxide"),
        *("chlorine", "ethylene", "ethylene_oxide", "hydrogen", "hydrogen_chloride", "hydrogen_cyanide"),
        *("hydrogen_fluoride", "hydrogen_sulfide", "methane", "methanol", "phosgene", "propane", "propylene"),
        *("propylene_oxide", "sulfur_dioxide", "toluene", "vinyl_chloride", "acrylonitrile", "xylene"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a target is, apart from the rule."""

    enterprise: str = ""
    source: str = ""
    unit: str = ""
    hazard: bool = False
    gas: bool = False


def _is_gas(info: TagInfo) -> bool:
    return info.source.kind is SourceKind.GAS_DETECTORS or info.tag.quantity in GAS_QUANTITIES


def _places(tags: TagTable) -> dict[str, _Place]:
    """Of tags, sources, enterprises and devices."""
    places: dict[str, _Place] = {}
    for owner, sources in tags.park.owners():
        has_hazard = any(source.hazard is not None for source in sources)
        places[owner] = _Place(enterprise=owner, hazard=has_hazard)
        for source in sources:
            detects = source.kind is SourceKind.GAS_DETECTORS
            hazard = source.hazard is not None or (detects and has_hazard)
            one = f"{owner}.{source.id}"
            places[one] = _Place(enterprise=owner, source=one, hazard=hazard, gas=detects)
    owners: dict[str, set[str]] = {}
    for info in tags.infos:
        hazard = places[info.source_id].hazard
        places[info.id] = _Place(
            enterprise=info.enterprise, source=info.source_id, unit=info.tag.unit, hazard=hazard, gas=_is_gas(info)
        )
        if info.device:
            owners.setdefault(info.device, set()).add(info.enterprise)
    for device, of in owners.items():
        places.setdefault(device, _Place(enterprise=next(iter(of)) if len(of) == 1 else ""))
    return places


def _votes(tags: TagTable, rule: AnyRule, target: str) -> list[TagInfo]:
    """The tags behind an alarm of several instruments together."""
    if not isinstance(rule, VoteRule):
        return []
    picked = rule.applies_to.pick(tags)
    return [info for info in picked if target in (info.id, info.source_id, info.enterprise)] or picked


def _together(tags: TagTable, rule: AnyRule, target: str, place: _Place, places: dict[str, _Place]) -> _Place:
    votes = _votes(tags, rule, target)
    if not votes:
        return place
    owners = {info.enterprise for info in votes}
    return _Place(
        enterprise=place.enterprise or (next(iter(owners)) if len(owners) == 1 else ""),
        source=place.source,
        hazard=any(places[info.id].hazard for info in votes),
        gas=any(places[info.id].gas for info in votes),
    )


def lookup(tags: TagTable, rules: RuleSet) -> Lookup:
    """A function of (rule, target, level) over this park and these rules."""
    by_rule: dict[str, AnyRule] = {rule.id: rule for rule in rules.rules}
    places = _places(tags)
    together: dict[tuple[str, str], _Place] = {}

    def place_of(rule: AnyRule | None, target: str) -> _Place:
        place = places.get(target, _Place())
        if rule is None or tags.by_id(target) is not None or not isinstance(rule, VoteRule):
            return place
        if (rule.id, target) not in together:
            together[rule.id, target] = _together(tags, rule, target, place, places)
        return together[rule.id, target]

    # The book asks again and again of what stands.
    @lru_cache(maxsize=65_536)
    def facts(rule: str, target: str, level: str) -> Facts:
        known = by_rule.get(rule)
        place = place_of(known, target)
        judged = JUDGED.get(rule) if known is None else None
        own = judged is not None or rule in ("service", STOP_WORK)
        kind = rule if known is None and own else known.kind if known is not None else ""
        usual = judged.priority if judged is not None else _OWN_PRIORITY
        return Facts(
            priority=known.priority_of(level) if known is not None else usual,
            enterprise=place.enterprise,
            source=place.source,
            unit=place.unit,
            kind=kind,
            hazard=place.hazard,
            gas=place.gas,
            latch=getattr(known, "latch", False),
        )

    return facts
