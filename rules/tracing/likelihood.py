"""How well a place explains what all receptors showed and did not show: a log-likelihood, its source free.

The place lets go at a steady but unknown rate from an unknown time on, for an unknown while, and the vanes may be off
by some degrees; over all these the likelihood is averaged, so that a place gets nothing for being adjustable. Readings
are compared as logarithms above the noise, with a Student t: the smell of a plume comes in gusts, and what the air's
way is reckoned to be is wrong by a factor now and then.
"""

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Floats
from rules.tracing.footprint import Single, coupling
from rules.tracing.smell import Smell
from rules.tracing.wind import Wind

#: Vanes are off by one of these, with weights of a normal distribution.
BIASES_DEG = (-6.0, 0.0, 6.0)
_BIAS_SD_DEG = 5.0
#: How long it let go, minutes; None: it still does.
_WHILES_MIN: tuple[float | None, ...] = (None, 15.0)
#: When it began, minutes before the last reading: closely where the rise is, which a block too early would spoil.
_STARTS_MIN = (*range(2, 37, 2), 42, 50, 60, 75, 95)
#: Rates to try, as powers of e around the one that fits the greatest reading.
_RATES = np.arange(-2.0, 2.51, 1.0)
#: Standard deviation of the logarithm of what is usual.
_USUAL_SD = 2.0
#: Variances of a reading's logarithm: of noise alone; what the plume adds on its axis; and what it adds for each power
#: of e that a reading is due to be below the axis, where a few degrees matter most.
_NOISE_VAR, _AXIS_VAR, _EDGE_VAR, _EDGE_MOST = 0.2, 0.5, 0.5, 6.0
#: What it adds beside the source, and how far that reaches: smoke of a stack passes overhead there, that of a flange
#: fills the lee of a tank.
_NEAR_VAR, _NEAR_M = 3.0, 120.0
#: Of Student's t; the density below has its (n + 1)th power written out.
_FREEDOM = 3
#: Probability that a receptor shows something else than the story tells (a gust past it, a cloud over it, another
#: source), and the variance of its readings' logarithms then.
_STRAYS, _STRAY_VAR = 0.05, 4.0
_LOG_STRAYS, _LOG_FITS = np.log(_STRAYS), np.log1p(-_STRAYS)
#: Readings of one receptor err together for so long.
_TOGETHER_MIN = 8.0


def log_likelihood(
    wind: Wind, smell: Smell, ends: NDArray[np.intp], lags: int, offsets: Floats, usual: float
) -> Floats:
    """``(places,)``; ``offsets``: ``(places, receptors, 2)``, the receptor as seen from the place, metres.

    East before north. ``ends``: ``(blocks,)`` step of the wind's grid in the middle of each block of the readings;
    ``usual``: the greatest reading over this is a usual rate (`rules.tracing.footprint.reference`).
    """
    biases = [
        _for_bias(wind, smell, ends, lags, offsets, usual, bias) - 0.5 * (bias / _BIAS_SD_DEG) ** 2
        for bias in BIASES_DEG
    ]
    weights = np.exp(-0.5 * (np.array(BIASES_DEG) / _BIAS_SD_DEG) ** 2)
    return np.asarray(np.logaddexp.reduce(np.array(biases), axis=0) - np.log(weights.sum()), np.float64)


def _for_bias(
    wind: Wind, smell: Smell, ends: NDArray[np.intp], lags: int, offsets: Floats, usual: float, bias_deg: float
) -> Floats:
    places, receptors = offsets.shape[:2]
    flat = offsets.reshape(-1, 2)
    by_age = coupling(wind, ends, lags, flat[:, 0], flat[:, 1], bias_deg=bias_deg)
    summed = np.zeros((*by_age.shape[:2], lags + 1), np.float32)
    np.cumsum(by_age, axis=2, out=summed[:, :, 1:])
    summed = summed.reshape(places, receptors, len(ends), lags + 1)
    near = np.exp(-np.hypot(offsets[..., 0], offsets[..., 1]) / _NEAR_M)[:, :, None].astype(np.float32)
    stories = [_story(summed, ends, lags, start, stop) for start, stop in _stories(wind, ends, lags)]
    each = [_fit(story, smell, usual, _NEAR_VAR * near) for story in stories]
    return np.asarray(np.logaddexp.reduce(np.array(each), axis=0) - np.log(len(each)), np.float64)


