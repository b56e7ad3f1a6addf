"""From a case to a ranking: wind and timing give a likelihood, the sources' own signals a prior; together shares."""

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Floats
from rules.tracing.case import Candidate, Case, Ranked, Trace, WindUsed
from rules.tracing.evidence import in_time, log_prior
from rules.tracing.footprint import coupling, reference
from rules.tracing.grid import Grid
from rules.tracing.likelihood import log_likelihood
from rules.tracing.plane import bearing_deg, turn_deg
from rules.tracing.smell import Smell, onset_block, onset_us, smell_of, told
from rules.tracing.wind import CALM_M_S, Wind, combine

#: Steps of the wind and of the air's way; blocks of the readings.
STEP_US, BLOCK_US = 30_000_000, 60_000_000
#: The air is followed back for so long.
LAGS = 120
#: Candidates that are looked at in detail.
MOST_CANDIDATES = 60
#: Wind that is known for less of the time is no wind.
_LEAST_COVERED = 0.2
#: Places that no park file names: about the receptor, at so many bearings and these distances; together they are
#: believed in as much as so many sources without a signal.
_ELSEWHERE_BEARINGS, _ELSEWHERE_M, _ELSEWHERE_WEIGHT = 12, (500.0, 1_500.0), 1.0
#: Direction counts for so little without wind that all places are alike.
_FAR_AWAY_M = 10_000.0


