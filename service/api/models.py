"""The shapes of answers and requests, for the documentation of the interface (and the check of request bodies).

Answers are built as plain data and written by orjson; a test holds every answer against these shapes.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.alerts.states import State, Trigger

_TAG = "acme.tank-1.li-101"
_TIME = "2026-11-01T00:00:00.123456Z"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FieldError(_Shape):
    """One parameter that is wrong."""

    field: str = Field(examples=["limit"])
    value: Any = Field(description="What was given, as far as it can be shown", examples=[0])
    problem: str = Field(examples=["Input should be greater than or equal to 1"])
    fix: str = Field(examples=["use 1 or more"])


class Problem(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(examples=["urn:parkwatch:problem:invalid-request"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["limit: Input should be greater than or equal to 1"])
    errors: list[FieldError] | None = None
    retry: bool | None = Field(default=None, description="True: the same request may succeed later")
    problems: list[str] | None = Field(default=None, description="What keeps the service from being ready")


Next = Annotated[str | None, Field(description="Give it as `cursor` for the next page; null: this was the last")]
Number = Annotated[float | None, Field(description="In the tag's unit; null: there is none")]
Time = Annotated[str, Field(description="RFC 3339, UTC", examples=[_TIME])]


class EnterpriseShape(_Shape):
    """An enterprise, or the park itself for what all share."""

    id: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme Chemicals"])
    shared: bool = Field(description="True: the park itself; its sources are visible to everyone")
    sources: int = Field(examples=[12])
    tags: int = Field(examples=[340])
    alerts: int = Field(description="Standing alerts", examples=[2])


class Enterprises(_Shape):
    """All enterprises that the caller sees."""

    items: list[EnterpriseShape]


class SourceShape(_Shape):
    """A tank, reactor, outlet, station, ..."""

    id: str = Field(examples=["acme.tank-1"])
    enterprise: str = Field(examples=["acme"])
    name: str = Field(examples=["Ethylene oxide tank 1"])
    kind: str = Field(examples=["tank"])
    position: tuple[float, float] = Field(description="WGS 84: longitude, latitude", examples=[(121.5, 30.8)])
    grade: int | None = Field(description="Major hazard installation, GB 18218-2018; 1 is the worst", examples=[2])
    shared: bool
    tags: int = Field(examples=[14])
    alerts: int = Field(description="Standing alerts", examples=[1])


class Sources(_Shape):
    """All sources that the caller sees and the filters leave."""

    items: list[SourceShape]


class ContactShape(_Shape):
    """Whom to call."""

    name: str = Field(examples=["李明"])
    duty: str = Field(examples=["安全总监"])
    phone: str = Field(examples=["0573-8888 8888"])


class DocumentShape(_Shape):
    """Where guidance stands."""

    title: str = Field(examples=["应急预案"])
    url: str = Field(examples=["https://files.example.org/plan.pdf"])


class WholeEnterprise(_Shape):
    """An enterprise with its sources."""

    id: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme Chemicals"])
    contacts: list[ContactShape]
    documents: list[DocumentShape]
    sources: list[SourceShape]


class ChemicalShape(_Shape):
    """One chemical of a major hazard installation."""

    name: str = Field(examples=["ethylene_oxide"])
    t: float = Field(description="Design maximum, tonnes", examples=[120])
    critical_t: float = Field(description="Critical quantity, tonnes (GB 18218-2018, Tables 1 and 2)", examples=[10])


class HazardShape(_Shape):
    """A major hazard installation (重大危险源), GB 18218-2018."""

    grade: int = Field(description="As declared; 1 is the worst", examples=[2])
    r: float = Field(description="Computed R (4.3)", examples=[62.5])
    population_500m: int = Field(examples=[40])
    chemicals: list[ChemicalShape]


class WholeSource(SourceShape):
    """A source with what people need to know of it."""

    enterprise_name: str = Field(examples=["Acme Chemicals"])
    hazard: HazardShape | None
    judged: bool = Field(description="An outlet or a station: it has means, limits and marks")
    contacts: list[ContactShape]
    documents: list[DocumentShape]


class Trends(_Shape):
    """How tags went; by tag, columns of equal length."""

    from_: Time = Field(alias="from")
    to: Time
    bucket_s: float = Field(description="Width of a bucket", examples=[10.0])
    tags: dict[str, dict[str, Any]] = Field(
        description="`unit`; `time_ms` (epoch), `mean`, `min`, `max`, `good` (share of good samples)",
        examples=[{_TAG: {"unit": "m", "time_ms": [0], "mean": [8.7], "min": [8.6], "max": [8.8], "good": [1.0]}}],
    )


class Plan(_Shape):
    """GeoJSON; `properties.kind` of a feature says what it is, `name` how it is called."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class TagShape(_Shape):
    """A tag and its latest value."""

    id: str = Field(examples=[_TAG])
    enterprise: str = Field(examples=["acme"])
    source: str = Field(examples=["acme.tank-1"])
    name: str = Field(examples=["Level"])
    quantity: str = Field(examples=["level"])
    unit: str = Field(examples=["m"])
    span: tuple[float, float] | None = Field(description="Range of the instrument", examples=[(0, 12)])
    limits: dict[str, float] = Field(description="Alarm limits by level", examples=[{"H": 9.5, "HH": 10.5}])
    value: Number = Field(examples=[8.71])
    quality: str | None = Field(description="null: no sample yet", examples=["good"])
    time: Time | None = Field(description="Source time of the value")
    age_s: float | None = Field(description="Now minus source time", examples=[0.8])
    stale: bool = Field(description="True where nothing usable has come for longer than the tag's stale_after")


