"""Binds the tanks and reactors of a park file to a `TankFarm`: what they are built like, and which tags show them."""

from collections.abc import Mapping, Sequence

import numpy as np

from park.gb18218 import Chemical
from park.index import TagInfo, TagTable
from park.model import Source, SourceKind
from park.units import factor_offset
from simulators.chemicals import substance
from simulators.faults import Leak, Overfill, Runaway
from simulators.noise import Floats, Instruments, generator
from simulators.steady import window, working_point
from simulators.tankfarm import TankFarm, VesselSpec
from simulators.tep.table import COLUMN_OF

_ROWS = ("level", "temperature", "pressure", "inflow", "outflow")
#: Transmitters: how fast each quantity is followed, what the link adds, noise as a share of the normal window.
_LAG_S = {"level": 3.0, "temperature": 15.0, "pressure": 1.0, "inflow": 1.0, "outflow": 1.0}
_DEAD_TIME_S = 1.0
_NOISE = 0.001


def pick(infos: Sequence[TagInfo], *kinds: SourceKind) -> list[TagInfo]:
    """The tags whose source is of one of the kinds."""
    return [info for info in infos if info.source.kind in kinds]


class Vessels:
    """The tanks and reactors of the park, and the tags that show them."""

    def __init__(self, table: TagTable, seed: int) -> None:
        infos = pick(table.infos, SourceKind.TANK, SourceKind.REACTOR)
        driven = [info for info in infos if info.tag.id not in COLUMN_OF]
        self.index: dict[str, int] = {}
        specs: list[VesselSpec] = []
        for info in driven:
            if info.source_id not in self.index:
                self.index[info.source_id] = len(specs)
                specs.append(_vessel_spec(info.source_id, info.source))
        self.farm = TankFarm(specs, seed)
        shown = [info for info in driven if _vessel_quantity(info) is not None]
        self.tags = np.array([info.ix for info in shown], np.intp)
        self._vessel = np.array([self.index[info.source_id] for info in shown], np.intp)
        self._row = np.array([_ROWS.index(_vessel_quantity(info) or "") for info in shown], np.intp)
        scales = [_vessel_scale(info) for info in shown]
        self._scale = np.array([scale for scale, _ in scales], np.float64)
        self._offset = np.array([offset for _, offset in scales], np.float64)
        widths = np.array([high - low for low, high in (window(info.tag) for info in shown)], np.float64)
        self._transmitters = Instruments(
            low=-np.inf,
            high=np.inf,
            noise=_NOISE * widths,
            lag_s=np.array([_LAG_S[info.tag.quantity] for info in shown], np.float64),
            dead_time_s=_DEAD_TIME_S,
            rng=generator(seed, "transmitters"),
        )

    def step(self, dt_s: float, ambient_c: float, faults: Mapping[type, Floats]) -> Floats:
        """Values of ``tags`` after ``dt_s`` more seconds; ``faults`` holds an array over the vessels for each kind."""
        self.farm.step(
            dt_s,
            ambient_c=ambient_c,
            leak_kg_s=faults[Leak],
            overfill_pct_min=faults[Overfill],
            runaway_k_min=faults[Runaway],
        )
        farm = self.farm
        rows = np.stack([farm.level_pct, farm.temperature_c, farm.pressure_kpa, farm.inflow_m3_h, farm.outflow_m3_h])
        return self._transmitters.read(rows[self._row, self._vessel] * self._scale + self._offset, dt_s)


def _vessel_quantity(info: TagInfo) -> str | None:
    quantity = info.tag.quantity
    first = next(one for one in info.source.tags if one.quantity == quantity)
    return quantity if quantity in _ROWS and first.id == info.tag.id else None


def _vessel_scale(info: TagInfo) -> tuple[float, float]:
    tag = info.tag
    if tag.quantity == "level":
        top = 100.0 if tag.unit == "%" or tag.span is None else tag.span[1]
        return top / 100.0, 0.0
    if tag.quantity in ("temperature", "pressure"):
        return factor_offset("°C" if tag.quantity == "temperature" else "kPa", tag.unit)
    return 1.0, 0.0


def _vessel_spec(source_id: str, source: Source) -> VesselSpec:
    first = {tag.quantity: tag for tag in reversed(source.tags)}
    chemicals: tuple[Chemical, ...] = source.hazard.chemicals if source.hazard else ()
    density = substance(chemicals[0].name).density_kg_m3 if chemicals else 900.0
    volume = max(20.0, 1000.0 * sum(one.q_t for one in chemicals) / density) if chemicals else 300.0
    fields: dict[str, float] = {}
    for quantity, unit, field in (("temperature", "°C", "temperature_c"), ("pressure", "kPa", "pressure_kpa")):
        if quantity in first:
            scale, offset = factor_offset(first[quantity].unit, unit)
            fields[field] = working_point(first[quantity], 0.5)[0] * scale + offset
    if "level" in first:
        tag = first["level"]
        low, high = (share / (100.0 if tag.unit == "%" else (tag.span or (0, 1))[1]) * 100.0 for share in window(tag))
        fields["lowest_pct"], fields["highest_pct"] = low + 0.25 * (high - low), low + 0.65 * (high - low)
    batch = source.kind is SourceKind.REACTOR
    return VesselSpec(id=source_id, volume_m3=volume, density_kg_m3=density, jacketed=batch, batch=batch, **fields)
