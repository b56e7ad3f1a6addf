"""Scenes for upwind tracing, where the source is known: a park, a leak in it, and what the instruments made of it.

The air is that of `simulators.puffs`, which knows nothing of how the tracer reckons. A seed gives a scene: 15 places
that may leak in a park of some 1.5 km, 16 stations at the fence and eight inside, two wind stations that are a few
degrees off and disagree, wind that veers and gusts, background that wanders, noise, detection limits, a station or two
out of order. In some scenes the source has something to tell by itself, in the others nothing: there wind and timing
decide alone. Sources that did nothing have alarms of their own now and then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.arrays import Floats, Ints
from rules.tracing.case import Candidate, Case, Match, Receptor, Signal, SignalKind, WindStation
from simulators.noise import Wander
from simulators.plume import Stability
from simulators.puffs import MeanderingWind, Puffs

BEGIN_US = 1_793_491_200_000_000
_TICK_S = 10.0
#: Wind only, before the leak begins; the leak is given so long to reach an instrument; then so much goes on.
_BEFORE_S, _MOST_S, _AFTER_S = 7_800.0, 3_600.0, 600.0
_WIDE_M, _DEEP_M, _FENCE_M = 1_500.0, 1_100.0, 100.0
PLACES, AROUND, INSIDE = 15, 16, 8
#: Wind classes: name, from, to (m/s), share of the scenes.
WINDS = (("calm", 0.2, 0.5, 0.03), ("light", 0.5, 1.5, 0.17), ("gentle", 1.5, 4.0, 0.5), ("fresh", 4.0, 8.0, 0.3))
#: Share of scenes in which the source has a signal of its own.
WITH_SIGNAL = 0.7
#: Probability that a source has an alarm of its own in the hour, for nothing.
_FALSE_ALARM = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A case and its truth."""

    case: Case
    #: Id of the place that leaked.
    truth: str
    #: One of `WINDS`.
    wind: str
    #: Whether its own signals point at it.
    helped: bool
    #: Between the place and the instrument that rose first, metres.
    distance_m: float


def scene(seed: int) -> Scene:
    """The same seed gives the same scene. Leaks that nobody would have smelt are drawn anew."""
    rng = np.random.default_rng([seed, 20_261_126])
    while True:
        found = _Play(rng).scene()
        if found is not None:
            return found


