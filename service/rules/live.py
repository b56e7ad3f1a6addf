"""The rules in force, as a part of the fold: a function of the journal's rows, like everything the fold holds."""

import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from datetime import date

import msgspec
import structlog

from park.index import TagTable
from park.yamlfile import no_collection
from rules.engine import Engine
from rules.standing import Standing as StandingAlerts
from service.alerts.book import AlertBook
from service.rules.active import Standing, Status
from service.rules.compiled import Compiled, compile_rules, live_key, occasion, standings_on
from service.rules.files import rules_of
from service.rules.versions import InForce, RulesChange, RuleVersion, day_of, next_version

_log = structlog.get_logger(__name__)

#: Engines made ahead and not used yet; each may hold a hundred megabytes.
_KEEP_PREPARED = 3
_KEEP_OUTCOMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """How a change of the engine went."""

    at_us: int
    version: int
    #: All that the row's fold did for it: for so long no sample was evaluated.
    pause_ms: float
    #: What of it was work of our own, not waiting for the processor or for other threads.
    work_ms: float
    #: False: the new engine had to be made within the pause (a replay, or a day's rules that nobody had prepared).
    prepared: bool


class LiveRules:
    """Which version is in force, what of it is live today, and the engine that evaluates it."""

    def __init__(self, tags: TagTable, in_force: InForce, now_us: int, *, compiled: Compiled | None = None) -> None:
        self.tags = tags
        self.version = in_force.version
        #: Held here, so that they need not be read again when the day turns or somebody asks.
        self._known = rules_of(self.version.files)
        self.day = day_of(now_us)
        #: Versions for the store, oldest first; the store writer takes them away once they are stored.
        self.unstored = deque(in_force.unstored)
        if compiled is None or compiled.key != live_key(self.version, standings_on(self.version, self.day)):
            compiled = compile_rules(tags, self.version, self.day)
        self.compiled = compiled
        self._configured = in_force.configured
        self._prepared: OrderedDict[str, Compiled] = OrderedDict()
        self._outcomes: OrderedDict[str, RuleVersion | str] = OrderedDict()
        self._counted: tuple[object, Counter[Status]] = (None, Counter())
        self.swaps = 0
        self.last_swap: Swap | None = None
        self.worst_pause_ms = 0.0

    @property
    def engine(self) -> Engine:
        """At work."""
        return self.compiled.engine

    def in_force(self) -> InForce:
        """For a checkpoint."""
        return InForce(version=self.version, configured=self._configured, unstored=tuple(self.unstored))

    def standings(self) -> list[Standing]:
        """Every rule of the version: whether it is live today, and why."""
        return standings_on(self.version, self.day, self.compiled.broken)

    def count(self) -> dict[Status, int]:
        """How many rules are how, today; counted once a version and day."""
        key = (self.version.number, self.day, self.compiled.key)
        if self._counted[0] != key:
            self._counted = (key, Counter(one.status for one in self.standings()))
        return self._counted[1]

    def begin_anew(self, standing: StandingAlerts, now_us: int) -> None:
        """With an engine of which nothing is known but the alerts that stand."""
        self.compiled = compile_rules(self.tags, self.version, self.day)
        self.engine.adopt(standing, now_us)

    # -- ahead of a row ------------------------------------------------------------------------------------------------

    def lacks(self, version: RuleVersion, day: date) -> bool:
        """Whether something would have to be compiled for this version on this day."""
        if occasion(version, day) in self._prepared:
            return False
        return live_key(version, standings_on(version, day)) != self.compiled.key

    def prepare(self, compiled: Compiled) -> None:
        """Keep what was compiled until the row comes that wants it."""
        self._prepared[compiled.made_for] = compiled
        while len(self._prepared) > _KEEP_PREPARED:
            self._prepared.popitem(last=False)

    # -- at a row ------------------------------------------------------------------------------------------------------

    def begin(self, now_us: int, book: AlertBook) -> None:
        """Before a row's samples: rules come into force and go out of it at midnight, UTC+08:00, of the rows' time."""
        if self.version.at_us is None:
            self.version = msgspec.structs.replace(self.version, at_us=now_us)
            self.unstored.append(self.version)
        day = day_of(now_us)
        if day != self.day:
            self.day = day
            self._use(self.version, now_us, book)

    def change(self, change: RulesChange, now_us: int, book: AlertBook) -> None:
        """After a row's samples: what somebody asked for comes into force. Raises what kept it from that."""
        version = next_version(self.version, change, now_us)
        try:
            notes = self._use(version, now_us, book)
        except Exception as error:
            self._tell(change.id, f"{type(error).__name__}: {error}")
            raise
        self.version, self._known = msgspec.structs.replace(version, notes=notes), rules_of(version.files)
        self._configured = change.configured or self._configured
        self.unstored.append(self.version)
        self._tell(change.id, self.version)

    def _use(self, version: RuleVersion, now_us: int, book: AlertBook) -> tuple[str, ...]:
        """Put the engine of this version to work, from where the one before it stands. Returns what restarted."""
        began_s, worked_s = time.perf_counter(), time.thread_time()
        prepared = self._prepared.pop(occasion(version, self.day), None)
        key = prepared.key if prepared else live_key(version, standings_on(version, self.day))
        if key == self.compiled.key:
            return ()
        compiled = prepared or compile_rules(self.tags, version, self.day)
        with no_collection():
            compiled.engine.restore(self.engine.snapshot())
        self.compiled = compiled
        book.use(compiled.lookup)
        pause_ms = (time.perf_counter() - began_s) * 1e3
        work_ms = (time.thread_time() - worked_s) * 1e3
        swap = Swap(
            at_us=now_us,
            version=version.number,
            pause_ms=pause_ms,
            work_ms=work_ms,
            prepared=prepared is not None,
        )
        self.swaps, self.last_swap = self.swaps + 1, swap
        self.worst_pause_ms = max(self.worst_pause_ms, pause_ms)
        _log.info("Other rules are live.", version=swap.version, pause_ms=round(pause_ms, 1), prepared=swap.prepared)
        return tuple(compiled.engine.notes)

    def _tell(self, change_id: str, outcome: RuleVersion | str) -> None:
        self._outcomes[change_id] = outcome
        while len(self._outcomes) > _KEEP_OUTCOMES:
            self._outcomes.popitem(last=False)

    def outcome(self, change_id: str) -> RuleVersion | str:
        """The version that a change made, or why it made none."""
        return self._outcomes.get(change_id, "what became of the change is no longer known; look at the versions")
