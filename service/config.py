"""The service's configuration: one YAML file, checked as a whole, errors with file, line and cure."""

import os
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, field_validator, model_validator

from connectors.registry import ConnectorConfigs
from park.duration import DurationUs
from park.model import DuplicateIds
from park.yamlfile import Document, text_of
from rules.kpi.norms import KpiNorms
from rules.risk.formula import RiskFormula
from service.alerts.asked import ContextKind
from service.alerts.policy import Policy
from service.cases.config import CasePolicy
from service.duty.config import DutyPolicy
from service.judge.config import Emissions
from service.notify.config import Notifications
from service.push.policy import PushPolicy
from service.store.housekeeping import StorePolicy
from service.tracing.policy import TracingPolicy


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Model):
    """Where the REST interface and the page are served."""

    host: str = "127.0.0.1"
    #: 0: any free port.
    port: int = Field(default=8470, ge=0, le=65535)
    #: A login holds so long; a wall display must not ask for a password every morning.
    session: DurationUs = Field(default=30 * 86_400_000_000, ge=60_000_000)


class Database(StorePolicy):
    """TimescaleDB, either edition. The environment's DATABASE_URL goes before ``url``."""

    url: SecretStr | None = None

    def dsn(self) -> str:
        """Raises ValueError where neither is set."""
        dsn = os.environ.get("DATABASE_URL") or (self.url.get_secret_value() if self.url else "")
        if not dsn:
            raise ValueError("no database: set DATABASE_URL, or database.url in the configuration")
        return dsn


class JournalPolicy(_Model):
    """The embedded journal."""

    #: What arrives within a tick is committed once.
    tick: DurationUs = 30_000
    #: The file grows no larger; at the limit the intake refuses, and upstream keeps its data. None: the disk decides.
    #: Leave it room for what one tick may bring, 100 MB or more: a row that is larger than the whole file never fits.
    max_bytes: PositiveInt | None = None
    #: Samples that connectors may have waiting; at the limit they are held back.
    max_waiting: PositiveInt = 200_000
    checkpoint_every: DurationUs = 10_000_000


class AlertPolicy(_Model):
    """For how long alarms may be put aside. What is not named keeps its default (service/alerts/policy.py)."""

    #: Longest shelving by priority: 1 h, 4 h, 8 h, 24 h unless said otherwise.
    shelve_at_most: dict[Annotated[int, Field(ge=1, le=4)], Annotated[DurationUs, Field(gt=0)]] = {}
    out_of_service_at_most: Annotated[DurationUs, Field(gt=0)] = Policy().take_out_us
    #: Longest context entry by kind.
    context_at_most: dict[ContextKind, Annotated[DurationUs, Field(gt=0)]] = {}
    #: A gas alarm of the same enterprise within so many metres of a permit's source orders its work to stop.
    stop_work_within_m: float = Field(default=Policy().stop_work_m, ge=0, le=10_000)
    #: Alerts of one source, or of one enterprise, make a first-out group.
    first_out: Literal["source", "enterprise"] = "source"

    def policy(self) -> Policy:
        """As the alert book takes it."""
        usual = Policy()
        return Policy(
            shelve_us=usual.shelve_us | self.shelve_at_most,
            take_out_us=self.out_of_service_at_most,
            context_us=usual.context_us | self.context_at_most,
            stop_work_m=self.stop_work_within_m,
            first_out=self.first_out,
        )


class Config(_Model):
    """The whole file. Paths in it are relative to where it stands, those of the connectors too."""

    park: Path
    #: Rule files: one, several, or directories of them; without any, every limit of the park file is watched, and every
    #: ``stale_after``.
    rules: tuple[Path, ...] = ()
    data_dir: Path
    http: Http = Http()
    database: Database = Database()
    journal: JournalPolicy = JournalPolicy()
    alerts: AlertPolicy = AlertPolicy()
    #: How much anyone may push over HTTP.
    push: PushPolicy = PushPolicy()
    #: By which limits outlets are judged (deploy/docs/limits.md).
    emissions: Emissions = Emissions()
    #: What the key figures of the alarm system are held against (deploy/docs/kpi.md).
    kpi: KpiNorms = KpiNorms()
    #: The formula of four-colour risk (deploy/docs/risk.md).
    risk: RiskFormula = RiskFormula()
    #: Upwind traces of alerts at the fence and the air stations (deploy/docs/tracing.md).
    tracing: TracingPolicy = TracingPolicy()
    #: Who is told of alarms outside the page (deploy/docs/notifications.md).
    notifications: Notifications = Notifications()
    #: Deadlines and timers of cases (deploy/docs/cases.md).
    cases: CasePolicy = CasePolicy()
    #: Shifts, periodic duties, inspections, lights (deploy/docs/duty.md).
    duty: DutyPolicy = DutyPolicy()
    #: GeoJSON of the park's plan, drawn on every map (deploy/docs/page.md).
    plan: Path | None = None
    connectors: ConnectorConfigs = ()

    @field_validator("rules", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        return (given,) if isinstance(given, (str, Path)) else () if given is None else given

    @model_validator(mode="after")
    def _unique_connectors(self) -> "Config":
        ids = [one.id for one in self.connectors]
        second = [i for i, one in enumerate(ids) if one in ids[:i]]
        if second:
            raise DuplicateIds(
                [
                    (("connectors", i, "id"), f"two connectors have the id {ids[i]!r}; ids must be unique")
                    for i in second
                ]
            )
        return self


def load_config(path: Path) -> Config:
    """Raises park.yamlfile.FileInvalid, and OSError where the file cannot be read."""
    config = Document(text_of(path.read_bytes(), str(path)), str(path)).model(Config)
    return _relative_to(path.resolve().parent, config)


_Part = TypeVar("_Part", bound=BaseModel)


def _relative_to(base: Path, part: _Part) -> _Part:
    return part.model_copy(update={name: _located(base, value) for name, value in part})


def _located(base: Path, value: object) -> object:
    if isinstance(value, BaseModel):
        return _relative_to(base, value)
    if isinstance(value, tuple):
        return tuple(_located(base, one) for one in value)
    return base / value if isinstance(value, Path) else value
