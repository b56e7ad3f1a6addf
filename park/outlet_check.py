"""What is odd about an outlet's section: facts that lack the tag they need, limits and amounts of what is not measured.

Whether the standards named are known, and whether a permit is weaker than they, the limit packs tell
(``parkwatch limits check``).
"""

from collections.abc import Iterator

from park import units
from park.model import Source, SourceKind, Tag
from park.outlet import Outlet, PermitLimit, Role
from park.quantities import is_pollutant, name_of

_Oddity = tuple[tuple[int | str, ...], str]
_GAS_ONLY = ("combustion", "reference_oxygen", "excess_air", "measured_as", "standard_state", "stack_height_m")


def outlet_oddities(source: Source) -> Iterator[_Oddity]:
    """(place within the section ``outlet``, message) of each."""
    outlet = source.outlet
    assert outlet is not None
    yield from _of_kind(source.kind, outlet)
    yield from _of_roles(source)
    yield from _of_conversions(source, outlet)
    yield from _of_amounts(source, outlet)
    for i, limit in enumerate(outlet.permit_limits):
        yield from ((("permit_limits", i), message) for message in _of_permit(source, limit))
    yield from _unlimited(source, outlet)


def _of_kind(kind: SourceKind, outlet: Outlet) -> Iterator[_Oddity]:
    if kind is SourceKind.WASTE_GAS_OUTLET:
        return
    for field in _GAS_ONLY:
        if field in outlet.model_fields_set:
            yield (field,), f"{field} has no meaning for a {kind}; remove it"


def _of_roles(source: Source) -> Iterator[_Oddity]:
    for role in Role:
        ids = [tag.id for tag in source.tags if tag.quantity == role.value]
        if len(ids) > 1 and getattr(source.outlet and source.outlet.roles, role.value) is None:
            yield ("roles",), f"{' and '.join(ids)} measure {role}; the first is used, name the right one in roles"


def _of_conversions(source: Source, outlet: Outlet) -> Iterator[_Oddity]:
    oxygen = source.role(Role.OXYGEN)
    for field in ("reference_oxygen", "excess_air"):
        if getattr(outlet, field) is None:
            continue
        if oxygen is None:
            yield (field,), f"{field} is given, but no tag measures oxygen: nothing can be converted (折算)"
        if not outlet.combustion:
            yield (field,), f"{field} is given, but combustion is not true: gas that is not burnt is held as measured"
    if outlet.combustion and outlet.reference_oxygen is None and outlet.excess_air is None and oxygen is None:
        yield ("combustion",), "no tag measures oxygen: limits at a reference oxygen content cannot be applied (折算)"
    if "wet" in (outlet.measured_as, outlet.flow_measured_as) and source.role(Role.HUMIDITY) is None:
        field = "measured_as" if outlet.measured_as == "wet" else "flow_measured_as"
        yield (field,), "measured wet, but no tag measures humidity: it cannot be made dry"
    for field in ("standard_state", "flow_standard_state"):
        missing = [role.value for role in (Role.TEMPERATURE, Role.PRESSURE) if source.role(role) is None]
        if not getattr(outlet, field) and missing and source.kind is SourceKind.WASTE_GAS_OUTLET:
            yield (field,), f"not at standard state (标态), and no tag measures {' or '.join(missing)}"


def _of_amounts(source: Source, outlet: Outlet) -> Iterator[_Oddity]:
    if outlet.amounts and source.role(Role.FLOW) is None:
        yield ("amounts",), "amounts are permitted, but no tag measures flow: what is emitted cannot be reckoned"
    for i, amount in enumerate(outlet.amounts):
        if not _measuring(source, amount.quantity):
            yield ("amounts", i), f"an amount of {amount.quantity} is permitted, but no tag measures it"


def _of_permit(source: Source, limit: PermitLimit) -> Iterator[str]:
    tags = _measuring(source, limit.quantity)
    if not tags:
        yield f"the permit limits {limit.quantity}, but no tag measures it"
    if units.is_mass_rate(limit.unit):
        if source.role(Role.FLOW) is None:
            yield f"the permit limits a rate, {limit.limit:g} {limit.unit}, but no tag measures flow"
        return
    for tag in tags:
        if not units.comparable(limit.unit, tag.unit):
            yield f"the permit's {limit.unit} cannot be held against {tag.id} in {tag.unit}"


def _unlimited(source: Source, outlet: Outlet) -> Iterator[_Oddity]:
    judged = source.judged_as
    if judged is None or judged.standards:
        return
    permitted = {limit.quantity for limit in outlet.permit_limits}
    for tag in source.tags:
        if is_pollutant(tag.quantity) and tag.quantity not in permitted:
            what = f"{tag.id} ({name_of(tag.quantity)})"
            yield (), f"{what} has no limit; add standards, or a permit limit for {tag.quantity}"


def _measuring(source: Source, quantity: str) -> list[Tag]:
    return [tag for tag in source.tags if tag.quantity == quantity]
