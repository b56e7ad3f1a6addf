"""Parts what the server sent into samples and dead letters. Nothing is guessed and nothing is thrown away uncounted.

A good or uncertain status with a finite number is a sample. A bad status is a sample without a value (NaN), whatever
stood in the value: OPC UA says it means nothing. Everything else, text or arrays, infinities, no value at all, no time
at all, is a dead letter with the bytes as they came; a tag that sends such things ten times a second gets one letter a
minute for each reason, and `Health.dead_letters` counts them all. A server that says that it has no value yet (it has
just started) has sent nothing at all: neither a sample nor a dead letter, and ``counts["waiting"]`` tells how often.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.decode import Kind, Values, type_name
from park.batch import DeadLetter, SampleBatch, empty_batch
from park.index import TagInfo
from park.quality import from_opcua_status

#: 1601 to 1970, in 100 ns.
EPOCH = 116_444_736_000_000_000
_DAY_US = 86_400_000_000
_BAD = 2
_OVERFLOW = 0x0480
_WAITING_FOR_INITIAL_DATA = np.uint32(0x80320000)
_CODE = np.uint32(0xFFFF0000)

_DETAIL = {
    "not_a_number": "{value} is not a measurement; the source should send a finite number or a bad status",
    "wrong_type": "a {type} cannot be a sample; subscribe to a Boolean, integer or floating-point node",
    "array": "an array of {type} cannot be a sample; subscribe to one element's own node",
    "no_value": "the status says {status:#010x}, yet there is no value",
    "no_timestamp": "neither a source nor a server timestamp, so nobody can tell when it was measured",
}


@dataclass(frozen=True, slots=True)
class Sifted:
    """What became of some values."""

    batch: SampleBatch
    letters: list[DeadLetter]
    #: All that are no samples, those without a letter included.
    dead: int
    #: Rows of `batch` -> slots of the connector.
    slots: NDArray[np.intp]
    #: Slots whose status says that the node itself is gone.
    gone: list[int]


#: BadNodeIdUnknown, BadNodeIdInvalid, BadAttributeIdInvalid: the item will not come back by itself.
_GONE = np.array([0x80340000, 0x80330000, 0x80350000], np.uint32)


class Sifter:
    """Of one connector: a slot is the position of a tag in ``tags`` and the client handle of its item."""

    def __init__(self, tags: Sequence[TagInfo], *, origin: str, endpoint: str, letter_every_us: int) -> None:
        self._tags = tags
        self._ix = np.array([info.ix for info in tags], np.int32)
        self._origin, self._endpoint, self._letter_every_us = origin, endpoint, letter_every_us
        self._lettered: dict[tuple[int, str], tuple[int, int]] = {}
        self._quality: dict[int, int] = {0: from_opcua_status(0)}
        #: Greatest source time the journal has, by slot; 0: none yet.
        self.last_us = np.zeros(len(tags), np.int64)
        #: What is odd but no error: ``server_time`` (no source time), ``overflow`` (the server's queue was too short),
        #: ``waiting`` (the server has no value yet).
        self.counts: Counter[str] = Counter()

    def sift(self, values: Values, slots: NDArray[np.intp], received_us: int) -> Sifted:
        """``slots`` names the tag of each value."""
        bad = values.status >> 30 >= _BAD
        filetime = np.where(values.source > 0, values.source, values.server)
        reason = _reasons(values, bad, filetime)
        waiting = (values.status & _CODE == _WAITING_FOR_INITIAL_DATA) & (filetime <= 0)
        self.counts["waiting"] += int(waiting.sum())
        kept = np.flatnonzero(reason == 0)
        rejected = np.flatnonzero((reason != 0) & ~waiting)
        self._count(values, kept, filetime)
        batch = SampleBatch(
            tag=self._ix[slots[kept]],
            time_us=(filetime[kept] - EPOCH) // 10,
            value=np.where(bad[kept], np.nan, values.value[kept]),
            quality=self._qualities(values.status[kept]),
            received_us=received_us,
            origin=self._origin,
        )
        letters = [
            letter
            for row in rejected
            if (letter := self._letter(values, int(row), int(slots[row]), _REASONS[reason[row]], received_us))
        ]
        gone = slots[np.isin(values.status & _CODE, _GONE)] if bad.any() else slots[:0]
        return Sifted(batch, letters, len(rejected), slots[kept], [int(slot) for slot in np.unique(gone)])

    def commit(self, sifted: Sifted) -> bool:
        """The journal has it. True where any tag has something newer than before: a sign of life."""
        time_us = sifted.batch.time_us
        # A clock gone mad must not make everything after it look old.
        sane = time_us <= sifted.batch.received_us + _DAY_US
        slots, time_us = sifted.slots[sane], time_us[sane]
        fresh = bool((time_us > self.last_us[slots]).any())
        np.maximum.at(self.last_us, slots, time_us)
        return fresh

    def _count(self, values: Values, kept: NDArray[np.intp], filetime: NDArray[np.int64]) -> None:
        self.counts["server_time"] += int(((values.source <= 0) & (filetime > 0)).sum())
        if values.status.any():
            self.counts["overflow"] += int((values.status[kept] & _OVERFLOW == _OVERFLOW).sum())

    def _qualities(self, status: NDArray[np.uint32]) -> NDArray[np.uint8]:
        if not status.any():
            return np.full(len(status), self._quality[0], np.uint8)
        codes, inverse = np.unique(status, return_inverse=True)
        for code in codes:
            if int(code) not in self._quality:
                self._quality[int(code)] = from_opcua_status(int(code))
        return np.array([self._quality[int(code)] for code in codes], np.uint8)[inverse]

    def given_up(self, body: bytes, why: str, received_us: int) -> Sifted:
        """Nothing but a letter."""
        letter = self.undecodable(body, f"what we failed to take in: {why}", received_us)
        nothing = empty_batch(received_us=received_us, origin=self._origin)
        return Sifted(nothing, [letter] if letter else [], 1, np.zeros(0, np.intp), [])

    def undecodable(self, body: bytes, why: str, received_us: int) -> DeadLetter | None:
        """A letter for bytes that are no values; None where one like it was sent a moment ago."""
        untold = self._due((-1, "undecodable"), received_us)
        if untold is None:
            return None
        return DeadLetter(
            origin=self._origin,
            received_us=received_us,
            reason="undecodable",
            detail=f"the server sent {why}" + _and_more(untold),
            raw=body,
            address=self._endpoint,
        )

    def _letter(self, values: Values, row: int, slot: int, reason: str, received_us: int) -> DeadLetter | None:
        untold = self._due((slot, reason), received_us)
        if untold is None:
            return None
        info = self._tags[slot]
        detail = _DETAIL[reason].format(
            value=float(values.value[row]), type=type_name(int(values.type_[row])), status=int(values.status[row])
        )
        return DeadLetter(
            origin=self._origin,
            received_us=received_us,
            reason=reason,
            detail=f"{info.id}: {detail}" + _and_more(untold),
            raw=values.raw(row),
            address=f"{self._endpoint} {info.address}",
            enterprise=info.enterprise,
        )

    def _due(self, key: tuple[int, str], received_us: int) -> int | None:
        """How many went without a letter since the last one; None: this one does, too."""
        last_us, untold = self._lettered.get(key, (0, 0))
        if last_us and received_us - last_us < self._letter_every_us:
            self._lettered[key] = last_us, untold + 1
            return None
        self._lettered[key] = received_us, 0
        return untold


def _and_more(untold: int) -> str:
    return f" ({untold} more since the last letter)" if untold else ""


_REASONS = ("", "not_a_number", "wrong_type", "array", "no_value", "no_timestamp")


def _reasons(values: Values, bad: NDArray[np.bool_], filetime: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Index into ``_REASONS`` for each value, 0 where it is a sample."""
    reason = np.zeros(len(values), np.uint8)
    reason[filetime <= 0] = _REASONS.index("no_timestamp")
    usable = ~bad
    reason[usable & (values.kind == Kind.NUMBER) & ~np.isfinite(values.value)] = _REASONS.index("not_a_number")
    reason[usable & (values.kind == Kind.OTHER)] = _REASONS.index("wrong_type")
    reason[usable & (values.kind == Kind.ARRAY)] = _REASONS.index("array")
    reason[usable & (values.kind == Kind.NULL)] = _REASONS.index("no_value")
    return reason
