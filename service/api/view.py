"""What the REST interface may see of the service, and nothing more."""

from collections.abc import Sequence
from typing import Any, Protocol

from connectors.base import Health
from park.index import TagTable
from rules.kpi.norms import KpiNorms
from rules.memory import Latest
from rules.spec import RuleSet
from service.alerts.asked import Command, EndContext, OpenContext
from service.alerts.book import AlertBook
from service.alerts.contexts import Context as ContextEntry
from service.alerts.model import Alert
from service.backtest.jobs import Backtests
from service.cases.desk import CaseDesk
from service.clock import Clock
from service.device_desk import DeviceDesk
from service.duty.desk import DutyDesk
from service.evidence.desk import EvidenceDesk
from service.judge.desk import EmissionsDesk
from service.live import LiveHub
from service.notify.desk import NotifyDesk
from service.push.desk import PushDesk
from service.risk import RiskFold
from service.rules.desk import RuleDesk
from service.store.asking import Asking
from service.store.notes import Note
from service.store.queries import Queries


class ServiceView(Protocol):
    """Implemented by `service.run.Service`; read on the event loop only."""

    live: LiveHub
    queries: Queries
    #: Writes what people do that is no alarm's change (cases, shifts, duties): ``await acting.act(scope, work)``.
    acting: Asking
    clock: Clock
    backtests: Backtests
    emissions: EmissionsDesk
    push: PushDesk
    devices: DeviceDesk
    notify: NotifyDesk
    cases: CaseDesk
    evidence: EvidenceDesk
    duty: DutyDesk
    #: GeoJSON of the park, as `service.plan.Plan`.
    plan: dict[str, Any]

    @property
    def tags(self) -> TagTable:
        """Of the park in force."""

    @property
    def book(self) -> AlertBook:
        """The alert book."""

    @property
    def risk(self) -> RiskFold:
        """Four-colour risk."""

    @property
    def norms(self) -> KpiNorms:
        """What the key figures are held against."""

    @property
    def rules(self) -> RuleDesk:
        """The rules, and how they are changed."""

    def live_rules(self) -> RuleSet:
        """Those that the engine evaluates."""

    def latest(self) -> Latest:
        """Greatest source time, value and quality of every tag, by tag index."""

    def connectors(self) -> Sequence[Health]:
        """Health of every connector."""

    def status(self) -> dict[str, Any]:
        """What is wrong with the service itself, for people and for `/readyz`.

        Keys: ``ready`` (bool), ``now_us``, ``data_us`` (source time of the newest sample), ``journal`` (rows waiting,
        bytes, error), ``store`` (state, lag_s, edition, error, stored, duplicates), ``judge``
        (state, error, until, pass_ms, minutes), ``late``, ``quarantined``,
        ``rules`` (`service.rules.desk.RuleDesk.status`), ``problems`` (list of sentences).
        """

    async def command(self, command: Command) -> Alert:
        """Journal it, apply it, return the alert as it then stands.

        Raises service.alerts.states.NotAllowed (nothing changed) and connectors.base.IntakeRefused.
        """

    async def note(self, note: Note) -> object:
        """Journal what was done that is no change of an alert. Raises connectors.base.IntakeRefused."""

    async def context(self, asked: OpenContext | EndContext) -> ContextEntry:
        """The same for an entry of the context."""
