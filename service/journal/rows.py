"""What one journal row means: everything that was taken in within one tick, and the clock at that moment."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from connectors.base import Gap
from park.batch import DeadLetter, SampleBatch
from service.alerts.asked import Command, EndContext, OpenContext, Raise
from service.rules.versions import RulesChange
from service.store.notes import Note
from service.store.raw import FrameBlock


class Extras(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a tick brought besides samples."""

    letters: tuple[DeadLetter, ...] = ()
    #: What people and the service itself ask of the alert book, in order.
    commands: tuple[Command | Raise | OpenContext | EndContext, ...] = ()
    gaps: tuple[Gap, ...] = ()
    #: The service was started at this row's time: absence before it is our own.
    start: bool = False
    #: Changes of the rules: in force from the next row on.
    rules: tuple[RulesChange, ...] = ()
    #: Means that loggers report: `park.periods.PeriodBatch.to_bytes`; empty: none.
    periods: bytes = b""
    #: The telegrams that the samples and periods were read from.
    frames: tuple[FrameBlock, ...] = ()
    #: What was done, and by whom.
    notes: tuple[Note, ...] = ()

    def __bool__(self) -> bool:
        asked = self.letters or self.commands or self.gaps or self.start or self.rules
        return bool(asked or self.periods or self.frames or self.notes)


NO_EXTRAS = Extras()
_decode_extras = msgspec.msgpack.Decoder(Extras).decode
encode_extras = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Processing it is: ``step(batch)``, ``advance(received_us)``, then the commands, then the changes of the rules."""

    #: 1, 2, 3, ... without a hole; never reused.
    position: int
    #: The service's clock when the row was written; rising, but where the clock was put back. Epoch microseconds, UTC.
    received_us: int
    #: None: the row only carries the time.
    batch: SampleBatch | None
    extras: Extras


def decode(position: int, received_us: int, samples: bytes | None, extras: bytes | None) -> Row:
    """A row as it stands on disk."""
    return Row(
        position=position,
        received_us=received_us,
        batch=SampleBatch.from_bytes(samples) if samples is not None else None,
        extras=_decode_extras(extras) if extras is not None else NO_EXTRAS,
    )


_Storable = TypeVar(
    "_Storable", bound=DeadLetter | Gap | Command | OpenContext | EndContext | RulesChange | Note | Raise
)


def storable(one: _Storable) -> _Storable:
    """The same, with ``?`` for what is not Unicode in its text (lone surrogates), which no row can hold."""
    try:
        encode_extras(one)
    except UnicodeEncodeError:
        fields: dict[str, Any] = {name: _unicode(getattr(one, name)) for name in type(one).__annotations__}
        return type(one)(**fields)
    return one


def _unicode(value: object) -> object:
    return value.encode(errors="replace").decode() if type(value) is str else value
