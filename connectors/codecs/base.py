"""What a codec is: payload in, rows and refusals out, whatever carried the payload."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from connectors.base import RawFrame
from connectors.codecs.names import Names
from park.batch import SampleBatch
from park.periods import SCHEMA as PERIOD_SCHEMA
from park.periods import PeriodBatch


class Refusal(NamedTuple):
    """Why rows of a payload, or all of it, were not taken."""

    #: The short fixed word of `park.batch.DeadLetter`.
    reason: str
    #: A sentence for a person: the field, the value, the fix.
    detail: str


@dataclass(slots=True)
class Heard:
    """What was heard of one device."""

    protocol: str = ""
    messages: int = 0
    samples: int = 0
    #: What was not as its protocol has it and was taken all the same: what -> how often.
    deviations: dict[str, int] = field(default_factory=dict)

    def deviate(self, words: Iterable[str]) -> None:
        """Count what was tolerated."""
        for word in words:
            self.deviations[word] = self.deviations.get(word, 0) + 1


#: tag, length_s, start_us, avg, min, max, cou, zs_avg, zs_min, zs_max, flag, asked
PeriodRow = tuple[int, int, int, float, float, float, float, float, float, float, int, bool]


class Rows:
    """Samples as they are decoded, payload after payload, in the order in which they came."""

    __slots__ = ("_blocks", "_in_blocks", "frames", "heard", "periods", "quality", "tag", "time_us", "value")

    def __init__(self) -> None:
        #: Append to all four, or to none: single samples.
        self.tag: list[int] = []
        self.time_us: list[int] = []
        self.value: list[float] = []
        self.quality: list[int] = []
        #: Means that a logger reports: the columns of a `park.periods.PeriodBatch`, in that order.
        self.periods: list[PeriodRow] = []
        #: Telegrams as they came, where the protocol's are kept.
        self.frames: list[RawFrame] = []
        #: (enterprise, device) -> what was heard of it, where a protocol has devices behind the link.
        self.heard: dict[tuple[str, str], Heard] = {}
        self._blocks: list[tuple[NDArray[np.generic], ...]] = []
        self._in_blocks = 0

    def __len__(self) -> int:
        return self._in_blocks + len(self.tag)

    def add(self, tag: int, time_us: int, value: float, quality: int) -> None:
        """One sample."""
        self.tag.append(tag)
        self.time_us.append(time_us)
        self.value.append(value)
        self.quality.append(quality)

    def extend(self, tag: ArrayLike, time_us: ArrayLike, value: ArrayLike, quality: ArrayLike) -> None:
        """Columns; a scalar stands for a column of itself. At least one is a column."""
        self._close_block()
        columns = (
            np.asarray(tag, np.int32),
            np.asarray(time_us, np.int64),
            np.asarray(value, np.float64),
            np.asarray(quality, np.uint8),
        )
        shape = np.broadcast_shapes(*(column.shape for column in columns))
        self._blocks.append(tuple(np.broadcast_to(column, shape) for column in columns))
        self._in_blocks += shape[0]

    def batch(self, *, received_us: int, origin: str) -> SampleBatch:
        """All rows so far."""
        self._close_block()
        if len(self._blocks) == 1:
            columns = self._blocks[0]
        elif self._blocks:
            columns = tuple(np.concatenate(column) for column in zip(*self._blocks, strict=True))
        else:
            columns = (np.empty(0),) * 4
        tag, time_us, value, quality = columns
        return SampleBatch(
            tag=tag,  # type: ignore[arg-type]  # anything array-like is accepted
            time_us=time_us,  # type: ignore[arg-type]
            value=value,  # type: ignore[arg-type]
            quality=quality,  # type: ignore[arg-type]
            received_us=received_us,
            origin=origin,
        )

    def period_batch(self) -> PeriodBatch | None:
        """All reported means so far; None where there are none."""
        if not self.periods:
            return None
        columns = zip(*self.periods, strict=True)
        return PeriodBatch(
            **{field.name: np.array(column) for field, column in zip(PERIOD_SCHEMA, columns, strict=True)}
        )

    def note_heard(self, enterprise: str, device: str, protocol: str) -> "Heard":
        """A device has sent a telegram, which is counted."""
        heard = self.heard.get((enterprise, device))
        if heard is None:
            heard = self.heard[enterprise, device] = Heard()
        heard.protocol = protocol
        heard.messages += 1
        return heard

    def _close_block(self) -> None:
        if not self.tag:
            return
        self._blocks.append(
            (
                np.array(self.tag, np.int32),
                np.array(self.time_us, np.int64),
                np.array(self.value, np.float64),
                np.array(self.quality, np.uint8),
            )
        )
        self._in_blocks += len(self.tag)
        self.tag, self.time_us, self.value, self.quality = [], [], [], []


class Codec(Protocol):
    """Turns payloads into rows. One codec serves one connector, so it may remember what a device announced."""

    def decode(self, payload: bytes, address: str, names: Names, rows: Rows) -> Sequence[Refusal]:
        """Append the good rows of ``payload`` to ``rows``; say why the others were not taken, one refusal a reason.

        ``address`` is the topic, or the peer. ``names`` holds the tags that the sender may name. Raises nothing,
        whatever the payload holds: a payload without good rows has at least one refusal.
        """
