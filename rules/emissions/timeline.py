"""The gap timeline of a tag: from when to when its data was good, bad, late, refilled, missing, marked or stopped."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Bools, Bytes, Ints
from rules.emissions import flags
from rules.emissions.flags import Flag
from rules.emissions.groups import keys
from rules.emissions.minutes import Minutes
from rules.emissions.periods import MINUTE_US
from rules.emissions.validity import Validity


class State(IntEnum):
    """Of a minute. Where several would do, the one further down the list of `states` holds."""

    MISSING = 0
    GOOD = 1
    #: It came after its time, by itself.
    LATE = 2
    #: It came because we asked for it.
    REFILLED = 3
    #: It would be judged but for a mark.
    MARKED = 4
    BAD = 5
    STOPPED = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Columns ``(m,)``, sorted by (tag, begin); the segments of a tag fill the span without a gap."""

    tag: NDArray[np.int32]
    #: ``[begin, end)``, epoch microseconds, UTC.
    begin_us: Ints
    end_us: Ints
    #: See `State`.
    state: Bytes
    #: A mark covers it; also of what is bad or stopped. What is missing is never marked here.
    marked: Bools

    def __len__(self) -> int:
        return len(self.tag)


def states(minutes: Minutes, validity: Validity, marked: Bools | None = None) -> Bytes:
    """The `State` of each minute."""
    valid = flags.is_in(minutes.flag, validity.valid_flags) & np.isfinite(minutes.value)
    state = np.full(len(minutes), State.GOOD, np.uint8)
    state[minutes.late] = State.LATE
    state[minutes.refilled] = State.REFILLED
    if marked is not None:
        state[marked] = State.MARKED
    state[~valid] = State.BAD
    state[minutes.flag == Flag.F] = State.STOPPED
    state[minutes.flag == Flag.MISSING] = State.MISSING
    return state


def timeline(
    minutes: Minutes,
    tags: NDArray[np.int32],
    from_us: int,
    to_us: int,
    validity: Validity,
    marked: Bools | None = None,
) -> Segments:
    """Of each of the tags (once each) over ``[from_us, to_us)``, whole minutes. Minutes outside are not looked at.

    Raises ValueError where the span is not of whole minutes or empty.
    """
    if from_us % MINUTE_US or to_us % MINUTE_US or from_us >= to_us:
        raise ValueError(f"[{from_us}, {to_us}) must be whole minutes, at least one")
    tags = np.unique(tags).astype(np.int32)
    state, mark = states(minutes, validity, marked), np.zeros(len(minutes), np.bool_) if marked is None else marked
    there = (minutes.minute_us >= from_us) & (minutes.minute_us < to_us) & np.isin(minutes.tag, tags)
    there &= state != State.MISSING
    tag, minute_us, state, mark = minutes.tag[there], minutes.minute_us[there], state[there], mark[there]

    change = np.ones(len(tag), np.bool_)
    change[1:] = (np.diff(keys(tag, minute_us)) != 1) | (np.diff(state) != 0) | (np.diff(mark) != 0)
    first = np.flatnonzero(change)
    last = np.append(first[1:], len(tag)) - 1 if len(first) else first
    known = (tag[first], minute_us[first], minute_us[last] + MINUTE_US, state[first], mark[first])
    gaps = _gaps(known[0], known[1], known[2], tags, from_us, to_us)
    columns = [np.concatenate([one, other]) for one, other in zip(known, gaps, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    tag, begin_us, end_us, state, mark = (column[order] for column in columns)
    return Segments(tag=tag.astype(np.int32), begin_us=begin_us, end_us=end_us, state=state, marked=mark)


def _gaps(
    tag: NDArray[np.int32], begin_us: Ints, end_us: Ints, tags: NDArray[np.int32], from_us: int, to_us: int
) -> tuple[NDArray[np.int32], Ints, Ints, Bytes, Bools]:
    """What lies between the segments of each tag, before the first and after the last."""
    # A segment of no length at both ends of the span makes all gaps alike.
    tag = np.concatenate([tags, tag, tags])
    begin_us = np.concatenate([np.full(len(tags), from_us), begin_us, np.full(len(tags), to_us)])
    end_us = np.concatenate([np.full(len(tags), from_us), end_us, np.full(len(tags), to_us)])
    order = np.lexsort((end_us, begin_us, tag))
    tag, begin_us, end_us = tag[order], begin_us[order], end_us[order]
    open_ = np.flatnonzero((tag[1:] == tag[:-1]) & (begin_us[1:] > end_us[:-1]))
    return (
        tag[open_],
        end_us[open_],
        begin_us[open_ + 1],
        np.full(len(open_), State.MISSING, np.uint8),
        np.zeros(len(open_), np.bool_),
    )
