"""What happened to limit alarms, first as columns, at the end of an advance as transitions with a sentence each."""

from collections.abc import Iterable
from dataclasses import dataclass

from park.duration import format_duration
from park.index import TagInfo
from rules.arrays import FAR, Bytes, Floats, Ints, Rows
from rules.levels import SideName
from rules.standing import QUALITIES, SIDES, number_or_none
from rules.transition import Change, Transition, alert_id

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
    peak: Floats
    #: Index into `QUALITIES`.
    quality: Bytes
    #: The limits were changed, and that is why.
    relimited: bool

    def rows(self) -> Iterable[tuple[int, int, int, int, float, float, int]]:
        """(slot, level, onset, effective, value, peak, quality) of each."""
        columns = (self.slots, self.level, self.onset_us, self.effective_us, self.value, self.peak, self.quality)
        return zip(*(column.tolist() for column in columns), strict=True)


class Words:
    """Writes the transitions of one rule."""

    def __init__(
        self,
        rule: str,
        infos: list[TagInfo],
        names: tuple[tuple[list[str], list[str]], ...],
        limits: tuple[Floats, Floats],
        timeout_us: Ints,
    ) -> None:
        """``names`` and ``limits`` by side, level and slot; ``limits`` mirrored on the low side."""
        self._rule = rule
        self._infos = infos
        self._names = names
        self._limits = limits
        self._timeout_us = timeout_us

    def transitions(self, happened: Happened, now_us: int) -> list[Transition]:
        """One transition an alert. In a flood nearly all time is spent here."""
        side, change, rule = happened.side, happened.change, self._rule
        side_name, mirror = SIDES[side], (1.0, -1.0)[side]
        told = []
        for slot, level, onset_us, effective_us, value, peak, quality in happened.rows():
            target = self._infos[slot].id
            why = self._why(change, side, slot, level, value, quality)
            told.append(
                Transition(
                    alert_id=alert_id(rule, target, side_name, onset_us),
                    change=change,
                    rule=rule,
                    target=target,
                    side=side_name,
                    level=self._names[side][level - 1][slot],
                    onset_us=onset_us,
                    effective_us=effective_us,
                    detected_us=now_us,
                    value=number_or_none(value),
                    limit=self._limit(side, level, slot),
                    peak=number_or_none(0.0 + mirror * peak),
                    quality=QUALITIES[quality],
                    unverified=quality != 0,
                    why=f"limits changed: {why}" if happened.relimited else why,
                )
            )
        return told

    def _limit(self, side: SideName, level: int, slot: int) -> float:
        limit = float(self._limits[side][level - 1, slot])
        return limit if side == 0 else 0.0 - limit

    def _why(self, change: Change, side: SideName, slot: int, level: int, value: float, quality: int) -> str:
        tag = self._infos[slot].tag
        what = f"{tag.quantity} {value:.6g} {tag.unit}".rstrip()
        limit = self._named_limit(side, level, slot)
        if change is Change.UNVERIFIED:
            return f"{self._reason(slot, quality)}; {what} when last known, alarm at {limit}"
        if change is Change.VERIFIED:
            return f"good data again: {what}, alarm at {limit}"
        if change is Change.CLEARED:
            sentence = f"{what} {_BACK[side]} {limit}"
        elif change is Change.LEVEL_DOWN:
            sentence = f"{what} {_BACK[side]} {self._named_limit(side, level + 1, slot)}, alarm at {limit}"
        else:
            sentence = f"{what} {_BEYOND[side]} {limit}"
        return sentence if quality == 0 else f"{sentence}; unverified, {self._reason(slot, quality)}"

    def _reason(self, slot: int, quality: int) -> str:
        timeout_us = int(self._timeout_us[slot])
        if QUALITIES[quality] == "stale" and timeout_us < FAR:
            return f"no data for more than {format_duration(timeout_us)}"
        return f"data {QUALITIES[quality]}"

    def _named_limit(self, side: SideName, level: int, slot: int) -> str:
        name = self._names[side][level - 1][slot] if level <= 2 else ""
        if not name:
            return "a limit that is gone"
        return f"{name} {self._limit(side, level, slot):.6g} {self._infos[slot].tag.unit}".rstrip()