def _stories(wind: Wind, ends: NDArray[np.intp], lags: int) -> list[tuple[int, int | None]]:
    """(step at which it begins, step at which it ends) of every story."""
    per_min = 60e6 / wind.grid.step_us
    starts = [int(ends[-1]) - round(start * per_min) for start in _STARTS_MIN]
    return [
        (start, None if length is None else start + round(length * per_min))
        for start in starts
        for length in _WHILES_MIN
        if start > int(ends[0]) - lags and (length is None or start + length * per_min < ends[-1])
    ]


def _story(summed: Single, ends: NDArray[np.intp], lags: int, start: int, stop: int | None) -> Single:
    """``(places, receptors, blocks)`` for a unit rate between the two."""
    oldest = np.clip(ends - start, 0, lags)
    story = np.take_along_axis(summed, oldest[None, None, :, None], axis=3)[..., 0]
    if stop is not None:
        youngest = np.clip(ends - stop, 0, lags)
        story = story - np.take_along_axis(summed, youngest[None, None, :, None], axis=3)[..., 0]
    return np.asarray(np.maximum(story, 0.0), np.float32)


def _fit(story: Single, smell: Smell, usual: float, near_var: Single) -> Floats:
    """``(places,)``, averaged over rates; ``near_var``: ``(places, receptors, 1)``, variance for being near."""
    floor = (2.0 * smell.noise)[:, None].astype(np.float32)
    seen = np.log(smell.above.astype(np.float32) + floor)
    known = smell.known.astype(np.float32)
    most_seen = float(smell.above.max())
    most = story.max(axis=(1, 2))
    rate0 = most_seen / np.maximum(most, 1e-30)
    # ln(rate0 / (most_seen / usual)): how far from the usual a rate is that explains the most; also of nothing seen.
    away = np.log(usual) - np.log(np.maximum(most, 1e-30))
    temper = smell.grid.step_us / (_TOGETHER_MIN * 60e6)
    edge = np.log(np.maximum(most, 1e-30))[:, None, None] - np.log(np.maximum(story, 1e-30))
    plume_var = (_AXIS_VAR + _EDGE_VAR * np.minimum(edge, _EDGE_MOST) + near_var).astype(np.float32)
    alone = _alone(seen, floor, known, temper)
    found = []
    for log_rate in _RATES:
        due = story * (rate0 * np.exp(log_rate))[:, None, None].astype(np.float32)
        due += floor
        wide2 = _NOISE_VAR + plume_var * (1.0 - floor / due) ** 2
        off2 = (seen - np.log(due)) ** 2 / (wide2 * _FREEDOM)
        # The logarithm of Student's density, its two logarithms in one; squares, for powers are slow.
        tail = (1.0 + off2) ** 2
        each = np.log(wide2 * tail * tail) * known
        fits = -0.5 * temper * each.sum(axis=2, dtype=np.float64)
        # The rise that is traced must be explained; of the others now and then one goes its own way.
        fits[:, 1:] = np.logaddexp(fits[:, 1:] + _LOG_FITS, alone[1:] + _LOG_STRAYS)
        found.append(fits.sum(axis=1) - 0.5 * ((away + log_rate) / _USUAL_SD) ** 2)
    return np.asarray(np.logaddexp.reduce(np.array(found), axis=0), np.float64)


def _alone(seen: Single, floor: Single, known: Single, temper: float) -> Floats:
    """``(receptors,)``: of each receptor's readings where nothing is known of what is due."""
    share = 1.0 - floor / np.exp(seen)
    return np.asarray(-0.5 * temper * (np.log(_NOISE_VAR + _STRAY_VAR * share**2) * known).sum(axis=1), np.float64)
