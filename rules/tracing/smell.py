"""What the receptors showed, as means over blocks above their background; when each began to rise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.arrays import Bools, Floats
from rules.tracing.case import Receptor, Smelt
from rules.tracing.grid import Grid

#: A rise is so many times the noise above the background.
_RISE = 5.0
#: Of the blocks' means: what is there when nothing comes.
_BACKGROUND_PCT = 25.0
#: With fewer receptors than this, nothing can be said of what they share.
_FEWEST_SHARE = 6
#: The background itself wanders by this share.
_WANDER = 0.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Smell:
    """Of all receptors of a case, ``(receptors, blocks)`` and ``(receptors,)``."""

    grid: Grid
    #: Above the background, not below 0; 0 where not known.
    above: Floats
    known: Bools
    background: Floats
    #: What cannot be told from nothing.
    noise: Floats


def smell_of(grid: Grid, receptors: Sequence[Receptor]) -> Smell:
    """Receptors without a sample in the span stay, with nothing known."""
    means = np.array([grid.means(one.time_us, one.value) for one in receptors]).reshape(len(receptors), grid.n)
    known = np.isfinite(means)
    means = means - _shared(means)
    background, noise = np.zeros(len(receptors)), np.ones(len(receptors))
    for place, one in enumerate(receptors):
        blocks = means[place][known[place]]
        if len(blocks):
            background[place] = np.percentile(blocks, _BACKGROUND_PCT)
            noise[place] = _noise(blocks, float(background[place]), one.detection_limit)
    above = np.where(known, np.maximum(means - background[:, None], 0.0), 0.0)
    return Smell(grid=grid, above=above, known=known, background=background, noise=noise)


def _shared(means: Floats) -> Floats:
    """``(blocks,)``: by how much most receptors together were above their usual: air that came from afar, or the hour.

    Where few receptors have data nothing is known of it.
    """
    if not means.size or np.isfinite(means).any(axis=1).sum() < _FEWEST_SHARE:
        return np.zeros(means.shape[1])
    have = means[np.isfinite(means).any(axis=1)]
    usual = np.nanpercentile(have, _BACKGROUND_PCT, axis=1)
    over = np.where(np.isfinite(have), have - usual[:, None], 0.0)
    return np.asarray(np.median(over, axis=0), np.float64)


def _noise(blocks: Floats, background: float, detection_limit: float) -> float:
    """Standard deviation of what is there when nothing comes; from the quieter part, lest a plume pass for noise."""
    steps = np.abs(np.diff(blocks))
    jitter = float(np.percentile(steps, 25.0)) / 0.4506 if len(steps) else 0.0
    low, middle = np.percentile(blocks, (5.0, _BACKGROUND_PCT))
    wander = float(middle - low) / 0.9704
    return max(jitter, wander, abs(background) * _WANDER, detection_limit / 2.0, float(np.ptp(blocks)) * 1e-3, 1e-12)


def rising(smell: Smell) -> Bools:
    """``(receptors, blocks)``: clearly above the background."""
    return np.asarray(smell.known & (smell.above > _RISE * smell.noise[:, None]), np.bool_)


def onset_block(smell: Smell, place: int, at_us: int) -> int | None:
    """Where the rise began that a receptor had at ``at_us`` (or next to it); None where it had none."""
    up = rising(smell)[place]
    grid = smell.grid
    at = int(np.clip((at_us - grid.begin_us) // grid.step_us, 0, grid.n - 1))
    near = [block for block in np.flatnonzero(up) if at - 8 <= block <= at + 6]
    if not near:
        return None
    block = int(min(near, key=lambda one: abs(one - at)))
    while block > 0 and (up[block - 1] or (block > 1 and up[block - 2])):
        block -= 1 if up[block - 1] else 2
    return block


def onset_us(smell: Smell, place: int, block: int, receptor: Receptor) -> int:
    """When the rise began that is in a block, to the sample: the first that is clearly above it, or just before it."""
    grid = smell.grid
    begin_us = grid.begin_us + block * grid.step_us
    level = smell.background[place] + _RISE * smell.noise[place]
    near = (receptor.time_us >= begin_us - grid.step_us) & (receptor.time_us < begin_us + grid.step_us)
    up = receptor.time_us[near & (receptor.value > level)]
    return int(up[0]) if len(up) else begin_us


def told(smell: Smell, receptors: Sequence[Receptor]) -> list[Smelt]:
    """For the answer."""
    return [_told(smell, place, one) for place, one in enumerate(receptors)]


def _told(smell: Smell, place: int, one: Receptor) -> Smelt:
    if not smell.known[place].any():
        return Smelt(id=one.id, state="no_data", background=None, peak=None)
    up = np.flatnonzero(rising(smell)[place])
    background = float(smell.background[place])
    return Smelt(
        id=one.id,
        state="rose" if len(up) else "quiet",
        background=background,
        peak=background + float(smell.above[place].max()),
        onset_us=smell.grid.begin_us + int(up[0]) * smell.grid.step_us if len(up) else None,
    )
