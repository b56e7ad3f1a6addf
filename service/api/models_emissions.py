"""Shapes of the answers about emissions: means, exceedances, marks, gaps and rates of delivery."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from service.api.models import Next, Time, _Shape

TagName = Annotated[str, Field(examples=["acme.stack.so2"])]
Number = Annotated[float | None, Field(description="null: no such number", examples=[43.7])]
StatusName = Literal["missing", "valid", "invalid", "stopped", "marked"]
PeriodName = Annotated[Literal["hour", "day", "month"], Field(description="Length of the period")]


class LimitShape(_Shape):
    """A limit in force, with where it comes from."""

    limit: float = Field(examples=[50.0])
    lower: float | None
    unit: str = Field(examples=["mg/m3"])
    basis: str = Field(examples=["hour"])
    words: str = Field(examples=["50 mg/m3 (hour), permit 9133-001P"])
    facts: dict[str, Any] = Field(description="Row, standard, version, clause, confidence, permit, what it overrides")


class MeanShape(_Shape):
    """The mean of one period, in one of its revisions."""

    tag: TagName
    unit: str = Field(examples=["mg/m3"])
    period: PeriodName
    start: Time
    revision: int = Field(examples=[1])
    holds: bool = Field(description="False: a later revision took its place")
    judged: Time
    why: str = Field(description="`first`, `late data`, `refilled`, `marks`, `logger reported`, `recomputed`")
    value: Number
    low: Number
    high: Number
    status: StatusName
    provisional: bool = Field(description="True of months whose rule of validity nobody has held against the standard")
    parts: int = Field(description="Valid minutes of an hour, hours of a day, days of a month", examples=[58])
    flag: str = Field(description="Data flag (HJ 212-2017, 数据标记) carried up; empty: nothing came", examples=["N"])
    unmarked: Number = Field(description="The same over what is valid and not marked")
    unmarked_status: StatusName
    measured: Number = Field(description="As measured, before conversion to reference oxygen")
    measured_status: StatusName
    converted: bool
    flow: Number
    amount_kg: Number
    amount_hours: int
    present: int
    normal: int
    stopped: int
    marked: int
    late: int
    refilled: int
    minutes_differ: int = Field(description="Minutes in which our mean of the samples and the logger's own differ")
    reported: Number = Field(description="What the logger itself reports for the period")
    reported_zs: Number
    reported_flag: str
    agrees: bool | None = Field(description="null: cannot be compared")
    not_compared: str = Field(description="Why it cannot be compared", examples=["theirs missing"])


class Means(_Shape):
    """A page of means."""

    items: list[MeanShape]
    next: Next


class OutletTag(_Shape):
    """One tag of an outlet or station, and how it stands."""

    tag: TagName
    name: str
    quantity: str = Field(examples=["sulfur_dioxide"])
    unit: str
    pollutant: bool
    hour_limit: LimitShape | None
    day_limit: LimitShape | None
    last_hour: MeanShape | None


class OutletShape(_Shape):
    """An outlet or station."""

    source: str = Field(examples=["acme.stack"])
    name: str
    enterprise: str
    enterprise_name: str
    kind: str = Field(examples=["waste_gas_outlet"])
    outlet: dict[str, Any] = Field(description="What judgement goes by: the section `outlet` of the park file")
    tags: list[OutletTag]


class Outlets(_Shape):
    """All that the caller sees."""

    items: list[OutletShape]


class MinuteShape(_Shape):
    """The mean of one minute."""

    tag: TagName
    start: Time
    value: Number
    computed: Number = Field(description="Mean of our own samples")
    n: int = Field(description="Samples it was made of")
    flag: str
    origin: Literal["samples", "logger"]
    late: bool
    refilled: bool


class Minutes(_Shape):
    """The minutes of a span of two days at most."""

    items: list[MinuteShape]


class ExceedanceShape(_Shape):
    """One early warning, hour or day over its limit."""

    id: str
    kind: Literal["warning", "hour", "day"]
    tag: TagName
    enterprise: str
    source: str
    quantity: str
    start: Time
    side: Literal["high", "low"]
    value: float = Field(examples=[63.2])
    limit: float = Field(examples=[50.0])
    unit: str = Field(examples=["mg/m3"])
    provenance: dict[str, Any] = Field(description="Standard, clause, version in force at the data's time, permit")
    unmarked: bool = Field(description="False: only together with what is marked; no basis of a finding")
    state: Literal["standing", "withdrawn"]
    revision: int
    judged: Time
    over: Time | None
    why: str


class Exceedances(_Shape):
    """A page, newest first."""

    items: list[ExceedanceShape]
    next: Next


class ExceedanceEvent(_Shape):
    """One revision."""

    revision: int
    at: Time
    state: Literal["standing", "withdrawn"]
    value: float = Field(examples=[63.2])
    limit: float = Field(examples=[50.0])
    unmarked: bool
    why: str


class ExceedanceHistory(_Shape):
    """Oldest first."""

    items: list[ExceedanceEvent]


_Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2_000, pattern="^[^\\x00]*$")
]


class MarkBody(_Shape):
    """A new mark."""

    source: str = Field(examples=["acme.stack"])
    tags: list[str] = Field(default=[], max_length=100, description="Full ids; empty: all tags of the source")
    from_: str = Field(alias="from", description="RFC 3339 with offset")
    to: str
    kind: Literal["condition", "anomaly"] = Field(description="Of production or treatment; of the monitoring")
    type: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["calibration"])
    reason: _Reason


class WithdrawBody(_Shape):
    """Why a mark is taken back."""

    reason: _Reason


class MarkShape(_Shape):
    """A mark (标记) as it stands."""

    id: str
    enterprise: str
    source: str
    tags: list[str]
    from_: Time = Field(alias="from")
    to: Time
    kind: Literal["condition", "anomaly"]
    type: str
    reason: str
    author: str
    created: Time
    origin: Literal["manual", "auto"]
    withdrawn: Time | None
    withdrawn_by: str
    withdraw_reason: str


class Marks(_Shape):
    """A page, newest first."""

    items: list[MarkShape]
    next: Next


class Segment(_Shape):
    """A stretch of minutes of one state."""

    start: Time
    end: Time
    state: Literal["missing", "good", "late", "refilled", "marked", "bad", "stopped"]
    marked: bool


class TimelineOf(_Shape):
    """The gaps of one tag."""

    tag: TagName
    segments: list[Segment]


class Timelines(_Shape):
    """Segments fill the span without a hole."""

    items: list[TimelineOf]


class DeliveryShape(_Shape):
    """How well a device or a tag delivers."""

    name: str = Field(examples=["hj212/010000A8900016F000169DC0"])
    enterprise: str
    enterprise_name: str
    source: str
    hours: int
    delivered: int
    offline: int
    outages: int
    longest_outage: int
    stopped: int
    valid: int
    online_rate: float | None
    transmission_rate: float | None
    valid_rate: float | None
    transmission_efficiency: float | None
    agreement: float | None
    refilled_minutes: int
    late_minutes: int
    exceedances: int
    score: float | None


class Deliveries(_Shape):
    """Best first."""

    items: list[DeliveryShape]
