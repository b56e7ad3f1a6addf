"""A whole simulated park: every tag of a park file, driven by seed, time passed in, and a script of faults.

The kind of a source decides what drives its tags: tanks and reactors by `TankFarm`, tags named as in the Tennessee
Eastman plant by its recordings, stations by weather and plume, outlets by their treatment unit, the rest by
`SteadyTags`. Two worlds with one park, seed and start show the same, however often each is asked: they advance in
fixed ticks. So an OPC UA server and an MQTT fleet in two processes play one plant.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo, TagTable
from park.model import Park, Source, SourceKind
from simulators import plume
from simulators.faults import Bypass, Disturbance, Fault, Leak, Overfill, Runaway, TreatmentFailure
from simulators.frame import Frame
from simulators.monitors import RECEPTOR_KINDS, Receptors
from simulators.noise import Floats, generator
from simulators.outlets import Outlets
from simulators.overlay import Overlay
from simulators.scenario import Scenario, Wind
from simulators.steady import SteadyTags, window
from simulators.tep import TepPlant
from simulators.tep.table import COLUMN_OF
from simulators.vessels import Vessels, pick
from simulators.weather import Weather

_F = TypeVar("_F", bound=Fault)

#: A world goes on in ticks of this length on the clock that stamps the samples.
TICK_US = 250_000
#: Readings of a weather station that stand still in dry weather.
_EXACT = ("rain", "rainfall")


class World:
    """Gives the frame of any moment not before the last one asked for."""

    def __init__(
        self,
        park: Park,
        *,
        seed: int,
        start_us: int,
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
        wind: Wind | None = None,
    ) -> None:
        self.table = TagTable(park)
        self.speed, self.start_us = speed, start_us
        self._ticks = 0
        self._sources = {info.source_id: info.source for info in self.table.infos}
        self._faults: tuple[Fault, ...] = ()
        infos = list(self.table.infos)
        self._ix = np.array([info.ix for info in infos], np.intp)
        self._origin = infos[0].source.position if infos else (0.0, 0.0)
        blow = wind or Wind(from_deg=135.0, speed_m_s=3.0)
        day_s = (start_us / 1e6 + 8 * 3600) % 86_400
        self.weather = Weather(
            seed, day_s=day_s, from_deg=blow.from_deg, speed_m_s=blow.speed_m_s, wander_deg=blow.wander_deg
        )
        self._steady = SteadyTags([info.tag for info in infos], seed)
        self._vessels = Vessels(self.table, seed)
        self._tep = self._tep_plants(infos)
        self._receptors = Receptors(pick(infos, *RECEPTOR_KINDS), self._origin)
        self._outlets = Outlets(self.table, self._origin)
        self._showers = [info for info in infos if info.source.kind is SourceKind.WEATHER_STATION]
        self._low, self._high = self._ranges()
        self._rng = generator(seed, "noise")
        # A weather station's readings flutter by a thousandth of their window.
        quiet = [info for info in self._showers if info.tag.quantity not in _EXACT]
        self._quiet = np.array([info.ix for info in quiet], np.intp)
        self._noise = np.array([0.001 * (hi - lo) for lo, hi in (window(info.tag) for info in quiet)], np.float64)
        self.overlay = Overlay(self.table)
        for fault in faults:
            self.add_fault(fault)
        self._plant: Floats = np.full(self.table.size, np.nan)
        self._tick()

    @classmethod
    def of_scenario(cls, park: Park, scenario: Scenario, *, start_us: int) -> "World":
        """The world that a scenario asks for; its clock starts at ``start_us``."""
        return cls(
            park,
            seed=scenario.seed,
            start_us=start_us,
            speed=scenario.speed,
            faults=scenario.faults,
            wind=scenario.wind,
        )

    def _tep_plants(self, infos: Sequence[TagInfo]) -> dict[str, tuple[TepPlant, NDArray[np.intp]]]:
        kinds = (SourceKind.REACTOR, SourceKind.UNIT)
        found: dict[str, list[TagInfo]] = {}
        for info in infos:
            if info.source.kind in kinds and info.tag.id in COLUMN_OF:
                found.setdefault(info.enterprise, []).append(info)
        return {
            enterprise: (
                TepPlant([COLUMN_OF[info.tag.id] for info in tags]),
                np.array([info.ix for info in tags], np.intp),
            )
            for enterprise, tags in found.items()
        }

    def _ranges(self) -> tuple[Floats, Floats]:
        low, high = np.full(self.table.size, -np.inf), np.full(self.table.size, np.inf)
        for info in self.table.infos:
            if info.tag.span is not None:
                low[info.ix], high[info.ix] = info.tag.span
        return low, high

    def add_fault(self, fault: Fault) -> None:
        """Put one more on the script. Raises ValueError where its target is nothing that it can befall."""
        if isinstance(fault, Overfill | Runaway) and fault.target not in self._vessels.index:
            raise ValueError(f"{fault.kind}: {fault.target!r} is no tank or reactor of the park")
        if isinstance(fault, Leak):
            self._leak_origin(fault)
        if isinstance(fault, TreatmentFailure | Bypass) and fault.target not in self._outlets.units:
            raise ValueError(f"{fault.kind}: {fault.target!r} is no treatment unit of the park")
        if isinstance(fault, Disturbance) and fault.target not in self._tep:
            raise ValueError(f"{fault.kind}: {fault.target!r} runs no Tennessee Eastman plant")
        self.overlay.add(fault)
        self._faults += (fault,)

    def _leak_origin(self, fault: Leak) -> tuple[Source, str]:
        source = self._sources.get(fault.target)
        if source is None:
            raise ValueError(f"leak: {fault.target!r} is no source with tags in the park")
        chemical = fault.chemical or (source.hazard.chemicals[0].name if source.hazard else None)
        if chemical is None:
            raise ValueError(f"leak: {fault.target!r} declares no chemicals; say which one leaks")
        return source, chemical

    def _active(self, kind: type[_F]) -> list[_F]:
        since = self._ticks * TICK_US
        return [fault for fault in self._faults if isinstance(fault, kind) and fault.active(since)]

    def _vessel_faults(self) -> dict[type, Floats]:
        sizes: dict[type, Floats] = {}
        for kind in (Leak, Overfill, Runaway):
            sizes[kind] = np.zeros(len(self._vessels.farm))
        active: list[Leak | Overfill | Runaway] = [*self._active(Leak), *self._active(Overfill), *self._active(Runaway)]
        for fault in active:
            if fault.target in self._vessels.index:
                sizes[type(fault)][self._vessels.index[fault.target]] = fault.size
        return sizes

    def _tick(self) -> None:
        dt_s = TICK_US / 1e6 * self.speed
        plant = self._plant
        self.weather.step(dt_s)
        plant[self._ix] = self._steady.step(dt_s)
        vessels = self._vessels.step(dt_s, self.weather.temperature_c, self._vessel_faults())
        plant[self._vessels.tags] = vessels
        self._play_tep(dt_s)
        for info in self._showers:
            reading = self.weather.reading(info.tag.quantity)
            plant[info.ix] = plant[info.ix] if reading is None else reading
        plant[self._quiet] += self._noise * np.clip(self._rng.standard_normal(len(self._quiet)), -4.0, 4.0)
        self._outlets.apply(plant, dt_s, [*self._active(TreatmentFailure), *self._active(Bypass)])
        self._smell(dt_s)
        self._ticks += 1

    def _play_tep(self, dt_s: float) -> None:
        disturbed = {fault.target: fault.run for fault in self._active(Disturbance)}
        for enterprise, (plant, tags) in self._tep.items():
            if enterprise in disturbed:
                plant.disturb(disturbed[enterprise])
            else:
                plant.restore()
            self._plant[tags] = plant.step(dt_s)

    def _smell(self, dt_s: float) -> None:
        receptors, weather = self._receptors, self.weather
        added = self._outlets.smell(self._plant, receptors, weather, dt_s)
        for fault in self._active(Leak):
            source, chemical = self._leak_origin(fault)
            added = added + receptors.from_leak(
                chemical=chemical,
                rate_kg_s=fault.size,
                at_m=plume.local_m(source.position, self._origin),
                from_deg=weather.from_deg,
                wind_m_s=weather.speed_m_s,
            )
        # An analyser at the end of its range shows the end, and comes down from there.
        added = np.minimum(added, self._high[receptors.tags])
        self._plant[receptors.tags] += receptors.respond(added, dt_s)

    def frame(self, now_us: int) -> Frame:
        """What the park shows at ``now_us``; all samples carry that time, but for faults of clocks."""
        while (self._ticks - 1) * TICK_US < now_us - self.start_us:
            self._tick()
        size = self.table.size
        frame = Frame(
            now_us=now_us,
            live=True,
            value=np.clip(self._plant, self._low, self._high),
            quality=np.zeros(size, np.uint8),
            time_us=np.full(size, now_us, np.int64),
            present=self.table.in_use.copy(),
            copies=np.ones(size, np.int32),
            on_the_wire=self.overlay.on_the_wire(now_us - self.start_us),
        )
        self.overlay.apply(frame, now_us - self.start_us)
        return frame
