"""A small park behind the interface: real alert book, live hub and tag table, and no database."""

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from connectors.base import Health, IntakeRefused, State
from park.batch import SampleBatch
from park.check import load_park
from park.index import TagTable
from park.model import SourceKind
from park.quality import CLASS_MASK, Quality
from rules.emissions.limits import LimitBook
from rules.kpi.norms import KpiNorms
from rules.memory import Latest
from rules.risk.formula import RiskFormula
from rules.spec import RuleSet, default_rules
from rules.transition import Change, Transition, alert_id
from service.alerts.asked import Asked, Command, EndContext, Facts, OpenContext, Raise
from service.alerts.book import AlertBook
from service.alerts.contexts import Context
from service.alerts.law import STOP_WORK
from service.alerts.model import Alert, Event
from service.alerts.site import Site
from service.alerts.states import NotAllowed
from service.api.app import create_app
from service.api.keys import Keys
from service.backtest.jobs import Backtests
from service.cases.config import CasePolicy
from service.cases.desk import CaseDesk
from service.clock import Clock
from service.device_desk import DeviceDesk
from service.duty.config import DutyPolicy
from service.duty.desk import DutyDesk
from service.evidence.desk import EvidenceDesk
from service.facts import lookup
from service.identity.accounts import Accounts
from service.judge.config import Emissions
from service.judge.desk import EmissionsDesk
from service.live import LiveHub
from service.notify.config import Notifications
from service.notify.desk import NotifyDesk
from service.plan import Plan
from service.push.desk import PushDesk
from service.push.policy import PushPolicy
from service.risk import RiskFold
from service.rules.desk import RuleDesk
from service.store.asking import Asking
from service.store.notes import Note
from service.store.queries import Queries
from tests.unit.api.obedient import Obedient

CHAIN = "0c1e3f52-7a77-4d4f-9a55-2f6d1ce1a0de"
#: 2026-11-01 08:00:00 +08:00
START_US = 1_793_491_200_000_000
SECOND_US = 1_000_000
#: Nothing listens there.
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"

PARK = """
version: 1
id: park
name: 滨海化工园区
sources:
  - id: weather
    kind: weather_station
    name: 气象站
    position: [121.50, 30.80]
    from: {connector: stations}
    tags:
      - {id: wind, quantity: wind_speed, unit: m/s, name: 风速, stale_after: 60s}
enterprises:
  - id: acme
    name: 安科化学
    sources:
      - id: tank-1
        kind: tank
        name: 环氧乙烷储罐 1
        position: [121.51, 30.81]
        from: {connector: dcs, device: plc-1}
        tags:
          - {id: li-101, quantity: level, unit: m, name: 液位, span: [0, 12], stale_after: 10s, alarms: {H: 9, HH: 10}}
          - {id: ti-101, quantity: temperature, unit: °C, name: 温度, stale_after: 10s, alarms: {H: 30, HH: 40}}
      - id: gas
        kind: gas_detectors
        name: 可燃气体探测器
        position: [121.51, 30.82]
        from: {connector: loggers}
        tags:
          - {id: ga-1, quantity: ethylene_oxide, unit: ppm, name: 1 号探头, alarms: {H: 5, HH: 10}}
  - id: borealis
    name: 北极星材料
    sources:
      - id: outlet
        kind: waste_water_outlet
        name: 总排口
        position: [121.52, 30.83]
        from: {connector: loggers}
        tags:
          - {id: cod, quantity: cod, unit: mg/L, name: COD, alarms: {H: 50, HH: 80}}
          - {id: ph, quantity: ph, unit: pH, name: pH, alarms: {L: 6, H: 9}}
"""


def small_tags() -> TagTable:
    """One shared source, two enterprises."""
    return TagTable(load_park(PARK, "park.yaml").park)


