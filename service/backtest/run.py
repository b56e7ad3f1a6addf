"""Drives the engine over history exactly as the journal's rows drive it live.

A row is a tick of source time: `step` with its samples, then `advance` to its end. Live an empty row follows once a
second where nothing comes; here the empty rows are those that the engine says may change something (`Engine.wake_us`),
so a silent month costs no more than the timers that run out in it, and the transitions are the same, byte for byte.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from park.index import TagTable
from rules.engine import Engine
from rules.spec import AnyRule, RuleSet
from rules.transition import Transition
from service.backtest.ticks import Tick, tick_end
from service.rules.versions import day_of

TICK_US = 1_000_000
_DAY_US = 86_400_000_000
#: Midnight of UTC+08:00.
_MIDNIGHT_US = 57_600_000_000


class Cancelled(Exception):
    """Whoever asked for it does not want it any more."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What went through."""

    samples: int = 0
    ticks: int = 0
    #: Rows without samples at which something might have come due.
    idle: int = 0


class Trial:
    """One set of rules on trial: an engine, exchanged at midnight where rules come into force or lapse."""

    def __init__(self, tags: TagTable, rules: RuleSet, start_us: int, tell: Callable[[list[Transition]], None]) -> None:
        self._tags, self._rules, self._tell = tags, rules, tell
        days = {one.valid_from for one in rules.rules} | {one.valid_to for one in rules.rules}
        #: Without dates the rules of every day are the same.
        self._dated = days != {None} and bool(days)
        self._day = day_of(start_us)
        self._live = self._on(self._day)
        self.engine = Engine(tags, RuleSet(rules=self._live))
        self._tell(self.engine.advance(start_us))

    def _on(self, day: date) -> tuple[AnyRule, ...]:
        return tuple(one for one in self._rules.rules if one.in_force(day))

    def wake_us(self) -> int:
        """No row without samples before this would change anything."""
        if not self._dated:
            return self.engine.wake_us
        now_us = self.engine.now_us
        next_day_us = now_us + _DAY_US - (now_us - _MIDNIGHT_US) % _DAY_US
        return min(self.engine.wake_us, next_day_us)

    def advance(self, now_us: int) -> None:
        """The end of a row."""
        if self._dated and (day := day_of(now_us)) != self._day:
            self._day = day
            if (live := self._on(day)) != self._live:
                self._live = live
                engine = Engine(self._tags, RuleSet(rules=live))
                engine.restore(self.engine.snapshot())
                self.engine = engine
        told = self.engine.advance(now_us)
        if told:
            self._tell(told)


@dataclass(slots=True, kw_only=True)
class Run:
    """Ticks through one trial or several, side by side. Raises Cancelled."""

    trials: Sequence[Trial]
    tick_us: int = TICK_US
    #: Told of every so many ticks: (time reached, counts).
    on_progress: Callable[[int, Counts], None] = lambda now_us, counts: None
    is_cancelled: Callable[[], bool] = lambda: False
    counts: Counts = field(default_factory=Counts)
    _ticks_a_report: int = 64

    def play(self, ticks: Iterable[Tick], until_us: int | None, settle_us: int) -> int:
        """All ticks, then the time up to ``until_us`` (None: the last tick's end) and ``settle_us`` more.

        Returns the time at which it ended.
        """
        open_us: int | None = None
        for end_us, batch in ticks:
            if open_us != end_us:
                self._close(open_us)
                self._idle(end_us - self.tick_us)
                open_us = end_us
            self.counts.samples += len(batch)
            for trial in self.trials:
                trial.engine.step(batch)
        self._close(open_us)
        now_us = max(trial.engine.now_us for trial in self.trials)
        end_us = tick_end(max(now_us, until_us or now_us) + settle_us, self.tick_us)
        self._idle(end_us)
        for trial in self.trials:
            if trial.engine.now_us < end_us:
                trial.advance(end_us)
        return end_us

    def _close(self, end_us: int | None) -> None:
        if end_us is None:
            return
        for trial in self.trials:
            trial.advance(end_us)
        self.counts.ticks += 1
        if self.counts.ticks % self._ticks_a_report == 0:
            self._report(end_us)

    def _idle(self, until_us: int) -> None:
        """The rows without samples up to and with ``until_us``, as far as they matter."""
        for trial in self.trials:
            while (wake_us := trial.wake_us()) <= until_us:
                now_us = max(tick_end(wake_us, self.tick_us), trial.engine.now_us + self.tick_us)
                if now_us > until_us:
                    break
                trial.advance(now_us)
                self.counts.idle += 1
                if self.counts.idle % 4096 == 0:
                    self._report(now_us)

    def _report(self, now_us: int) -> None:
        if self.is_cancelled():
            raise Cancelled
        self.on_progress(now_us, self.counts)


def first_tick(ticks: Iterator[Tick], tick_us: int) -> tuple[int | None, Iterator[Tick]]:
    """(the beginning of the first tick, all ticks): where a run begins that was not told when."""
    first = next(ticks, None)
    if first is None:
        return None, iter(())
    return first[0] - tick_us, chain([first], ticks)
