"""The fold from the journal to alerts: engine and alert book, their checkpoint, and their recovery.

Everything here is determined by the journal's rows alone. After a crash the last checkpoint is restored and the rows
behind it are played again: the same events with the same numbers and hashes come out, so writing them again harms
nothing and no listener sees one twice.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

import msgspec
import structlog

from park.check import load_park
from park.index import TagTable
from park.yamlfile import Document
from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from service.alerts.book import AlertBook, Command
from service.alerts.model import Alert, Event
from service.alerts.states import NotAllowed
from service.facts import lookup
from service.journal.journal import Journal, JournalFailed
from service.journal.rows import Row

_log = structlog.get_logger(__name__)

_CHECKPOINT = "checkpoint"
#: Outcomes of commands kept for those who wait for them.
_KEEP_OUTCOMES = 1_000


def read_rules(text: str, file: str) -> RuleSet:
    """The rules of a YAML text; the default rules where it is empty. Raises park.yamlfile.FileInvalid."""
    return Document(text, file).model(RuleSet) if text.strip() else default_rules()


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The park and the rules as text: what a journal row's meaning depends on besides the rows before it."""

    park_yaml: str
    #: Empty: the default rules.
    rules_yaml: str

    def build(self, journal: Journal) -> tuple[TagTable, RuleSet]:
        """Parsed, with every tag's lasting index."""
        park = load_park(self.park_yaml, "park").park
        ids = [f"{owner}.{source.id}.{tag.id}" for owner, source, tag in park.tags()]
        return TagTable(park, journal.register_tags(ids)), read_rules(self.rules_yaml, "rules")


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the fold after the row at ``position``."""

    position: int
    setup: Setup
    engine: bytes
    book: bytes
    #: Events that the store did not have yet.
    unstored: list[Event]


class Pipeline:
    """Folds rows. ``recover`` first, then ``run``."""

    def __init__(self, journal: Journal, setup: Setup, publish: Callable[[Sequence[Event]], None]) -> None:
        self._journal = journal
        self._setup = setup
        self._publish = publish
        self.tags, self._rules = setup.build(journal)
        self.engine = Engine(self.tags, self._rules)
        self.book = AlertBook(journal.id, lookup(self.tags, self._rules))
        #: The row that was folded last.
        self.position = journal.trimmed
        #: Up to here the checkpoint knows everything; rows before it may be trimmed.
        self.checkpointed = journal.trimmed
        #: Events for the store, oldest first; the store writer takes them away once they are stored.
        self.unstored: deque[Event] = deque()
        self.refused_transitions = 0
        self.poisoned_rows = 0
        self.step_ms = 0.0
        self._outcomes: OrderedDict[str, Alert | NotAllowed] = OrderedDict()
        self._folded = asyncio.Event()

    def recover(self) -> None:
        """Restore the checkpoint and play the rows behind it, with the park and rules under which they were written."""
        data = self._journal.load_state(_CHECKPOINT)
        if data is None:
            self._replay()
            return
        checkpoint = msgspec.msgpack.decode(data, type=Checkpoint)
        now = (self._setup, self.tags, self._rules)
        changed = checkpoint.setup != self._setup
        if changed:
            self._use(checkpoint.setup, *checkpoint.setup.build(self._journal))
        self.engine.restore(checkpoint.engine)
        self.book.restore(checkpoint.book)
        self.position = self.checkpointed = checkpoint.position
        self.unstored.extend(checkpoint.unstored)
        self._publish(checkpoint.unstored)
        self._replay()
        if changed:
            engine, book = self.engine.snapshot(), self.book.snapshot()
            self._use(*now)
            self.engine.restore(engine)
            self.book.restore(book)
            _log.info("The park or the rules have changed; what is unchanged kept its state.")
        self.save_checkpoint()

    def _use(self, setup: Setup, tags: TagTable, rules: RuleSet) -> None:
        self._setup, self.tags, self._rules = setup, tags, rules
        self.engine = Engine(tags, rules)
        self.book = AlertBook(self._journal.id, lookup(tags, rules))

    def _replay(self) -> None:
        while rows := self._journal.read(self.position):
            for row in rows:
                self._fold_or_skip(row)

    def _fold_or_skip(self, row: Row) -> None:
        """A row that the engine cannot take is a defect of ours; it must not silence the rows after it."""
        try:
            self.fold(row)
        except Exception as error:
            self.poisoned_rows += 1
            self.position = row.position
            _log.critical(
                "A journal row could not be processed; alarms may be incomplete.", row=row.position, exc_info=error
            )

    def fold(self, row: Row) -> None:
        """One row: samples, then timers, then what people asked."""
        started = time.perf_counter()
        now_us = row.received_us
        if row.extras.start:
            self.engine.resume(now_us)
        if row.batch is not None:
            self.engine.step(row.batch)
        events: list[Event] = []
        for transition in self.engine.advance(now_us):
            try:
                events += self.book.apply([transition], now_us)
            except NotAllowed as error:
                # The engine and the book disagree: a defect of ours. The other alarms must still get through.
                self.refused_transitions += 1
                _log.error("The alert book refused a transition.", alert=transition.alert_id, reason=str(error))
        for command in row.extras.commands:
            events += (
                self._command(command, now_us) if isinstance(command, Command) else self.book.own_alarm(command, now_us)
            )
        self.position = row.position
        if events:
            self.unstored.extend(events)
            self._publish(events)
        self.step_ms = (time.perf_counter() - started) * 1e3

    def _command(self, command: Command, now_us: int) -> list[Event]:
        try:
            events = self.book.command(command, now_us)
        except NotAllowed as error:
            self._outcomes[command.id] = error
            return []
        alert = self.book.get(command.alert_id)
        assert alert is not None
        self._outcomes[command.id] = alert
        while len(self._outcomes) > _KEEP_OUTCOMES:
            self._outcomes.popitem(last=False)
        return events

    async def outcome(self, command_id: str, position: int) -> Alert:
        """What became of a command journalled at ``position``. Raises NotAllowed."""
        while self.position < position:
            self._folded.clear()
            await self._folded.wait()
        outcome = self._outcomes.pop(command_id, None)
        if outcome is None:
            raise NotAllowed("the command was journalled, but its outcome is no longer known; look at the alert")
        if isinstance(outcome, NotAllowed):
            raise outcome
        return outcome

    def on_row(self, row: Row) -> None:
        """The intake has made a row durable: fold it, and any before it that was missed."""
        if row.position == self.position + 1:
            self._fold_or_skip(row)
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
