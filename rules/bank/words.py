"""What happened to alarms, first as columns, at the end of an advance as transitions with a sentence each."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isinf, isnan
from typing import Any

from park.duration import format_duration
from park.index import TagInfo
from rules.arrays import FAR, Bytes, Floats, Ints, Rows
from rules.bank.side import Side, SideName
from rules.bank.slots import Slots
from rules.standing import QUALITIES, SIDES, number_or_none
from rules.transition import Change, Transition, alert_id

#: By side, level and slot: ``H``, ``HH``, ...; empty where a slot has no such level.
Names = tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]

_BEYOND = ("above", "below")
_BACK = ("back below", "back above")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Happened:
    """One kind of change that happened to several alerts of one side. Columns by alert."""

    side: SideName
    change: Change
    slots: Rows
    effective_us: Ints
    onset_us: Ints
    #: 1 + level; after the change, or for CLEARED before it.
    level: Bytes
    value: Floats
    #: Of the level.
    limit: Floats
    peak: Floats
    #: Index into `QUALITIES`.
    quality: Bytes
    #: ``(k, alerts)``
    extra: Floats
    #: The limits were changed, and that is why.
    relimited: bool

    def rows(self) -> "Iterable[Told]":
        """Each alert by itself."""
        columns = (self.slots, self.level, self.onset_us, self.effective_us, self.value, self.limit, self.peak)
        rows = zip(*(column.tolist() for column in (*columns, self.quality)), strict=True)
        extras = self.extra.T.tolist() if len(self.extra) else [()] * len(self.slots)
        return (Told(row, extra) for row, extra in zip(rows, extras, strict=True))


class Told:
    """One alert of `Happened`; a class with slots, for in a flood most of the time is spent here."""

    __slots__ = ("effective_us", "extra", "level", "limit", "onset_us", "peak", "quality", "slot", "value")

    def __init__(self, row: tuple[Any, ...], extra: Sequence[float]) -> None:
        self.slot: int
        self.level: int
        self.onset_us: int
        self.effective_us: int
        self.value: float
        self.limit: float
        self.peak: float
        self.quality: int
        self.slot, self.level, self.onset_us, self.effective_us, self.value, self.limit, self.peak, self.quality = row
        self.extra = extra


class Words(ABC):
    """Writes the transitions of a bank."""

    #: How many numbers besides the value a derived sample carries for people.
    extras = 0

    def __init__(self, slots: Slots) -> None:
        self.slots = slots

    def transitions(self, happened: Happened, now_us: int) -> list[Transition]:
        """One transition an alert."""
        side_name = SIDES[happened.side] if self.slots.sided else ""
        rule_id, target = self.slots.rule_id, self.slots.target
        told = []
        for one in happened.rows():
            rule, name, quality = rule_id[one.slot], target[one.slot], one.quality
            why = self._why(happened.change, happened.side, one)
            told.append(
                Transition(
                    alert_id=alert_id(rule, name, side_name, one.onset_us),
                    change=happened.change,
                    rule=rule,
                    target=name,
                    side=side_name,
                    level=self.level_name(happened.side, one.level, one.slot),
                    onset_us=one.onset_us,
                    effective_us=one.effective_us,
                    detected_us=now_us,
                    value=number_or_none(self.value(one)),
                    limit=number_or_none(self.limit(one)),
                    peak=number_or_none(self.peak(one)),
                    quality=QUALITIES[quality],
                    unverified=quality != 0,
                    why=f"limits changed: {why}" if happened.relimited else why,
                )
            )
        return told

    def _why(self, change: Change, side: SideName, one: Told) -> str:
        if self.extras and all(isnan(number) for number in one.extra):
            # It was taken over without the engine's state (`rules.adopt`), and no signal has been known since.
            return self.marked("not known since the engine began anew, stands as it stood", one)
        return self.sentence(change, side, one)

    @abstractmethod
    def sentence(self, change: Change, side: SideName, one: Told) -> str:
        """Why it happened, in English, with numbers and units."""

    def level_name(self, side: SideName, level: int, slot: int) -> str:
        """``H``, ``HH``, ...; ``level`` counts from 1."""
        return ""

    def value(self, one: Told) -> float:
        """The value that decided."""
        return one.value

    def limit(self, one: Told) -> float:
        """What it was held against; NaN: nothing."""
        return one.limit

    def peak(self, one: Told) -> float:
        """The most extreme value since onset; NaN: there is no such thing."""
        return one.peak

    def reason(self, slot: int, quality: int) -> str:
        """Why the value is not known for sure."""
        timeout_us = int(self.slots.timeout_us[slot])
        if QUALITIES[quality] == "stale" and timeout_us < FAR:
            return f"no data for more than {format_duration(timeout_us)}"
        return f"data {QUALITIES[quality]}"

    def marked(self, sentence: str, one: Told) -> str:
        """The sentence, and where the value is not known for sure, that and why."""
        return sentence if one.quality == 0 else f"{sentence}; unverified, {self.reason(one.slot, one.quality)}"


class LevelWords(Words):
    """Of alarms with sides and levels."""

    def __init__(self, slots: Slots, sides: tuple[Side, Side], names: Names, infos: Sequence[TagInfo]) -> None:
        """``infos`` by slot: the tag whose quantity and unit the sentences speak of."""
        super().__init__(slots)
        self._sides = sides
        self._names = names
        self._infos = infos

    def level_name(self, side: SideName, level: int, slot: int) -> str:
        """See `Words`."""
        return self._names[side][level - 1][slot] if level <= 2 else ""

    def what(self, one: Told) -> str:
        """The value, named: ``level 95.2 %``."""
        tag = self._infos[one.slot].tag
        return f"{tag.quantity} {one.value:.6g} {tag.unit}".rstrip()

    def unit(self, slot: int) -> str:
        """Of the limits."""
        return self._infos[slot].tag.unit

    def sentence(self, change: Change, side: SideName, one: Told) -> str:
        """See `Words`."""
        what, limit = self.what(one), self._named_limit(side, one.level, one.slot)
        if change is Change.UNVERIFIED:
            return f"{self.reason(one.slot, one.quality)}; {what} when last known, alarm at {limit}"
        if change is Change.VERIFIED:
            return f"good data again: {what}, alarm at {limit}"
        if change is Change.CLEARED:
            return self.marked(f"{what} {_BACK[side]} {limit}", one)
        if change is Change.LEVEL_DOWN:
            farther = self._named_limit(side, one.level + 1, one.slot)
            return self.marked(f"{what} {_BACK[side]} {farther}, alarm at {limit}", one)
        return self.marked(f"{what} {_BEYOND[side]} {limit}", one)

    def _named_limit(self, side: SideName, level: int, slot: int) -> str:
        name = self.level_name(side, level, slot)
        if not name:
            return "a limit that is gone"
        limit = 0.0 + self._sides[side].sign * self._sides[side].limit[level - 1, slot]
        if isinf(limit):
            return f"{name}, whose limit is not known"
        return f"{name} {limit:.6g} {self.unit(slot)}".rstrip()


class FaultWords(Words):
    """Of alarms that are or are not: no sides, no levels, no limit. The first extra number is the value, if any."""

    def value(self, one: Told) -> float:
        """See `Words`."""
        return one.extra[0] if one.extra else float("nan")

    def limit(self, one: Told) -> float:
        """See `Words`."""
        return float("nan")

    def peak(self, one: Told) -> float:
        """See `Words`."""
        return float("nan")

    @abstractmethod
    def what(self, one: Told) -> str:
        """What is so: ``unchanged at 7.2 mg/L for 48h``; or what is no longer so."""

    def over(self, one: Told) -> str:
        """What is so now that it is over."""
        return "no longer so"

    def sentence(self, change: Change, side: SideName, one: Told) -> str:
        """See `Words`."""
        if change is Change.UNVERIFIED:
            return f"{self.reason(one.slot, one.quality)}; {self.what(one)} when last known"
        if change is Change.VERIFIED:
            return f"good data again: {self.what(one)}"
        if change is Change.CLEARED:
            return self.marked(self.over(one), one)
        return self.marked(self.what(one), one)
