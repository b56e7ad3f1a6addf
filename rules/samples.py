"""What was stepped since the last advance, put into the order in which it is evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from park.batch import SampleBatch
from park.quality import Quality, quality_class
from rules.arrays import Bools, Bytes, Floats, Ints, Rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """The samples of one advance that count: none late, no two of one tag with the same time. Columns of one length.

    Where ``single`` is False they are sorted by (tag, time); where it is True each tag occurs at most once and the
    order is that of arrival.
    """

    tag: Rows
    time_us: Ints
    value: Floats
    #: The whole quality byte, for people.
    quality: Bytes
    #: `Quality` of each for the rules; what is not a number is bad whatever it says of itself.
    grade: Bytes
    single: bool
    #: True where every sample is good: most batches, and much cheaper.
    all_good: bool
    #: ``(k, n)``: what a derived value was made of, for people. None for what instruments measured.
    extra: Floats | None = None

    def __len__(self) -> int:
        return len(self.tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How many samples did not count, and why."""

    #: Older than the newest sample of its tag.
    late: int = 0
    #: The same time as another sample of its tag.
    duplicate: int = 0
    #: Of a tag that is not in the park.
    unknown: int = 0


@dataclass(slots=True)
class _Columns:
    #: As wide as numpy's own index: it would widen a narrower one anew at every look-up.
    tag: Rows
    time_us: Ints
    value: Floats
    quality: Bytes

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "_Columns":
        return _Columns(self.tag[rows], self.time_us[rows], self.value[rows], self.quality[rows])


def _joined(batches: Sequence[SampleBatch]) -> _Columns:
    if len(batches) == 1:
        first = batches[0]
        return _Columns(first.tag.astype(np.intp), first.time_us, first.value, first.quality)
    return _Columns(
        np.concatenate([batch.tag for batch in batches], dtype=np.intp),
        np.concatenate([batch.time_us for batch in batches]),
        np.concatenate([batch.value for batch in batches]),
        np.concatenate([batch.quality for batch in batches]),
    )


class Sorter:
    """Sorts, and throws out what does not count. Holds nothing but scratch space."""

    def __init__(self, in_use: Bools) -> None:
        self._in_use = in_use
        self._all_used = bool(in_use.all())
        self._place = np.zeros(len(in_use), dtype=np.int32)

    def sort(self, batches: Sequence[SampleBatch], newest_us: Ints) -> tuple[Samples | None, Refused]:
        """The samples that count, given the newest time known per tag; None where there are none."""
        columns = _joined(batches)
        arrived = len(columns.tag)
        columns = self._known(columns)
        unknown = arrived - len(columns.tag)
        if not len(columns.tag):
            return None, Refused(unknown=unknown)
        single = self._single(columns.tag)
        duplicate = 0
        if not single:
            columns, duplicate = _ordered(columns)
        newest = newest_us.take(columns.tag)
        fresh = columns.time_us > newest
        late = 0
        if not fresh.all():
            again = int(np.count_nonzero(columns.time_us == newest))
            late = len(fresh) - int(np.count_nonzero(fresh)) - again
            duplicate += again
            columns = columns.take(fresh)
        refused = Refused(late=late, duplicate=duplicate, unknown=unknown)
        return (_samples(columns, single) if len(columns.tag) else None), refused

    def _known(self, columns: _Columns) -> _Columns:
        tag = columns.tag
        if not len(tag):
            return columns
        if tag.min() < 0 or tag.max() >= len(self._in_use):
            columns = columns.take((tag >= 0) & (tag < len(self._in_use)))
        if not self._all_used:
            known = self._in_use.take(columns.tag)
            if not known.all():
                columns = columns.take(known)
        return columns

    def _single(self, tag: Rows) -> bool:
        if (tag[1:] > tag[:-1]).all():
            return True
        # Each row writes its number at its tag; where a tag occurs twice, one of the numbers is overwritten.
        numbers = np.arange(len(tag), dtype=np.int32)
        self._place[tag] = numbers
        return bool((self._place.take(tag) == numbers).all())


def _ordered(columns: _Columns) -> tuple[_Columns, int]:
    """Sorted by (tag, time); of equals the first to arrive stays. And how many went."""
    columns = columns.take(np.lexsort((columns.time_us, columns.tag)))
    first = np.ones(len(columns.tag), dtype=np.bool_)
    first[1:] = (columns.tag[1:] != columns.tag[:-1]) | (columns.time_us[1:] != columns.time_us[:-1])
    if first.all():
        return columns, 0
    return columns.take(first), int(len(first) - np.count_nonzero(first))


def _samples(columns: _Columns, single: bool) -> Samples:
    grade = quality_class(columns.quality)
    finite = np.isfinite(columns.value)
    if not finite.all():
        grade = np.where(finite, grade, np.uint8(Quality.BAD))
    return Samples(
        tag=columns.tag,
        time_us=columns.time_us,
        value=columns.value,
        quality=columns.quality,
        grade=grade,
        single=single,
        all_good=not grade.any(),
    )