class _Play:
    """One leak from its beginning to ten minutes after the first instrument rose."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._class, low, high, _ = WINDS[int(rng.choice(len(WINDS), p=[share for *_, share in WINDS]))]
        self._speed_m_s = float(rng.uniform(low, high))
        self._places = _spread(rng, PLACES, _WIDE_M, _DEEP_M, least_m=200.0)
        self._receptors = np.concatenate((_fence(rng, AROUND), _spread(rng, INSIDE, _WIDE_M, _DEEP_M, least_m=200.0)))
        self._truth = int(rng.integers(PLACES))
        self._wind = MeanderingWind(
            rng,
            from_deg=float(rng.uniform(0.0, 360.0)),
            speed_m_s=self._speed_m_s,
            veer_deg=float(rng.uniform(8.0, 25.0)) * (2.0 if self._speed_m_s < 1.5 else 1.0),
            meander_deg=float(rng.uniform(4.0, 10.0)),
            bend_deg=float(rng.uniform(1.0, 3.0)),
        )
        stabilities = "DEF" if self._speed_m_s < 1.5 else "BCDE" if self._speed_m_s < 4 else "CD"
        self._puffs = Puffs(
            rng,
            self._wind,
            Stability(str(rng.choice(list(stabilities)))),
            (float(self._places[self._truth, 0]), float(self._places[self._truth, 1])),
            float(rng.choice([0.0, 3.0, 10.0])),
        )
        self._rate_kg_s = float(np.exp(rng.normal(np.log(0.05), 1.2)))
        self._lasts_s = float(rng.choice([600.0, 1_500.0, 1e9], p=[0.15, 0.15, 0.7]))

    def scene(self) -> Scene | None:
        """None where no instrument rises."""
        air = _Air(self._rng, self._receptors)
        vanes = _Vanes(self._rng)
        tick, rose_tick = -int(_BEFORE_S / _TICK_S), None
        first, last = tick, int(_MOST_S / _TICK_S)
        while tick < last:
            self._wind.step(_TICK_S)
            vanes.look(self._wind)
            if tick >= 0:
                at_s = tick * _TICK_S
                self._puffs.step(_TICK_S, self._rate_kg_s if at_s < self._lasts_s else 0.0)
            air.look(self._puffs.smell(self._receptors[:, 0], self._receptors[:, 1]) * 1e6, _TICK_S)
            if rose_tick is None and tick > 0 and air.rose() is not None:
                rose_tick, last = tick, tick + int(_AFTER_S / _TICK_S)
            tick += 1
        rose = air.rose()
        if rose_tick is None or rose is None:
            return None
        time_us = BEGIN_US + (np.arange(first, tick) * _TICK_S * 1e6).astype(np.int64)
        at_us = BEGIN_US + int(rose_tick * _TICK_S * 1e6)
        helped = bool(self._rng.random() < WITH_SIGNAL)
        case = Case(
            receptors=air.receptors(time_us, rose, at_us),
            stations=vanes.stations(time_us),
            candidates=self._candidates(helped, at_us),
            at_us=at_us,
            from_us=at_us - 3_600_000_000,
            to_us=int(time_us[-1]) + 1,
        )
        away = self._places[self._truth] - self._receptors[rose]
        return Scene(
            case=case,
            truth=f"s{self._truth:02}",
            wind=self._class,
            helped=helped,
            distance_m=float(np.hypot(*away)),
        )

    def _candidates(self, helped: bool, at_us: int) -> list[Candidate]:
        found = []
        for i, (east, north) in enumerate(self._places):
            signals = self._false_alarms(f"s{i:02}", at_us)
            match = Match.FAMILY if not helped else Match(str(self._rng.choice(["same", "family", "unknown", "other"])))
            if i == self._truth and helped:
                signals += self._true_signals(f"s{i:02}")
                match = Match(str(self._rng.choice(["same", "family", "unknown"])))
            found.append(
                Candidate(id=f"s{i:02}", east_m=float(east), north_m=float(north), signals=signals, match=match)
            )
        return found

    def _true_signals(self, name: str) -> list[Signal]:
        """Some two minutes after the leak began; a while before the rise where the air needed long."""
        kind = SignalKind(str(self._rng.choice(list(SignalKind))))
        at_us = BEGIN_US + int(self._rng.uniform(0.0, 240.0) * 1e6)
        return [Signal(kind=kind, subject=f"{name}.own", at_us=at_us)]

    def _false_alarms(self, name: str, at_us: int) -> list[Signal]:
        if self._rng.random() >= _FALSE_ALARM:
            return []
        kind = SignalKind(str(self._rng.choice(list(SignalKind))))
        return [Signal(kind=kind, subject=f"{name}.other", at_us=at_us - int(self._rng.uniform(0, 3_600) * 1e6))]


class _Air:
    """The instruments that smell: lag, noise, background, detection limit, and some out of order."""

    def __init__(self, rng: np.random.Generator, places: Floats) -> None:
        n = len(places)
        self._rng, self._places = rng, places
        self._background = float(rng.uniform(0.02, 0.12))
        self._slow, self._own = Wander(1, 3_600.0, rng), Wander(n, 1_200.0, rng)
        self._noise = float(rng.uniform(0.02, 0.08)) * self._background
        self._limit = float(rng.choice([0.005, 0.02, 0.05]))
        self._lag_s = rng.uniform(20.0, 60.0, n)
        self._works = rng.random(n) > 0.08
        self._every = int(rng.choice([1, 3, 6]))
        self._shown = np.zeros(n)
        self._rows: list[Floats] = []

    def look(self, added_mg_m3: Floats, dt_s: float) -> None:
        """One reading of each."""
        self._shown += (1.0 - np.exp(-dt_s / self._lag_s)) * (added_mg_m3 - self._shown)
        shares = 1.0 + 0.2 * self._slow.step(dt_s)[0] + 0.1 * self._own.step(dt_s)
        read = self._background * np.maximum(shares, 0.1) + self._shown * 0.86
        read = read + self._noise * self._rng.standard_normal(len(read))
        self._rows.append(np.where(read < self._limit, self._limit / 2.0, np.round(read, 3)))

    def rose(self) -> int | None:
        """The instrument that is highest over its alarm; None where none is."""
        over = np.where(self._works, self._rows[-1] - (3.0 * self._background + 0.1), -1.0)
        if over.max() > 0.0:
            self._first = getattr(self, "_first", int(over.argmax()))
        return getattr(self, "_first", None)

    def receptors(self, time_us: Ints, first: int, at_us: int) -> list[Receptor]:
        """The one that rose before the others; those out of order have nothing to say."""
        rows = np.array(self._rows)
        order = [first, *(i for i in range(len(self._places)) if i != first)]
        use = slice(None, None, self._every)
        return [
            Receptor(
                id=f"r{i:02}",
                east_m=float(self._places[i, 0]),
                north_m=float(self._places[i, 1]),
                time_us=time_us[use] if self._works[i] else time_us[:0],
                value=rows[use, i] if self._works[i] else rows[:0, i],
                detection_limit=self._limit,
            )
            for i in order
        ]


class _Vanes:
    """Two wind stations: each off by some degrees, noisy, and at a place of its own."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._at = np.array([[-900.0, 500.0], [700.0, -650.0]])
        self._off_deg, self._gain = rng.normal(0.0, 3.0, 2), rng.uniform(0.85, 1.15, 2)
        self._every = int(rng.choice([1, 3, 6]))
        self._rows: list[tuple[Floats, Floats]] = []

    def look(self, wind: MeanderingWind) -> None:
        """One reading of each; below its threshold an anemometer stands still."""
        speed, from_deg = wind.at(self._at[:, 0], self._at[:, 1])
        speed = speed * self._gain + self._rng.normal(0.0, 0.1, 2)
        from_deg = from_deg + self._off_deg + self._rng.normal(0.0, 5.0, 2)
        self._rows.append((np.where(speed < 0.2, 0.0, np.round(speed, 1)), np.round(from_deg % 360.0)))

    def stations(self, time_us: Ints) -> list[WindStation]:
        """Both."""
        use = slice(None, None, self._every)
        speed, from_deg = (np.array(rows)[use] for rows in zip(*self._rows, strict=True))
        return [
            WindStation(
                id=f"w{i}",
                east_m=float(self._at[i, 0]),
                north_m=float(self._at[i, 1]),
                speed_time_us=time_us[use],
                speed_m_s=speed[:, i],
                direction_time_us=time_us[use],
                from_deg=from_deg[:, i],
            )
            for i in range(2)
        ]