class Tags(_Shape):
    """A page of tags, by id."""

    items: list[TagShape]
    next: Next


class Series(_Shape):
    """Samples of one tag, as columns of one length. Which of them there are depends on the resolution."""

    tag: str = Field(examples=[_TAG])
    unit: str = Field(examples=["m"])
    time: list[Time] = Field(description="Source time, or the start of the bucket")
    value: list[Number] | None = Field(default=None, description="raw: null where it was no number", examples=[[8.7]])
    quality: list[str] | None = Field(default=None, description="raw", examples=[["good"]])
    lag_ms: list[int] | None = Field(default=None, description="raw: received minus source time", examples=[[120]])
    mean: list[Number] | None = Field(default=None, description="1m, 1h: of the good samples; null: there was none")
    min: list[Number] | None = Field(default=None, description="1m, 1h: of the good samples")
    max: list[Number] | None = Field(default=None, description="1m, 1h: of the good samples")
    count: list[int] | None = Field(default=None, description="1m, 1h: all samples")
    good_share: list[float] | None = Field(default=None, description="1m, 1h: good samples among all, 0 to 1")


class Samples(_Shape):
    """Samples by tag and time."""

    resolution: Literal["raw", "1m", "1h"]
    from_: Time = Field(alias="from", description="The span answered: widened to whole buckets for 1m and 1h")
    to: Time
    series: list[Series]
    next: Next


