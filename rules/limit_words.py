"""What happened to limit alarms, first as columns, at the end of an advance as transitions with a sentence each."""

from collections.abc import Callable
from dataclasses import dataclass

from park.duration import format_duration
from park.index import TagInfo
from rules.arrays import FAR, Bytes, Floats, Ints, Rows
from rules.levels import SideName
from rules.standing import QUALITIES, number_or_none
from rules.transition import Change, Transition, alert_id


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Writes transitions of one rule."""

    rule: str
    #: By slot.
    infos: list[TagInfo]
    #: By side, level and slot; empty where a tag has no such level.
    names: tuple[tuple[list[str], list[str]], ...]
    limits: tuple[Floats, ...]
    timeout_us: Ints

    def transitions(self, happened: Happened, now_us: int) -> list[Transition]:
        """One transition an alert."""
        columns = zip(
            happened.slots.tolist(),
            happened.level.tolist(),
            happened.onset_us.tolist(),
            happened.effective_us.tolist(),
            happened.value.tolist(),
            happened.peak.tolist(),
            happened.quality.tolist(),
            strict=True,
        )
        return [self._transition(happened, now_us, *row) for row in columns]

    def _transition(
        self,
        happened: Happened,
        now_us: int,
        slot: int,
        level: int,
        onset_us: int,
        effective_us: int,
        value: float,
        peak: float,
        quality: int,
    ) -> Transition:
        side = happened.side
        target = self.infos[slot].id
        return Transition(
            alert_id=alert_id(self.rule, target, side.name, onset_us),
            change=happened.change,
            rule=self.rule,
            target=target,
            side=side.name,
            level=self.names[side][level - 1][slot],
            onset_us=onset_us,
            effective_us=effective_us,
            detected_us=now_us,
            value=number_or_none(value),
            limit=self._limit(side, level, slot),
            peak=number_or_none(peak if side is SideName.high else -peak),
            quality=QUALITIES[quality],
            unverified=quality != 0,
            why=self._why(happened, slot, level, value, quality),
        )

    def _limit(self, side: SideName, level: int, slot: int) -> float:
        limit = float(self.limits[side][level - 1, slot])
        return limit if side is SideName.high else 0.0 - limit

    def _why(self, happened: Happened, slot: int, level: int, value: float, quality: int) -> str:
        what = f"{self.infos[slot].tag.quantity} {self._number(slot, value)}"
        limit = self._named_limit(happened.side, level, slot)
        sentence = _SENTENCES[happened.change](self, happened.side, slot, level, what, limit)
        if happened.change is Change.UNVERIFIED:
            sentence = f"{self._reason(slot, quality)}; last known {sentence}"
        elif quality != 0:
            sentence = f"{sentence}; unverified, {self._reason(slot, quality)}"
        return f"limits changed: {sentence}" if happened.relimited else sentence

    def beyond(self, side: SideName, slot: int, level: int, what: str, limit: str) -> str:
        """The alarm stands."""
        return f"{what} {_BEYOND[side]} {limit}"

    def down(self, side: SideName, slot: int, level: int, what: str, limit: str) -> str:
        """The alarm stands at a lower level."""
        return f"{what} {_BACK[side]} {self._named_limit(side, level + 1, slot)}, still at {limit}"

    def back(self, side: SideName, slot: int, level: int, what: str, limit: str) -> str:
        """The alarm is over."""
        return f"{what} {_BACK[side]} {limit}"

    def good_again(self, side: SideName, slot: int, level: int, what: str, limit: str) -> str:
        """The value is known again."""
        return f"good data again: {what}, alarm at {limit}"

    def known(self, side: SideName, slot: int, level: int, what: str, limit: str) -> str:
        """The value is not known any more."""
        return f"{what}, alarm at {limit}"

    def _reason(self, slot: int, quality: int) -> str:
        if QUALITIES[quality] == "stale":
            timeout_us = int(self.timeout_us[slot])
            return f"no data for more than {format_duration(timeout_us)}" if timeout_us < FAR else "no data"
        return f"data {QUALITIES[quality]}"

    def _named_limit(self, side: SideName, level: int, slot: int) -> str:
        if level > 2 or not self.names[side][level - 1][slot]:
            return "a limit that is gone"
        return f"{self.names[side][level - 1][slot]} {self._number(slot, self._limit(side, level, slot))}"

    def _number(self, slot: int, value: float) -> str:
        return f"{value:.6g} {self.infos[slot].tag.unit}".rstrip()


_BEYOND = ("above", "below")
_BACK = ("back below", "back above")
_SENTENCES: dict[Change, Callable[[Words, SideName, int, int, str, str], str]] = {
    Change.RAISED: Words.beyond,
    Change.LEVEL_UP: Words.beyond,
    Change.LEVEL_DOWN: Words.down,
    Change.CLEARED: Words.back,
    Change.UNVERIFIED: Words.known,
    Change.VERIFIED: Words.good_again,
}
