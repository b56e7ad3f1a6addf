"""The fold from the journal to alerts: engine and alert book, their checkpoint, and their recovery.

Everything here is determined by the journal's rows alone. After a crash the last checkpoint is restored and the rows
behind it are played again: the same events with the same numbers and hashes come out, so writing them again harms
nothing and no listener sees one twice.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import msgspec
import structlog

from park.check import load_park
from park.index import TagTable
from park.model import Park
from park.yamlfile import FileInvalid
from rules.arrays import NEVER
from rules.engine import Engine
from rules.risk.formula import RiskFormula
from rules.transition import Transition
from service.adoption import standing_of
from service.alerts.asked import Asked, Command, Raise
from service.alerts.book import AlertBook
from service.alerts.contexts import Context
from service.alerts.model import Alert, Event
from service.alerts.policy import Policy
from service.alerts.site import Site
from service.alerts.states import NotAllowed, Trigger
from service.journal.journal import Journal, JournalFailed
from service.journal.rows import Row
from service.risk import RiskChange, RiskFold, RiskState
from service.rules.files import RuleFile
from service.rules.live import LiveRules
from service.rules.versions import InForce, RuleVersion, files_sha256, first_version

_log = structlog.get_logger(__name__)

_CHECKPOINT = "checkpoint"
#: Outcomes of commands kept for those who wait for them.
_KEEP_OUTCOMES = 1_000


@lru_cache(maxsize=2)
def read_park(text: str, file: str) -> Park:
    """The park of a YAML text, read once: a large one takes seconds. Raises park.yamlfile.FileInvalid."""
    return load_park(text, file).park


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The park and the configured rules as text."""

    park_yaml: str
    #: Name of the file, for messages.
    park_file: str = "park"
    #: One file alone, as checkpoints of older versions hold it; empty: none.
    rules_yaml: str = ""
    rules_file: str = "rules"
    rule_files: tuple[RuleFile, ...] = ()
    #: For how long alarms may be put aside.
    alerts: Policy = Policy()
    #: The formula of risk as JSON; empty: the default one.
    risk: str = ""

    @property
    def formula(self) -> RiskFormula:
        """Of risk. The default one where that of an older version's checkpoint is not one any more."""
        with contextlib.suppress(ValueError):
            return RiskFormula.model_validate_json(self.risk or "{}")
        return RiskFormula()

    @property
    def files(self) -> tuple[RuleFile, ...]:
        """All rule files; none: the default rules."""
        alone = (RuleFile(name=self.rules_file, text=self.rules_yaml),) if self.rules_yaml.strip() else ()
        return self.rule_files or alone

    @property
    def park(self) -> tuple[str, str]:
        """Text and name of the park file."""
        return self.park_yaml, self.park_file

    def tags(self, journal: Journal) -> TagTable:
        """Of the park, each with its lasting index. Raises park.yamlfile.FileInvalid."""
        park = read_park(*self.park)
        ids = [f"{owner}.{source.id}.{tag.id}" for owner, source, tag in park.tags()]
        return TagTable(park, journal.register_tags(ids))


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the fold after the row at ``position``."""

    position: int
    setup: Setup
    engine: bytes
    book: bytes
    #: Events that the store did not have yet.
    unstored: list[Event]
    #: Time of that row: it tells the day, and the day tells which rules are live. None: written by an older version.
    row_us: int | None = None
    #: None: those of ``setup``.
    rules: InForce | None = None
    #: None: written by an older version, which knew no risk.
    risk: RiskState | None = None


class Pipeline:
    """Folds rows. ``recover`` first, then ``run``."""

    def __init__(self, journal: Journal, setup: Setup, publish: Callable[[Sequence[Event]], None]) -> None:
        self._journal = journal
        self._setup = setup
        self._publish = publish
        self._row_us = journal.last_received_us
        self.tags = setup.tags(journal)
        self.rules = LiveRules(self.tags, first_version(setup.files), self._row_us)
        self.book = AlertBook(journal.id, self.rules.compiled.lookup, site=Site(self.tags), policy=setup.alerts)
        self.risk = RiskFold(self.tags.park, setup.formula)
        #: The row that was folded last.
        self.position = journal.trimmed
        #: Up to here the checkpoint knows everything; rows before it may be trimmed.
        self.checkpointed = journal.trimmed
        #: Events for the store, oldest first; the store writer takes them away once they are stored.
        self.unstored: deque[Event] = deque()
        self.refused_transitions = 0
        self.poisoned_rows = 0
        self.step_ms = 0.0
        #: Why the engine could not go on from its own state when the service was started; empty: it could.
        self.begun_anew = ""
        self._outcomes: OrderedDict[str, Alert | Context | NotAllowed] = OrderedDict()
        self._folded = asyncio.Event()

    @property
    def engine(self) -> Engine:
        """Of the rules that are live."""
        return self.rules.engine

    @property
    def unstored_versions(self) -> deque[RuleVersion]:
        """As `unstored`, of versions of the rules."""
        return self.rules.unstored

    @property
    def unstored_risks(self) -> deque[RiskChange]:
        """As `unstored`, of changes of risk."""
        return self.risk.unstored

    def recover(self) -> None:
        """Restore the checkpoint and play the rows behind it, with the park and rules under which they were written."""
        data = self._journal.load_state(_CHECKPOINT)
        if data is not None:
            self._restore(msgspec.msgpack.decode(data, type=Checkpoint))
        else:
            self._replay()
        self.save_checkpoint()

    def _restore(self, checkpoint: Checkpoint) -> None:
        setup, tags = self._setup, self.tags
        self._row_us = self._time_of(checkpoint)
        self._use_old(checkpoint)
        self.book.restore(checkpoint.book)
        self._restore_engine(checkpoint.engine)
        self.risk.use(self.tags.park, self._setup.formula, ())
        self.risk.restore(checkpoint.risk or self.risk.snapshot(), self.book.active.values())
        self.position = self.checkpointed = checkpoint.position
        self.unstored.extend(checkpoint.unstored)
        self._publish(checkpoint.unstored)
        self._replay()
        self._use_new(setup, tags)

    def _time_of(self, checkpoint: Checkpoint) -> int:
        if checkpoint.row_us is not None:
            return checkpoint.row_us
        behind = self._journal.read(checkpoint.position, max_rows=1)
        return behind[0].received_us if behind else self._row_us

    def _restore_engine(self, data: bytes) -> None:
        """Where the state cannot be read (damaged, or of another version), go on from the alerts that stand."""
        try:
            self.engine.restore(data)
        except Exception as error:
            self.begun_anew = f"{type(error).__name__}: {error}"
            _log.error("The engine's state cannot be read; it goes on from what stands.", reason=self.begun_anew)
            self.rules.begin_anew(standing_of(self.book.active.values(), self._row_us), self._row_us)

    def _use_old(self, checkpoint: Checkpoint) -> None:
        """The park and the rules under which the rows behind the checkpoint were written."""
        setup = checkpoint.setup
        in_force = checkpoint.rules or first_version(setup.files)
        try:
            tags = self.tags if setup.park == self._setup.park else setup.tags(self._journal)
            self._use(setup, tags, in_force)
        except FileInvalid as error:  # written under an older version, which took what this one refuses
            _log.warning(
                "The former park or rules cannot be read; its rows are played under the new.", reason=str(error)
            )
            self._use(self._setup, self.tags, in_force.with_files(self._setup.files))

    def _use_new(self, setup: Setup, tags: TagTable) -> None:
        """The park of the files as they are now; and their rules, unless others were put into force meanwhile."""
        in_force = self.rules.in_force()
        if files_sha256(setup.files) != in_force.configured:
            in_force = in_force.with_files(setup.files)
        elif (setup.park, setup.alerts, setup.risk) == (self._setup.park, self._setup.alerts, self._setup.risk):
            return
        engine, book = self.engine.snapshot(), self.book.snapshot()
        self._use(setup, tags, in_force)
        self.engine.restore(engine)
        self.book.restore(book)
        self.risk.use(tags.park, setup.formula, self.book.active.values())
        _log.info("The park or the rules have changed; what is unchanged kept its state.")

    def _use(self, setup: Setup, tags: TagTable, in_force: InForce) -> None:
        """With an engine and a book that have seen nothing yet."""
        fresh = self.rules.compiled if tags is self.tags and self.engine.now_us == NEVER else None
        rules = LiveRules(tags, in_force, self._row_us, compiled=fresh)
        self._setup, self.tags, self.rules = setup, tags, rules
        self.book = AlertBook(self._journal.id, rules.compiled.lookup, site=Site(tags), policy=setup.alerts)

    def _replay(self) -> None:
        while rows := self._journal.read(self.position):
            for row in rows:
                self.fold(row)

    def fold(self, row: Row) -> None:
        """One row: samples, then timers, then what people asked. Whatever is wrong with it, the next is folded."""
        started = time.perf_counter()
        now_us = self._row_us = row.received_us
        self._try(row, lambda: self.rules.begin(now_us, self.book))
        self._record(row, partial(self.book.advance, now_us))
        for transition in self._found(row):
            self._record(row, partial(self.book.apply, [transition], now_us))
        for one in row.extras.commands:
            self._record(row, partial(self._do, one, now_us))
        self._record(row, partial(self.book.settle, now_us))
        events = self.book.take()
        for change in row.extras.rules:
            self._try(row, partial(self.rules.change, change, now_us, self.book))
        self._try(row, lambda: self.risk.fold(events, self.book.active, now_us))
        self.position = row.position
        # What is in the chain must reach the store, or the chain would have a hole.
        if events:
            self.unstored.extend(events)
            self._publish(events)
        self.step_ms = (time.perf_counter() - started) * 1e3

    def _try(self, row: Row, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:
            self._poisoned(row, error)

    def _found(self, row: Row) -> list[Transition]:
        try:
            self.engine.set_back(row.received_us)
            if row.extras.start:
                self.engine.resume(row.received_us)
            if row.batch is not None:
                self.engine.step(row.batch)
            return self.engine.advance(row.received_us)
        except Exception as error:
            self._poisoned(row, error)
            return []

    def _record(self, row: Row, record: Callable[[], object]) -> None:
        try:
            record()
        except NotAllowed as error:
            # The engine and the book disagree: a defect of ours. The other alarms must still get through.
            self.refused_transitions += 1
            _log.error("The alert book refused a transition.", row=row.position, reason=str(error))
        except Exception as error:
            self._poisoned(row, error)

    def _poisoned(self, row: Row, error: Exception) -> None:
        self.poisoned_rows += 1
        _log.critical(
            "A journal row could not be processed; alarms may be incomplete.", row=row.position, exc_info=error
        )

    def _do(self, asked: Asked | Raise, now_us: int) -> list[Event]:
        return self.book.own_alarm(asked, now_us) if isinstance(asked, Raise) else self._command(asked, now_us)

    def _command(self, command: Asked, now_us: int) -> list[Event]:
        events: list[Event] = []
        try:
            events = self.book.command(command, now_us)
            outcome: Alert | Context | NotAllowed | None = self.book.about(command)
        except NotAllowed as error:
            outcome = error
        if events and isinstance(command, Command) and command.trigger is Trigger.RESET:
            self.engine.reset(command.alert_id)
        self._outcomes[command.id] = outcome or NotAllowed("it was done before, and the alert is over long since")
        while len(self._outcomes) > _KEEP_OUTCOMES:
            self._outcomes.popitem(last=False)
        return events

    @property
    def row_us(self) -> int:
        """When the last row that was folded was written."""
        return self._row_us

    async def outcome(self, command_id: str, position: int) -> Alert | Context:
        """What became of a command journalled at ``position``. Raises NotAllowed."""
        await self.reached(position)
        outcome = self._outcomes.get(command_id)
        if outcome is None:
            raise NotAllowed("the command was journalled, but its outcome is no longer known; look at the alert")
        if isinstance(outcome, NotAllowed):
            raise outcome
        return outcome

    async def reached(self, position: int) -> None:
        """Until the row at ``position`` has been folded."""
        while self.position < position:
            self._folded.clear()
            await self._folded.wait()

    def on_row(self, row: Row) -> None:
        """The intake has made a row durable: fold it, and any before it that was missed."""
        if row.position == self.position + 1:
            self.fold(row)
        else:
            self._replay()
        self._folded.set()

    def make_checkpoint(self) -> tuple[int, bytes]:
        """(position, payload) of the state as it is now; to be kept by `keep_checkpoint`, from any thread."""
        checkpoint = Checkpoint(
            position=self.position,
            setup=self._setup,
            engine=self.engine.snapshot(),
            book=self.book.snapshot(),
            unstored=list(self.unstored),
            row_us=self._row_us,
            rules=self.rules.in_force(),
            risk=self.risk.snapshot(),
        )
        return checkpoint.position, msgspec.msgpack.encode(checkpoint)

    def keep_checkpoint(self, position: int, payload: bytes) -> None:
        """Make a checkpoint durable. Raises JournalFailed."""
        self._journal.save_state(_CHECKPOINT, payload)
        self.checkpointed = position

    def save_checkpoint(self) -> None:
        """Both at once; a journal that cannot be written keeps the older checkpoint."""
        try:
            self.keep_checkpoint(*self.make_checkpoint())
        except JournalFailed as error:
            _log.warning("No checkpoint was written; recovery will replay more rows.", reason=str(error))