@dataclass
class ServiceInMemory:
    """A `service.api.view.ServiceView` that tests move by hand."""

    tags: TagTable = field(default_factory=small_tags)
    queries: Queries = field(default_factory=lambda: Queries(NO_DATABASE, answer_within_s=0.2))
    chain: str = CHAIN
    now_us: int = START_US
    problems: list[str] = field(default_factory=list)
    ready: bool = True
    norms: KpiNorms = field(default_factory=KpiNorms)
    #: Sources that the law looks after.
    hazards: tuple[str, ...] = ("tank-1",)
    rules_live: RuleSet = field(default_factory=default_rules)
    #: For processes of their own.
    dsn: str = NO_DATABASE
    answer_within_s: float = 0.2
    notifications: Notifications = field(default_factory=Notifications)
    duties: DutyPolicy = field(default_factory=DutyPolicy)
    #: The journal takes no notes.
    refuses_notes: bool = False

    def __post_init__(self) -> None:
        self._risk = RiskFold(self.tags.park, RiskFormula())
        self._row: tuple[int, list[Event]] = (self.now_us, [])
        self.book = AlertBook(self.chain, self.facts, site=Site(self.tags))
        self.live = LiveHub()
        self.clock: Clock = lambda: self.now_us
        self._time_us = np.full(self.tags.size, -(2**62), dtype=np.int64)
        self._used_us = self._time_us.copy()
        self._value = np.full(self.tags.size, np.nan)
        self._quality = np.full(self.tags.size, int(Quality.BAD), dtype=np.uint8)
        self.healths = [
            Health(connector="dcs", kind="opcua", state=State.CONNECTED, received=10, journalled=10),
            Health(connector="loggers", kind="mqtt", state=State.CONNECTED),
            Health(connector="stations", kind="hj212", state=State.DISCONNECTED, last_error="refused by 10.1.2.3"),
        ]
        self.commands: list[Command] = []
        self.contexts: list[OpenContext | EndContext] = []
        directory = Path(tempfile.gettempdir()) / f"parkwatch-test-{uuid.uuid4()}"
        self.backtests = Backtests(self.dsn, directory, self.clock)
        self.notes: list[Note] = []
        self.acting = Asking(self.dsn, answer_within_s=self.answer_within_s, read_only=False)
        self.evidence = EvidenceDesk(directory)
        self.plan = Plan().model_dump(mode="json")
        #: What the desk of duties raised.
        self.told: list[Raise] = []
        self.duty = DutyDesk(
            self.acting,
            self.queries.duty,
            self.clock,
            self.duties,
            lambda: self.tags,
            lambda: list(self.book.active.values()),
            self._told,
        )
        self.notify = NotifyDesk(self, self.notifications, directory)
        self.cases = CaseDesk(self.acting, self.clock, CasePolicy(), [self.notify.tell_case])
        self.emissions = EmissionsDesk(self.tags, LimitBook(self.tags.park, []), Emissions(), self.clock, self._noted)
        self.push = PushDesk(PushPolicy(), self.tags, self.clock)
        self.devices = DeviceDesk(self, self.queries, self.clock)
        #: The connector whose devices take commands.
        self.link = Obedient(self.healths[1])
        self.devices.open([self.link])

    async def _told(self, alarm: Raise) -> None:
        self.told.append(alarm)
        self.book.own_alarm(alarm, self.now_us)

    async def _noted(self, note: Note) -> None:
        self.notes.append(note)

    def facts(self, rule: str, target: str, level: str) -> Facts:
        """Whose an alarm is, and how urgent: a `service.alerts.asked.Lookup`."""
        if rule == STOP_WORK:
            return lookup(self.tags, default_rules())(rule, target, level)
        info = self.tags.by_id(target)
        priority = 1 if level in ("HH", "LL") else 2
        if info is None:
            return Facts(priority=priority, enterprise="", source="", unit="", kind="limit")
        gas = info.source.kind is SourceKind.GAS_DETECTORS
        return Facts(
            priority=priority,
            enterprise=info.enterprise,
            source=info.source_id,
            unit=info.tag.unit,
            kind="limit",
            hazard=info.source.id in self.hazards,
            gas=gas,
        )

    @property
    def rules(self) -> RuleDesk:
        """They change through a journal, and none is here: `tests/integration/rules` has a whole service."""
        raise NotImplementedError

    def live_rules(self) -> RuleSet:
        """Every tag's own limits and time-outs, unless a test says otherwise."""
        return self.rules_live

    def processed_us(self) -> int:
        """Now: every row is folded at once."""
        return self.now_us

    def latest(self) -> Latest:
        """Of what `measure` took in."""
        return Latest(
            time_us=self._time_us.copy(),
            value=self._value.copy(),
            quality=self._quality.copy(),
            used_us=self._used_us.copy(),
        )

    def connectors(self) -> Sequence[Health]:
        """Three of them."""
        return self.healths

    def status(self) -> dict[str, Any]:
        """As `service.run.Service.status`."""
        return {
            "ready": self.ready,
            "now_us": self.now_us,
            "data_us": max(int(self._time_us.max()), 0),
            "seq": self.live.seq,
            "journal": {"rows_waiting": 3, "bytes": 4096, "error": ""},
            "store": {
                "state": "down",
                "lag_s": 12.5,
                "edition": "",
                "error": "connection refused by 10.0.0.5",
                "stored": 7,
                "duplicates": 1,
            },
            "late": 3,
            "quarantined": 2,
            "judge": {"state": "up", "error": "", "until": self.now_us, "pass_ms": 1.0, "minutes": 0},
            "problems": self.problems,
        }

    async def command(self, command: Command) -> Alert:
        """Apply it at once; the journal is elsewhere."""
        self.commands.append(command)
        self.do(command)
        alert = self.book.get(command.alert_id)
        if alert is None:
            raise NotAllowed("gone")
        return alert

    async def note(self, note: Note) -> None:
        """Keep it; the journal is elsewhere."""
        if self.refuses_notes:
            raise IntakeRefused("the disk is full")
        self.notes.append(note)

    async def context(self, asked: OpenContext | EndContext) -> Context:
        """The same for an entry of the context."""
        self.contexts.append(asked)
        self.do(asked)
        entry = self.book.about(asked)
        assert isinstance(entry, Context)
        return entry

    def do(self, asked: Asked) -> None:
        """One row with a command alone."""
        self._begin_row()
        self._publish(self.book.advance(self.now_us))
        self._publish(self.book.command(asked, self.now_us))
        self._publish(self.book.settle(self.now_us))

    @property
    def risk(self) -> RiskFold:
        """Of all that has happened so far."""
        self._end_row()
        return self._risk

    def _end_row(self) -> None:
        at_us, events = self._row
        self._row = (self.now_us, [])
        if events:
            self._risk.fold(events, self.book.active, at_us)

    def _begin_row(self) -> None:
        if self._row[0] != self.now_us:
            self._end_row()

    def _publish(self, events: Sequence[Event]) -> None:
        self._row[1].extend(events)
        self.live.publish(events)

    def measure(self, tag: str, value: float, *, ago_s: float = 0.0, quality: int = int(Quality.GOOD)) -> None:
        """A sample of one tag becomes its latest."""
        ix = self.tags.ix_of[tag]
        batch = SampleBatch(
            tag=np.array([ix]),
            time_us=np.array([self.now_us - round(ago_s * SECOND_US)]),
            value=np.array([value]),
            quality=np.array([quality]),
            received_us=self.now_us,
            origin="test",
        )
        self._time_us[batch.tag], self._value[batch.tag] = batch.time_us, batch.value
        self._quality[batch.tag] = batch.quality
        if quality & CLASS_MASK < Quality.BAD:
            self._used_us[batch.tag] = batch.time_us

    def change(
        self, change: Change, tag: str, level: str = "H", *, onset_us: int = START_US, value: float = 11.0
    ) -> Event:
        """The engine says something about a limit alarm of this tag; returns the event."""
        self._begin_row()
        one = Transition(
            alert_id=alert_id("limits", tag, "high", onset_us),
            change=change,
            rule="limits",
            target=tag,
            side="high",
            level=level,
            onset_us=onset_us,
            effective_us=self.now_us,
            detected_us=self.now_us,
            value=value,
            limit=10.5,
            peak=value,
            quality="good",
            unverified=False,
            why=f"{tag} {value:g} > {level} 10.5",
        )
        (event,) = self.book.apply([one], self.now_us)
        self._publish([event])
        return event

    def raise_alert(self, tag: str, level: str = "H", *, onset_us: int = START_US) -> str:
        """A new alert; returns its id."""
        return self.change(Change.RAISED, tag, level, onset_us=onset_us).alert_id


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Texts of keys: the control room's, and one enterprise's each."""

    park: str
    acme: str
    borealis: str


def make_keys(directory: Path) -> tuple[Keys, Callers]:
    """A key file with three keys."""
    keys = Keys(directory)
    texts = {
        name: keys.create(name, enterprise=enterprise)[1]
        for name, enterprise in (("control-room", None), ("acme-hse", "acme"), ("borealis-hse", "borealis"))
    }
    return keys, Callers(park=texts["control-room"], acme=texts["acme-hse"], borealis=texts["borealis-hse"])


def client(app: FastAPI, key: str | None, **options: Any) -> httpx.AsyncClient:
    """Talks to the application in this process."""
    headers = {"X-API-Key": key} if key else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://park.test", headers=headers, **options)


def make_app(view: ServiceInMemory, keys: Keys) -> FastAPI:
    """The interface over a service in memory."""
    return create_app(view, keys, Accounts(keys.path.parent))