def trace(case: Case) -> Trace:
    """The ranking. Raises ValueError where there is no receptor. The same case gives the same answer."""
    if not case.receptors:
        raise ValueError("a trace needs the receptor that smelt something; the case has none")
    blocks = Grid(begin_us=case.from_us, step_us=BLOCK_US, n=max(1, (case.to_us - case.from_us) // BLOCK_US))
    smell = smell_of(blocks, case.receptors)
    block = onset_block(smell, 0, case.at_us)
    subject = case.receptors[0]
    began_us = case.at_us if block is None else onset_us(smell, 0, block, subject)
    wind = combine(_wind_grid(blocks), case.stations, (subject.east_m, subject.north_m))
    used = _wind_used(wind, began_us)
    missing = _missing(smell, block, used)
    if "no_wind" in missing or "no_samples" in missing:
        wind = None
    ranking, elsewhere, left_out = _ranking(case, smell, wind, began_us)
    return Trace(
        onset_us=began_us,
        wind=used,
        receptors=told(smell, case.receptors),
        ranking=ranking,
        elsewhere=elsewhere,
        missing=missing,
        left_out=left_out,
    )


def _wind_grid(blocks: Grid) -> Grid:
    return Grid(begin_us=blocks.begin_us - LAGS * STEP_US, step_us=STEP_US, n=LAGS + blocks.n * (BLOCK_US // STEP_US))


def _ends(blocks: Grid) -> NDArray[np.intp]:
    """Steps of the wind's grid in the middle of each block."""
    per_block = BLOCK_US // STEP_US
    return np.asarray(LAGS + per_block // 2 + per_block * np.arange(blocks.n), np.intp)


def _wind_used(wind: Wind | None, began_us: int) -> WindUsed:
    """Of the half hour before the rise."""
    if wind is None:
        return WindUsed(speed_m_s=None, from_deg=None, direction_sd_deg=None, covered=0.0)
    last = int(np.clip((began_us - wind.grid.begin_us) // STEP_US + 1, 1, wind.grid.n))
    first = max(0, last - 60)
    covered = float(wind.covered[first:last].mean())
    if covered < _LEAST_COVERED:
        return WindUsed(speed_m_s=None, from_deg=None, direction_sd_deg=None, covered=covered)
    speed, from_deg, deviation = wind.mean(first, last)
    air = float(np.hypot(wind.east_m_s[first:last], wind.north_m_s[first:last]).mean())
    return WindUsed(
        speed_m_s=speed,
        from_deg=from_deg,
        direction_sd_deg=deviation,
        covered=covered,
        stations=wind.stations,
        calm=air < CALM_M_S,
    )


def _missing(smell: Smell, block: int | None, used: WindUsed) -> list[str]:
    said = []
    if used.speed_m_s is None:
        said.append("no_wind")
    elif used.covered < 0.8:
        said.append("wind_gaps")
    if used.calm:
        said.append("calm")
    known = np.asarray(smell.known.any(axis=1), np.bool_)
    if not known[0]:
        said.append("no_samples")
    elif block is None:
        said.append("no_rise")
    if known.sum() == 1:
        said.append("one_receptor")
    return said


def _ranking(case: Case, smell: Smell, wind: Wind | None, began_us: int) -> tuple[list[Ranked], float, int]:
    candidates = list(case.candidates)
    if not candidates:
        return [], 1.0, 0
    subject = case.receptors[0]
    at = np.array([[one.east_m, one.north_m] for one in candidates])
    ways = _Ways(wind, smell.grid, began_us, np.array([subject.east_m, subject.north_m]) - at)
    prior = np.array(
        [log_prior(one, began_us, travel) for one, travel in zip(candidates, ways.travel_min, strict=True)]
    )
    kept = _worth_looking(ways, prior)
    ghosts = _elsewhere(subject.east_m, subject.north_m)
    ghost_prior = np.full(len(ghosts), np.log(_ELSEWHERE_WEIGHT / len(ghosts)))
    from_wind = np.zeros(len(kept) + len(ghosts))
    if wind is not None:
        receptors = np.array([[one.east_m, one.north_m] for one in case.receptors])
        offsets = receptors[None, :, :] - np.concatenate((at[kept], ghosts))[:, None, :]
        from_wind = log_likelihood(wind, smell, _ends(smell.grid), LAGS, offsets, reference(wind))
    alone = _shares(from_wind + np.concatenate((np.zeros(len(kept)), ghost_prior)))
    shares = _shares(from_wind + np.concatenate((prior[kept], ghost_prior)))
    order = sorted(range(len(kept)), key=lambda i: (-shares[i], ways.distance_m[kept[i]], candidates[kept[i]].id))
    ranking = [
        _ranked(candidates[kept[i]], rank, float(shares[i]), float(alone[i]), ways, int(kept[i]), began_us)
        for rank, i in enumerate(order, 1)
    ]
    return ranking, float(shares[len(kept) :].sum()), len(candidates) - len(kept)


def _shares(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum(), np.float64)


def _worth_looking(ways: "_Ways", prior: Floats) -> NDArray[np.intp]:
    """All where they are few; else those that the air came nearest by, or that have most to tell."""
    worth = prior + ways.passed
    return np.sort(np.argsort(-worth, kind="stable")[:MOST_CANDIDATES])


def _elsewhere(east_m: float, north_m: float) -> Floats:
    bearing = np.radians(np.arange(_ELSEWHERE_BEARINGS) * 360.0 / _ELSEWHERE_BEARINGS)
    distance = np.array(_ELSEWHERE_M)[:, None]
    east, north = east_m + distance * np.sin(bearing), north_m + distance * np.cos(bearing)
    return np.stack((east.ravel(), north.ravel()), axis=1)


class _Ways:
    """The air's way from each candidate to the receptor at the rise, for words and for the timing of signals."""

    def __init__(self, wind: Wind | None, blocks: Grid, began_us: int, offset_m: Floats) -> None:
        self._offset_m = offset_m
        self.distance_m = np.hypot(offset_m[:, 0], offset_m[:, 1])
        self.bearing_deg = [bearing_deg(-east, -north) for east, north in offset_m]
        n = len(offset_m)
        self.travel_min: list[float | None] = [None] * n
        self.off_axis_deg: list[float | None] = [None] * n
        self.passed: Floats = -self.distance_m / _FAR_AWAY_M
        if wind is not None and n:
            self._follow(wind, blocks, began_us)

    def _follow(self, wind: Wind, blocks: Grid, began_us: int) -> None:
        end = int(np.clip((began_us - wind.grid.begin_us) // STEP_US + 2, LAGS, wind.grid.n))
        ends = np.unique(np.clip(end + np.arange(-40, 21, 10), LAGS, wind.grid.n)).astype(np.intp)
        by_age = coupling(wind, ends, LAGS, self._offset_m[:, 0], self._offset_m[:, 1])
        self.passed = np.log(by_age.sum(axis=2).max(axis=1).astype(np.float64) + 1e-12)
        at_rise = by_age[:, int(np.argmin(np.abs(ends - end)))]
        passed_e, passed_n = (
            np.concatenate(([0.0], np.cumsum(part))) * STEP_US / 1e6 for part in (wind.east_m_s, wind.north_m_s)
        )
        for i in range(len(self._offset_m)):
            self._one(i, at_rise[i], end, passed_e, passed_n)

    def _one(self, i: int, by_age: NDArray[np.float32], end: int, passed_e: Floats, passed_n: Floats) -> None:
        ages = np.arange(1, LAGS + 1)
        way_e, way_n = passed_e[end] - passed_e[end - ages], passed_n[end] - passed_n[end - ages]
        way = np.hypot(way_e, way_n)
        if by_age.sum() > 1e-10:
            lag = float((by_age * (ages - 0.5)).sum() / by_age.sum())
            self.travel_min[i] = lag * STEP_US / 60e6
        # The step at which the air was as far away as the source is: there the two directions are compared.
        reached = int(np.argmax(way >= self.distance_m[i])) if (way >= self.distance_m[i]).any() else LAGS - 1
        came_from = bearing_deg(-float(way_e[reached]), -float(way_n[reached]))
        self.off_axis_deg[i] = turn_deg(came_from, self.bearing_deg[i])


def _ranked(one: Candidate, rank: int, score: float, wind_score: float, ways: _Ways, i: int, began_us: int) -> Ranked:
    return Ranked(
        id=one.id,
        rank=rank,
        score=score,
        wind_score=wind_score,
        distance_m=float(ways.distance_m[i]),
        bearing_deg=ways.bearing_deg[i],
        off_axis_deg=ways.off_axis_deg[i],
        travel_min=ways.travel_min[i],
        signals=in_time(one.signals, began_us),
        match=one.match,
        substances=tuple(one.substances),
    )
