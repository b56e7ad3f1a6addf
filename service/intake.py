"""The intake: every batch of every connector, merged by the tick, made durable once for all, then acknowledged.

Connectors wait in `put` until the journal has their rows. A full intake makes them wait longer; nothing is dropped.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from connectors.base import Gap, IntakeRefused, RawFrame
from park.batch import DeadLetter, SampleBatch, concat
from park.index import TagTable
from park.periods import PeriodBatch, concat_periods
from park.plausible import unbelieved
from park.quality import LATE, Quality, quality_class
from rules.transition import alert_id
from service.alerts.asked import Asked, Raise
from service.clock import Clock
from service.journal.journal import Journal, JournalFailed
from service.journal.rows import Extras, Row, storable
from service.rules.versions import RulesChange
from service.store.notes import Note
from service.store.raw import pack

_log = structlog.get_logger(__name__)

#: A clock this much behind the last row was put back: the journal follows it. Less is waited out.
_SET_BACK_US = 5_000_000
#: Where nothing comes in, a row that only carries the time is written this often, so that timers run.
_EMPTY_ROW_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    batch: SampleBatch | None
    letters: Sequence[DeadLetter]
    command: Asked | Raise | None
    gap: Gap | None
    rules: RulesChange | None
    note: Note | None
    periods: PeriodBatch | None
    frames: Sequence[RawFrame]
    durable: asyncio.Future[Row]

    @property
    def size(self) -> int:
        """Samples and means."""
        return (len(self.batch) if self.batch else 0) + (len(self.periods) if self.periods else 0)


def row_time(now_us: int, last_us: int) -> int:
    """The time of the next row: after the last one, unless the clock was put back by more than a correction."""
    return now_us if now_us < last_us - _SET_BACK_US else max(now_us, last_us + 1)


class JournalIntake:
    """Implements `connectors.base.Intake`. ``run`` must be running for ``put`` to return."""

    def __init__(
        self,
        journal: Journal,
        tags: TagTable,
        clock: Clock,
        *,
        tick_s: float = 0.03,
        max_waiting: int = 200_000,
        on_row: Callable[[Row], None] = lambda row: None,
    ) -> None:
        self._journal = journal
        self._tags = tags
        self._clock = clock
        self._tick_s = tick_s
        self._max_waiting = max_waiting
        self._on_row = on_row
        self._waiting: list[_Waiting] = []
        self._samples = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Condition()
        self._turn = asyncio.Lock()
        self._stopped = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        # One more at the end for indices that no tag has.
        self._in_use = np.append(tags.in_use, False)
        #: Source time of the newest sample of each tag, by index: what is not newer is late.
        self.newest_us: NDArray[np.int64] = np.full(tags.size, np.iinfo(np.int64).min, dtype=np.int64)
        self.late = 0
        self.quarantined = 0
        self._refusing_since_us: int | None = None
        self._refusal_told = False
        #: Why the journal refuses; empty while it does not.
        self.refusing = ""

    async def put(
        self,
        batch: SampleBatch,
        letters: Sequence[DeadLetter] = (),
        *,
        periods: PeriodBatch | None = None,
        frames: Sequence[RawFrame] = (),
    ) -> None:
        """Return once all of it is durable. Raises IntakeRefused."""
        batch, quarantined = self._quarantine(batch)
        if periods is not None:
            periods, unusable = self._quarantine_periods(periods, batch.origin)
            quarantined += unusable
        # In turn: one that comes while others wait for room must not overtake them, or their samples would be late.
        async with self._turn, self._room:
            await self._room.wait_for(lambda: self._stopped or self._samples < self._max_waiting)
            stored = [storable(letter) for letter in (*letters, *quarantined)]
            future = self._enqueue(batch, stored, periods=periods, frames=frames)
        await future

    async def command(self, command: Asked) -> Row:
        """Journal what a person asks; return the row it went into. Raises IntakeRefused."""
        return await self._enqueue(None, (), command=storable(command))

    async def raise_own(self, alarm: Raise) -> Row:
        """Journal an alarm from outside the engine; return the row it went into. Raises IntakeRefused."""
        return await self._enqueue(None, (), command=storable(alarm))

    async def change_rules(self, change: RulesChange) -> Row:
        """Journal a change of the rules; return the row it went into. Raises IntakeRefused."""
        return await self._enqueue(None, (), rules=storable(change))

    async def note(self, note: Note) -> Row:
        """Journal what was done; return the row it went into. Raises IntakeRefused."""
        return await self._enqueue(None, (), note=storable(note))

    def note_gap(self, gap: Gap) -> None:
        """Journal a gap with the next row that the journal takes; does not wait."""
        if self._stopped:
            _log.warning("A gap could not be recorded.", gap=gap)
            return
        future = self._enqueue(None, (), gap=storable(gap))
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _enqueue(
        self,
        batch: SampleBatch | None,
        letters: Sequence[DeadLetter],
        *,
        command: Asked | Raise | None = None,
        gap: Gap | None = None,
        rules: RulesChange | None = None,
        note: Note | None = None,
        periods: PeriodBatch | None = None,
        frames: Sequence[RawFrame] = (),
    ) -> asyncio.Future[Row]:
        if self._stopped:
            raise IntakeRefused("the service is stopping; nothing was kept")
        future: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(
            batch=batch,
            letters=letters,
            command=command,
            gap=gap,
            rules=rules,
            note=note,
            periods=periods,
            frames=frames,
            durable=future,
        )
        self._waiting.append(waiting)
        self._samples += waiting.size
        self._filled.set()
        return future

    def _quarantine(self, batch: SampleBatch) -> tuple[SampleBatch, list[DeadLetter]]:
        """Split off what is not a value, lies in the future or the far past, or has no tag."""
        now_us = self._clock()
        park = self._tags.park
        in_range = (batch.tag >= 0) & (batch.tag < self._tags.size)
        known = self._in_use[np.where(in_range, batch.tag, -1)]
        no_value = ~np.isfinite(batch.value) & (quality_class(batch.quality) != Quality.BAD)
        future, past = unbelieved(park, batch.time_us, now_us)
        bad = ~known | no_value | future | past
        if not bad.any():
            return batch, []
        self.quarantined += int(bad.sum())
        reasons = (
            ("unknown_tag", ~known, "a tag index that this park does not have; load the same park on both sides"),
            ("not_a_number", known & no_value, "NaN or infinite with good quality; send it with bad quality"),
            ("future", known & ~no_value & future, "source time ahead of our clock; set the device's clock (NTP)"),
            ("past", known & ~no_value & past, f"older than {park.past_limit_days} days; check the device's clock"),
        )
        letters = [self._letter(batch.take(mask), reason, cure, now_us) for reason, mask, cure in reasons if mask.any()]
        return batch.take(~bad), letters

    def _quarantine_periods(self, periods: PeriodBatch, origin: str) -> tuple[PeriodBatch, list[DeadLetter]]:
        """Split off what has no tag, or a time that cannot be."""
        now_us = self._clock()
        park = self._tags.park
        known = self._in_use[np.where((periods.tag >= 0) & (periods.tag < self._tags.size), periods.tag, -1)]
        bad = ~known | np.logical_or(*unbelieved(park, periods.start_us, now_us))
        if not bad.any():
            return periods, []
        self.quarantined += int(bad.sum())
        rows = periods.take(bad)
        info = self._tags.by_ix(int(rows.tag[0]))
        letter = DeadLetter(
            origin=origin,
            received_us=now_us,
            reason="impossible_period",
            detail=f"{len(rows)} reported means, the first of {info.id if info else int(rows.tag[0])} begins "
            f"{(int(rows.start_us[0]) - now_us) / 1e6:+.0f} s from now; check DataTime and the device's clock",
            raw=rows.to_bytes(),
            address=info.id if info else "",
            enterprise=info.enterprise if info else "",
        )
        return periods.take(~bad), [letter]

    def _letter(self, rows: SampleBatch, reason: str, cure: str, now_us: int) -> DeadLetter:
        info = self._tags.by_ix(int(rows.tag[0]))
        ahead_s = (int(rows.time_us[0]) - now_us) / 1e6
        return DeadLetter(
            origin=rows.origin,
            received_us=now_us,
            reason=reason,
            detail=f"{len(rows)} samples, the first of {info.id if info else int(rows.tag[0])}: "
            f"value {float(rows.value[0])!r}, time {ahead_s:+.1f} s from now: {cure}",
            raw=rows.to_bytes(),
            address=info.id if info else "",
            enterprise=info.enterprise if info else "",
        )

    async def run(self) -> None:
        """Write rows until cancelled; what is waiting then is still written."""
        try:
            while True:
                await self._tick()
                await _to_the_end(self._flush())
        finally:
            self._stopped = True
            try:
                if self._waiting:
                    await self._flush()
            finally:
                await self._end()

    async def _end(self) -> None:
        """Those who still wait for room are refused by ``put`` once they wake."""
        async with self._room:
            self._room.notify_all()
        self._thread.shutdown()
        for one in self._waiting:
            _log.warning("A gap could not be recorded.", gap=one.gap)

    async def _tick(self) -> None:
        try:
            await asyncio.wait_for(self._filled.wait(), _EMPTY_ROW_EVERY_S)
        except TimeoutError:
            return
        await asyncio.sleep(self._tick_s)

    async def _flush(self) -> None:
        taken, self._waiting = self._waiting, []
        self._filled.clear()
        received_us = row_time(self._clock(), self._journal.last_received_us)
        batch = self._merge([one.batch for one in taken if one.batch is not None], received_us)
        extras = Extras(
            letters=tuple(letter for one in taken for letter in one.letters),
            commands=(
                *self._own_alarms(taken, received_us),
                *self._clock_alarm(received_us),
                *(one.command for one in taken if one.command is not None),
            ),
            gaps=tuple(one.gap for one in taken if one.gap is not None),
            rules=tuple(one.rules for one in taken if one.rules is not None),
            notes=tuple(one.note for one in taken if one.note is not None),
        )
        try:
            row = await self._append(received_us, batch, extras, taken)
        except JournalFailed as error:
            self._refuse(taken, str(error), received_us)
        except BaseException as error:
            _tell(taken, f"the journal failed: {error!r}")
            raise
        else:
            self._done(taken, row)
        async with self._room:
            self._samples -= sum(one.size for one in taken)
            self._room.notify_all()

    async def _append(
        self, received_us: int, batch: SampleBatch | None, extras: Extras, taken: Sequence[_Waiting]
    ) -> Row:
        def write() -> Row:
            whole = _with_evidence(extras, taken)
            return self._journal.append(received_us=received_us, batch=batch, extras=whole)

        return await asyncio.get_running_loop().run_in_executor(self._thread, write)

    def _merge(self, batches: Sequence[SampleBatch], received_us: int) -> SampleBatch | None:
        if not batches:
            return None
        origin = batches[0].origin if len({batch.origin for batch in batches}) == 1 else "several"
        merged = concat(batches, received_us=received_us, origin=origin)
        late = merged.time_us <= self.newest_us[merged.tag]
        if not late.any():
            return merged
        self.late += int(late.sum())
        return SampleBatch(
            tag=merged.tag,
            time_us=merged.time_us,
            value=merged.value,
            quality=np.where(late, merged.quality | np.uint8(LATE), merged.quality),
            received_us=received_us,
            origin=origin,
        )

    def _done(self, taken: Sequence[_Waiting], row: Row) -> None:
        if row.batch is not None:
            np.maximum.at(self.newest_us, row.batch.tag, row.batch.time_us)
        if self.refusing:
            self._refusal_told = True
            if _brings_news(taken):
                _log.warning("The journal takes rows again.", refused_for_s=self._refused_for_s(row.received_us))
                self.refusing, self._refusing_since_us, self._refusal_told = "", None, False
        try:
            self._on_row(row)
        finally:
            _tell(taken, row)

    def _refuse(self, taken: Sequence[_Waiting], reason: str, now_us: int) -> None:
        if not self.refusing:
            _log.error("The journal refuses rows; nothing is acknowledged, upstream keeps its data.", reason=reason)
            self._refusing_since_us = now_us
        self.refusing = reason
        # Nobody would send a gap again.
        self._waiting[:0] = [one for one in taken if one.gap is not None]
        _tell([one for one in taken if one.gap is None], reason)

    def _refused_for_s(self, now_us: int) -> float:
        return (now_us - (self._refusing_since_us or now_us)) / 1e6

    def _clock_alarm(self, now_us: int) -> list[Raise]:
        """Raised and cleared in one row, so that a person has to take note of it."""
        back_us = self._journal.last_received_us - now_us
        if back_us < 0:
            return []
        target = "service/clock"
        raised = Raise(
            id=alert_id("service", target, "", now_us),
            target=target,
            onset_us=now_us,
            effective_us=now_us,
            why=f"this machine's clock was put back by {back_us / 1e6:.0f} s; times recorded before were ahead by that",
        )
        return [raised, msgspec.structs.replace(raised, cleared=True)]

    def _own_alarms(self, taken: Sequence[_Waiting], now_us: int) -> list[Raise]:
        """The first row after a refusal raises an alarm; the first that brings anything clears it.

        A full journal may still have room for a row that only carries the time: that alone is no recovery.
        """
        since_us = self._refusing_since_us
        if since_us is None:
            return []
        target = "service/journal"
        raised = Raise(
            id=alert_id("service", target, "", since_us),
            target=target,
            onset_us=since_us,
            effective_us=since_us,
            why=f"the journal refused rows for {self._refused_for_s(now_us):.1f} s: {self.refusing}",
        )
        alarms = [] if self._refusal_told else [raised]
        if _brings_news(taken):
            alarms.append(msgspec.structs.replace(raised, effective_us=now_us, cleared=True))
        return alarms


def _with_evidence(extras: Extras, taken: Sequence[_Waiting]) -> Extras:
    """And the reported means and telegrams, packed: beside the event loop, on the journal's thread."""
    periods = [one.periods for one in taken if one.periods]
    frames: dict[str, list[RawFrame]] = {}
    for one in taken:
        if one.frames and one.batch is not None:
            frames.setdefault(one.batch.origin, []).extend(one.frames)
    if not periods and not frames:
        return extras
    return msgspec.structs.replace(
        extras,
        periods=concat_periods(periods).to_bytes() if periods else b"",
        frames=tuple(pack(origin, some) for origin, some in frames.items()),
    )


def _brings_news(taken: Sequence[_Waiting]) -> bool:
    return any(one.gap is None for one in taken)


def _tell(waiting: Sequence[_Waiting], outcome: Row | str) -> None:
    """The row, or why there is none."""
    for one in waiting:
        if one.durable.done():
            continue
        if isinstance(outcome, str):
            one.durable.set_exception(IntakeRefused(outcome))
        else:
            one.durable.set_result(outcome)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work``; where we are cancelled meanwhile, it is finished first."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def new_command_id() -> str:
    """Identity of a command."""
    return str(uuid.uuid4())
