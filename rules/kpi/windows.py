"""Alarms in windows of time: how many in each period, floods, chattering. Sorted columns of times in, numbers out.

A sliding window of length ``w`` at time ``t`` is ``(t - w, t]``: an alarm leaves it ``w`` after it was raised.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """More alarms than anybody can follow."""

    #: The instant at which the window held more than the limit.
    begin_us: int
    #: The instant at which it held fewer than the end. None: it has not ended within the span.
    end_us: int | None
    #: Alarms from the window in which it began until its end; each belongs to one flood.
    count: int
    #: The most that the window held.
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """One alarm that came again and again."""

    begin_us: int
    end_us: int
    count: int


def counts_in_periods(raised_us: Ints, from_us: int, to_us: int, period_us: int, offset_us: int = 0) -> Ints:
    """Alarms in each period that ``[from_us, to_us)`` touches; periods begin at multiples of their length - offset."""
    first = (from_us + offset_us) // period_us
    last = (to_us - 1 + offset_us) // period_us
    return np.bincount((raised_us + offset_us) // period_us - first, minlength=last - first + 1).astype(np.int64)


def in_window(raised_us: Ints, window_us: int) -> Ints:
    """How many alarms the window holds at each alarm, those of the same instant included."""
    until = np.searchsorted(raised_us, raised_us, side="right")
    since = np.searchsorted(raised_us, raised_us - window_us, side="right")
    return until - since


def floods(raised_us: Ints, to_us: int, *, window_us: int, more_than: int, fewer_than: int) -> list[Flood]:
    """Begin where the window holds more than ``more_than``, end where it holds fewer than ``fewer_than`` (<= that)."""
    held = in_window(raised_us, window_us)
    over = np.flatnonzero(held > more_than)
    found: list[Flood] = []
    if not len(over):
        return found
    ends = _unbroken(raised_us, window_us, fewer_than)
    free = 0
    run = np.searchsorted(ends, over, side="left")
    for which in np.unique(run):
        begin = int(over[np.searchsorted(run, which)])
        last = int(ends[which])
        since = int(np.searchsorted(raised_us, raised_us[begin] - window_us, side="right"))
        end_us = int(raised_us[last - fewer_than + 1]) + window_us
        found.append(
            Flood(
                begin_us=int(raised_us[begin]),
                end_us=end_us if end_us < to_us else None,
                count=last + 1 - max(free, since),
                peak=int(held[begin : last + 1].max()),
            )
        )
        free = last + 1
    return found


def _unbroken(raised_us: Ints, window_us: int, fewer_than: int) -> Ints:
    """The last index of each of the runs within which the window never falls below ``fewer_than``."""
    n = len(raised_us)
    broken = np.ones(n, dtype=np.bool_)
    k = fewer_than - 1
    # After alarm i the window falls below the number when alarm i - k leaves it; it breaks if none came until then.
    broken[k : n - 1] = raised_us[k + 1 :] > raised_us[: n - 1 - k] + window_us
    broken[:-1] &= raised_us[1:] > raised_us[:-1]
    return np.flatnonzero(broken)


def bursts(raised_us: Ints, *, window_us: int, at_least: int) -> list[Burst]:
    """Runs of one alarm: every member shares a window with ``at_least - 1`` others of the run."""
    lead = np.flatnonzero(raised_us[at_least - 1 :] - raised_us[: len(raised_us) - at_least + 1] < window_us)
    found: list[Burst] = []
    if not len(lead):
        return found
    # Each lead spans [lead, lead + at_least - 1]; spans that share an alarm are one burst.
    splits = np.flatnonzero(np.diff(lead) >= at_least)
    for first, last in zip(np.concatenate(([0], splits + 1)), np.concatenate((splits, [len(lead) - 1])), strict=True):
        begin, end = int(lead[first]), int(lead[last]) + at_least - 1
        found.append(Burst(begin_us=int(raised_us[begin]), end_us=int(raised_us[end]), count=end - begin + 1))
    return found
