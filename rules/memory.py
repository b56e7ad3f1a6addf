"""What is known of every tag: its newest sample, and the newest whose value may be used."""

from dataclasses import dataclass

import numpy as np

from park.index import TagTable
from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints
from rules.samples import Samples


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Latest:
    """The newest sample of every tag by source time, whatever its quality. Columns by tag index; copies."""

    #: Epoch microseconds; `NEVER` where there has been none.
    time_us: Ints
    value: Floats
    #: See `park.quality`.
    quality: Bytes
    #: Of the newest sample whose value may be used (good or uncertain); what a tag's staleness is counted from.
    used_us: Ints


class Memory:
    """Columns by tag index, ``(size,)``. Kinds read them; only the engine writes."""

    #: ``(0, size)``: a measured value is made of nothing.
    extra: Floats

    def __init__(self, tags: TagTable) -> None:
        self.extra = np.empty((0, tags.size))
        #: Newest sample of any quality: what is not newer than this is late.
        self.time_us: Ints = np.full(tags.size, NEVER, dtype=np.int64)
        self.value: Floats = np.full(tags.size, np.nan)
        self.quality: Bytes = np.full(tags.size, Quality.BAD, dtype=np.uint8)
        #: The `Quality` of the newest sample.
        self.grade: Bytes = np.full(tags.size, Quality.BAD, dtype=np.uint8)
        #: Newest sample that was good or uncertain, and the newest that was good.
        self.used_us: Ints = np.full(tags.size, NEVER, dtype=np.int64)
        self.used_value: Floats = np.full(tags.size, np.nan)
        self.good_us: Ints = np.full(tags.size, NEVER, dtype=np.int64)
        #: The park file's own timeout; `FAR` where the tag has none.
        self.timeout_us: Ints = np.full(tags.size, FAR, dtype=np.int64)
        for info in tags.infos:
            if info.tag.stale_after is not None:
                self.timeout_us[info.ix] = info.tag.stale_after

    def learn(self, samples: Samples) -> None:
        """Take in the samples of one advance. Of several of a tag the last row stays, which is the newest."""
        tag = samples.tag
        self.time_us[tag] = samples.time_us
        self.value[tag] = samples.value
        self.quality[tag] = samples.quality
        self.grade[tag] = samples.grade
        used = good = slice(None)
        if not samples.all_good:
            used = np.flatnonzero(samples.grade <= Quality.UNCERTAIN)  # type: ignore[assignment]
            good = np.flatnonzero(samples.grade == Quality.GOOD)  # type: ignore[assignment]
        self.used_us[tag[used]] = samples.time_us[used]
        self.used_value[tag[used]] = samples.value[used]
        self.good_us[tag[good]] = samples.time_us[good]

    def stale(self, now_us: int) -> Bools:
        """True where the newest usable value is older than the tag's timeout, or there has never been one."""
        return (now_us - self.used_us > self.timeout_us) & (self.timeout_us < FAR)

    def latest(self) -> Latest:
        """A copy, so that what the caller holds does not move under it."""
        return Latest(
            time_us=self.time_us.copy(),
            value=self.value.copy(),
            quality=self.quality.copy(),
            used_us=self.used_us.copy(),
        )

    def save(self, ix: Ints) -> Columns:
        """The columns of these tags."""
        return {name: getattr(self, name)[ix] for name in _SAVED}

    def load(self, columns: Columns, ix: Ints) -> None:
        """The inverse of `save`: the row ``i`` goes to tag ``ix[i]``, nowhere where that is -1."""
        for name in _SAVED:
            getattr(self, name)[ix[ix >= 0]] = columns[name][ix >= 0]


_SAVED = ("time_us", "value", "quality", "grade", "used_us", "used_value", "good_us")