class AlertShape(_Shape):
    """One alert as it stands. Values are in the tag's unit."""

    id: str = Field(examples=["4be0643f-1d98-573b-97cd-ca98a65347dd"])
    rule: str = Field(examples=["limits"])
    target: str = Field(description="Full tag id, or connector/device", examples=[_TAG])
    side: str = Field(examples=["high"])
    level: str = Field(examples=["HH"])
    peak_level: str = Field(description="Worst level reached", examples=["HH"])
    priority: int = Field(description="1 (urgent) to 4", examples=[1])
    state: State
    enterprise: str = Field(examples=["acme"])
    enterprise_name: str = Field(examples=["Acme Chemicals"])
    source: str = Field(examples=["acme.tank-1"])
    source_name: str = Field(examples=["Ethylene oxide tank 1"])
    target_name: str = Field(examples=["Level"])
    rule_name: str = Field(description="What people call the rule", examples=["Leak at the fence line"])
    guidance: str = Field(description="What the operator should do", examples=["Stop feeding; call the enterprise."])
    standard: str = Field(description="Standard and clause of the rule", examples=["GB/T 50493-2019 5.5.2"])
    unit: str = Field(examples=["m"])
    onset: Time = Field(description="Source time at which the condition began")
    raised: Time = Field(description="Onset plus on-delay")
    detected: Time = Field(description="When the engine found it")
    detected_late: bool = Field(description="Found in a backlog, well after it took effect")
    cleared: Time | None
    value: Number = Field(examples=[10.61])
    limit: Number = Field(examples=[10.5])
    peak: Number = Field(examples=[10.72])
    quality: str = Field(examples=["good"])
    unverified: bool = Field(description="True while bad or missing data leaves open whether it still holds")
    acked: Time | None
    acked_by: str = Field(examples=[""])
    why: str = Field(examples=["Level 10.61 m > HH 10.5 m for 5 s"])
    kind: str = Field(description="Kind of the rule; `service` for the service itself", examples=["limit"])
    protected: bool = Field(description="The law keeps it on the list: it cannot be put aside")
    group: str = Field(description="First-out group: id of the alert that opened it")
    first_out: bool = Field(description="It came first of its group")
    chattering: bool = Field(description="At least the third of its point within a minute")
    aside_since: Time | None = Field(description="Shelved, suppressed or out of service since")
    aside_until: Time | None = Field(description="When it comes back by itself; null: when what explains it is over")
    aside_by: str = Field(description="Who put it aside; `context:<id>` or `comm:<alert id>` where that explains it")
    aside_reason: str = Field(examples=["Probe is being exchanged"])
    work_order: str = Field(examples=["WO-2026-117"])
    seq: int = Field(description="Number of its last event", examples=[4711])


class Alerts(_Shape):
    """A page of alerts."""

    items: list[AlertShape]
    next: Next
    seq: int = Field(description="Number of the last event: where the live stream goes on from", examples=[4711])


class EventShape(_Shape):
    """One change of one alert: a link of the hash chain."""

    chain: str = Field(examples=["0c1e3f52-7a77-4d4f-9a55-2f6d1ce1a0de"])
    seq: int = Field(examples=[4711])
    alert_id: str
    trigger: Trigger
    from_state: State
    to_state: State
    level: str = Field(examples=["HH"])
    actor: str = Field(description="`engine`, or the name of the key that did it", examples=["engine"])
    reason: str
    effective: Time = Field(description="When it took effect, source time")
    recorded: Time = Field(description="When it was recorded, the service's clock")
    alert: AlertShape = Field(description="The alert as it stood after this change")
    prev_hash: str
    hash: str


class AlertDetail(_Shape):
    """An alert and all that happened to it."""

    alert: AlertShape
    events: list[EventShape] = Field(description="Oldest first")
    events_complete: bool = Field(description="False: the store does not answer; only events still in memory are here")


Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern="^[^\\x00]*$")]


class AckBody(_Shape):
    """An acknowledgement names the level that was seen: it does not acknowledge a worse one that came meanwhile."""

    level: str = Field(description="The alert's `level` as you saw it", max_length=8, examples=["HH"])
    comment: Comment = Field(default="", examples=["Pump P-101 stopped, operator on site"])


class CommentBody(_Shape):
    """A remark for the record."""

    comment: Comment = Field(min_length=1, examples=["Instrument checked at 14:05, reads true"])


class FloodNow(_Shape):
    """More alarms than an operator can take in: more than 10 in 10 minutes, until fewer than 5."""

    enterprise: str | None = Field(description="null: the whole park", examples=["acme"])
    since: Time
    count: int = Field(description="Raised within the last 10 minutes", examples=[14])
    most: int = Field(description="The most that this was", examples=[31])


class GapShape(_Shape):
    """A span for which a connector was not listening."""

    connector: str = Field(description="Or `connector/device`, where one device was away", examples=["dcs"])
    from_: Time = Field(alias="from")
    to: Time
    reason: str = Field(examples=["connection lost"])
    refilled: int | None = Field(description="Samples read later from the source's history; null: it has none")


