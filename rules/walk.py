"""Plays the rows that matter, tag by tag in order, all tags of a round at once."""

from typing import Protocol

import numpy as np

from rules.arrays import Bools, Rows
from rules.samples import Samples

_FIRST_LOOK = 4
#: After so many rounds no more than so many tags are played one by one: a round costs the same for one as for hundreds.
ROUNDS = 8
FEW = 16


class Player(Protocol):
    """What is walked over the samples."""

    def quiet(self, samples: Samples, rows: Rows) -> Bools:
        """True for rows that change nothing as things stand."""

    def play_rows(self, samples: Samples, rows: Rows, before: Rows) -> None:
        """Evaluate these rows, each of another tag, and be ready for `quiet` under the new state.

        ``before`` gives for each row the one before it if that was passed over as quiet; -1 where the row is the first
        of its tag or the one before it was played.
        """

    def play_alone(self, samples: Samples, row: int, end: int, before: int) -> None:
        """Do all that for one tag: evaluate its rows from ``row``, which is not quiet, up to ``end``."""


def walk(player: Player, samples: Samples, busy: Rows) -> None:
    """Play all that changes something. ``busy`` are the rows that are not quiet before any has been played."""
    if samples.single:
        player.play_rows(samples, busy, np.full(len(busy), -1, dtype=np.intp))
        return
    tag = samples.tag
    mine = tag[busy]
    first = np.ones(len(busy), dtype=np.bool_)
    first[1:] = mine[1:] != mine[:-1]
    row = busy[first]
    end = np.searchsorted(tag, tag[row], side="right")
    before = row - 1
    before[(row == 0) | (tag[before] != tag[row])] = -1
    rounds = 0
    while len(row):
        rounds += 1
        if rounds > ROUNDS and len(row) <= FEW:
            for one in zip(row.tolist(), end.tolist(), before.tolist(), strict=True):
                player.play_alone(samples, *one)
            return
        player.play_rows(samples, row, before)
        found = _next_busy(player, samples, row + 1, end)
        more = found < end
        before = np.where(found[more] > row[more] + 1, found[more] - 1, -1)
        row, end = found[more], end[more]


def _next_busy(player: Player, samples: Samples, start: Rows, end: Rows) -> Rows:
    """The first row from ``start`` that is not quiet, for each tag; ``end`` where there is none. Looks ever further."""
    found = end.copy()
    at = start.copy()
    open_ = np.flatnonzero(at < end)
    width = _FIRST_LOOK
    while len(open_):
        length = np.minimum(end[open_] - at[open_], width)
        offset = np.cumsum(length) - length
        rows = np.arange(length.sum()) + np.repeat(at[open_] - offset, length)
        candidate = np.where(player.quiet(samples, rows), len(samples), rows)
        first = np.minimum.reduceat(candidate, offset)
        hit = first < len(samples)
        found[open_[hit]] = first[hit]
        at[open_] += length
        open_ = open_[~hit & (at[open_] < end[open_])]
        width *= 2
    return found
