"""The values of one packet, read by its plan into rows; what cannot be read, and what was tolerated."""

from collections.abc import Sequence
from typing import cast

from connectors.codecs.base import Refusal, Rows
from connectors.hj212.beijing import time_us
from connectors.hj212.packet import Packet
from connectors.hj212.plan import PeriodStep, Plan, SampleStep, Together
from connectors.hj212.shape import Shape
from connectors.hj212.values import (
    GOOD,
    NAN,
    NO_VALUE,
    QUALITIES,
    flag_letter,
    number,
    numbers,
    read_flag,
    read_number,
    why_no_number,
)
from park.quality import CLASS_MASK, Quality

_MOST_TOLD = 5


class Content:
    """One packet's. ``strict``: what is written oddly is refused."""

    __slots__ = ("_asked", "_rows", "_strict", "_wrong", "odd")

    def __init__(self, rows: Rows, *, asked: bool, strict: bool) -> None:
        self._rows = rows
        self._asked = asked
        self._strict = strict
        #: What was tolerated, each word once.
        self.odd: dict[str, None] = {}
        self._wrong: dict[str, list[str]] = {}

    def refusals(self) -> Sequence[Refusal]:
        """What could not be read; one for each reason."""
        return tuple(Refusal(reason, _told(details)) for reason, details in self._wrong.items()) if self._wrong else ()

    def check_time(self, packet: Packet) -> None:
        """Of a packet of which nothing else is wanted."""
        text = packet.params.get("DataTime")
        if text is not None and time_us(text) is None:
            self._refuse("bad_time", _bad_time("DataTime", text))

    def data_time(self, plan: Plan, values: list[str]) -> int | None:
        """Epoch microseconds, UTC; None where there is none, which has then been noted."""
        if plan.time < 0:
            if plan.periods or any(step.time < 0 for step in plan.samples):
                detail = "no DataTime; send the time of the values, YYYYMMDDhhmmss in Beijing time"
                self._refuse("missing_time", detail)
            return None
        text = values[plan.time]
        at_us = time_us(text if self._strict else text.strip())
        if at_us is None:
            self._refuse("bad_time", _bad_time("DataTime", text))
        return at_us

    def samples(self, plan: Plan, at_us: int | None, shape: Shape, values: list[str]) -> None:
        """Append them."""
        if at_us is not None and plan.together is not None and self._append(plan.together, at_us, values):
            return
        for step in plan.samples:
            sample = self._sample(step, at_us, shape, values)
            for ix in step.tags if sample is not None else ():
                self._rows.add(ix, *sample)  # type: ignore[misc]  # it is there, see above

    def _append(self, together: Together, at_us: int, values: list[str]) -> bool:
        """All samples at once; False, and nothing is done, where any of them is not plain."""
        texts = together.texts(values)
        if not numbers(f"{';'.join(texts)};"):
            return False
        if together.flags is None:
            qualities = [GOOD] * len(texts)
        elif None in (found := [*map(QUALITIES.get, together.flags(values))]):
            return False
        else:
            qualities = cast("list[int]", found)
        rows = self._rows
        rows.tag += together.tags
        rows.time_us += [at_us] * len(texts)
        rows.value += map(float, texts)
        rows.quality += qualities
        return True

    def _sample(
        self, step: SampleStep, at_us: int | None, shape: Shape, values: list[str]
    ) -> tuple[int, float, int] | None:
        """Time, value and quality; None where there are none to be had."""
        moment_us = at_us if step.time < 0 else time_us(values[step.time].strip())
        if step.time >= 0 and moment_us is None:
            name = f"{step.name.partition('-')[0]}-SampleTime"
            self._refuse("bad_time", _bad_time(name, values[step.time]))
        if moment_us is None:
            return None
        value = self._number(step.place, step.name, shape, values)
        if value is None:
            return None
        quality = GOOD if step.flag < 0 else self._flag(values[step.flag])
        if quality is None:
            return None
        if value != value and quality & CLASS_MASK != Quality.BAD:
            quality = NO_VALUE
        return moment_us, value, quality

    def periods(self, plan: Plan, at_us: int, length_s: int, shape: Shape, values: list[str]) -> None:
        """Append what is reported of one period."""
        plain = not shape.broken
        for step in plan.periods:
            means = [
                NAN
                if place < 0
                else float(values[place])
                if plain and number(values[place])
                else self._mean(step, place, shape, values)
                for place in step.places
            ]
            if all(one != one for one in means):
                continue
            letter = 0
            if step.flag >= 0:
                if self._flag(values[step.flag]) is None:
                    continue
                letter = flag_letter(values[step.flag])
            for ix in step.tags:
                self._rows.periods.append((ix, length_s, at_us, *means, letter, self._asked))  # type: ignore[arg-type]

    def _mean(self, step: PeriodStep, place: int, shape: Shape, values: list[str]) -> float:
        value = self._number(place, f"{step.code}-{shape.names[place][1]}", shape, values)
        return NAN if value is None else value

    def _number(self, place: int, name: str, shape: Shape, values: list[str]) -> float | None:
        text = values[place]
        if place in shape.broken:
            self._refuse("bad_value", why_no_number(name, f"{text},…"))
            return None
        if number(text):
            return float(text)
        odd: dict[str, None] = {}
        value = read_number(text, odd)
        if value is None:
            self._refuse("bad_value", why_no_number(name, text))
        elif self._strict:
            self._refuse("strict", f"{', '.join(odd)}: {why_no_number(name, text)}")
            return None
        self.odd.update(odd)
        return value

    def _flag(self, text: str) -> int | None:
        quality = QUALITIES.get(text)
        if quality is not None:
            return quality
        odd: dict[str, None] = {}
        quality = read_flag(text, odd)
        if self._strict:
            self._refuse("strict", f"{', '.join(odd)}: a flag is {text[:40]!r}; send one of {' '.join(QUALITIES)}")
            return None
        self.odd.update(odd)
        return quality

    def _refuse(self, reason: str, detail: str) -> None:
        self._wrong.setdefault(reason, []).append(detail)


def _told(details: list[str]) -> str:
    more = len(details) - _MOST_TOLD
    return "; ".join(details[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _bad_time(name: str, text: str) -> str:
    return f"{name} is {text[:40]!r}, which is no date and time; send YYYYMMDDhhmmss in Beijing time"