class ConnectorShape(_Shape):
    """One link to the plant, and what it says about itself."""

    id: str = Field(examples=["dcs"])
    kind: str = Field(examples=["opcua"])
    state: Literal["starting", "connected", "degraded", "disconnected", "stopped"]
    since: Time | None = Field(description="When the state last changed")
    last_received: Time | None
    last_source_time: Time | None
    silent_s: float | None = Field(description="Since the last sample was received", examples=[0.4])
    lag_s: float | None = Field(description="Newest sample: received minus source time", examples=[0.2])
    tags: int = Field(description="Tags that the caller sees", examples=[340])
    received: int = Field(examples=[123456])
    journalled: int = Field(description="Samples on disk here, and so acknowledged upstream", examples=[123450])
    messages: int
    dead_letters: int
    errors: int
    reconnects: int
    gaps: int
    last_error: str = Field(description="Empty for a caller who sees only a part of the connector's tags")
    bad_addresses: dict[str, str] = Field(description="Configured but not readable: address to reason")
    recent_gaps: list[GapShape] | None = Field(description="Last 24 h; null: the store does not answer")


class Connectors(_Shape):
    """All connectors that bring tags which the caller sees."""

    items: list[ConnectorShape]


class DeadLetterShape(_Shape):
    """Something that arrived and could not be used."""

    id: int = Field(examples=[17])
    received: Time
    origin: str = Field(description="Connector", examples=["loggers"])
    enterprise: str = Field(examples=["acme"])
    address: str = Field(examples=["park/acme/tank-1"])
    reason: str = Field(examples=["undecodable"])
    detail: str = Field(examples=["value: expected a number, got 'n/a'; send a number"])
    raw_base64: str = Field(description="The payload as it came, its first 64 KiB")
    raw_bytes: int = Field(description="Its whole length", examples=[48])


class DeadLetters(_Shape):
    """A page of dead letters, newest first."""

    items: list[DeadLetterShape]
    next: Next


class StatusShape(BaseModel):
    """The service itself. Further keys may come."""

    ready: bool
    now: Time
    data: Time | None = Field(description='Source time of the newest sample: the page\'s "data as of"')
    data_age_s: float | None = Field(examples=[0.6])
    chain: str = Field(description="Which chain of events the numbers belong to")
    seq: int = Field(description="Number of the last event", examples=[4711])
    problems: list[str] = Field(description="What a person should know or mend; empty is well")
    alerts: dict[str, int] = Field(description="Standing alerts by state", examples=[{"unack": 2, "acked": 1}])
    floods: list[FloodNow] = Field(description="Alarm floods that the caller sees")
    journal: dict[str, Any] = Field(examples=[{"rows_waiting": 3, "bytes": 1048576, "error": ""}])
    store: dict[str, Any] = Field(examples=[{"state": "up", "lag_s": 0.3, "edition": "apache", "error": ""}])
    judge: dict[str, Any] = Field(
        description="Means and exceedances: hours before `until` are judged, with data or without",
        examples=[{"state": "up", "until": "2026-11-01T00:00:00.000000Z", "error": ""}],
    )
    listeners: int = Field(description="Open live streams", examples=[3])
    cases: int = Field(description="Raised with every step of a case that the caller sees", examples=[12])
    notifications: int = Field(description="Raised with every entry of their journal", examples=[40])


class SessionShape(_Shape):
    """Who the caller is."""

    name: str = Field(description="The actor in every record", examples=["wang.fang"])
    display: str = Field(description="As people call them", examples=["王芳"])
    role: str = Field(description="See `deploy/docs/identities.md`", examples=["operator"])
    enterprise: str | None = Field(description="The one enterprise that is seen, besides what is shared; null: all")
    park: str = Field(examples=["park"])
    park_name: str = Field(examples=["Coastal Chemical Park"])
    must_change_password: bool = Field(description="Until it is changed every other route answers 403")