def _spread(rng: np.random.Generator, n: int, wide_m: float, deep_m: float, *, least_m: float) -> Floats:
    """Places at random in the park, none nearer to another than ``least_m``."""
    found: list[Floats] = []
    while len(found) < n:
        one = rng.uniform((-wide_m / 2, -deep_m / 2), (wide_m / 2, deep_m / 2))
        if all(np.hypot(*(one - other)) >= least_m for other in found):
            found.append(one)
    return np.array(found)


def _fence(rng: np.random.Generator, n: int) -> Floats:
    """Stations on a rectangle around the park, evenly but for some metres."""
    half_e, half_n = _WIDE_M / 2 + _FENCE_M, _DEEP_M / 2 + _FENCE_M
    corners: Sequence[tuple[float, float]] = (
        *((-half_e, half_n), (half_e, half_n)),
        *((half_e, -half_n), (-half_e, -half_n), (-half_e, half_n)),
    )
    sides = np.hypot(*np.diff(np.array(corners), axis=0).T)
    ends = np.concatenate(([0.0], np.cumsum(sides)))
    along = (np.arange(n) / n * ends[-1] + rng.uniform(-40.0, 40.0, n)) % ends[-1]
    return np.stack([np.interp(along, ends, np.array(corners)[:, axis]) for axis in (0, 1)], axis=1)
