"""Shapes of the answers about key figures."""

from typing import Annotated, Literal

from pydantic import Field

from rules.kpi.norms import KpiNorms
from service.api.models import Time, _Shape

Rule = Annotated[str, Field(examples=["tag-limits"])]
Target = Annotated[str, Field(examples=["acme.tank-1.li-101"])]
Side = Annotated[str, Field(examples=["high"])]
Share = Annotated[float, Field(description="0 to 1", examples=[0.12])]
Band = Literal["acceptable", "manageable", "overloaded"]


class RateShape(_Shape):
    """Alarms per period against the bands."""

    mean: float = Field(description="Over the whole span, scaled to one period", examples=[0.8])
    max: int = Field(description="In the fullest period", examples=[7])
    band: Band = Field(description="Of the mean")
    periods: int = Field(description="Periods that the span touches", examples=[144])
    share: dict[Band, float] = Field(description="Of the periods, by band", examples=[{"acceptable": 1.0}])


class FloodShape(_Shape):
    """More alarms than anybody can follow."""

    begin: Time
    end: Time | None = Field(description="null: it goes on at the end of the span")
    count: int = Field(description="Alarms in it", examples=[34])
    peak: int = Field(description="The most within ten minutes", examples=[19])


class StandingShape(_Shape):
    """An alarm that stands, or stood within the span, for too long."""

    alert_id: str
    rule: Rule
    target: Target
    side: Side
    priority: int = Field(examples=[3])
    raised: Time
    stood_s: float = Field(description="Until it was cleared, or until the end of the span", examples=[90000.0])
    stands: bool = Field(description="At the end of the span")


class ChatterShape(_Shape):
    """An alarm that came again and again."""

    rule: Rule
    target: Target
    side: Side
    bursts: int = Field(examples=[1])
    count: int = Field(description="Occurrences in the bursts", examples=[5])
    peak: int = Field(description="The most within a minute", examples=[4])
    first: Time
    last: Time


class PriorityShape(_Shape):
    """How many alarms of a priority there were."""

    priority: int = Field(examples=[1])
    count: int = Field(examples=[2])
    share: Share
    recommended: Share


class ActorShape(_Shape):
    """One of the most frequent alarms."""

    rule: Rule
    target: Target
    side: Side
    count: int = Field(examples=[17])
    share: Share


class AckShape(_Shape):
    """From raised to acknowledged."""

    acknowledged: int = Field(examples=[20])
    unacknowledged: int = Field(examples=[1])
    median_s: float | None = Field(description="Seconds; null: nothing was acknowledged", examples=[41.0])
    p90_s: float | None = Field(description="Nine in ten within this; nearest rank", examples=[190.0])


class KpiShape(_Shape):
    """All key figures of the span."""

    alarms: int = Field(description="Raised within the span", examples=[21])
    per_10min: RateShape
    per_day: RateShape
    floods: list[FloodShape]
    flood_share: float = Field(description="Of the span's time, 0 to 1", examples=[0.01])
    standing: list[StandingShape] = Field(description="The longest first")
    chattering: list[ChatterShape] = Field(description="The most restless first")
    priorities: list[PriorityShape]
    bad_actors: list[ActorShape] = Field(description="The most frequent first")
    bad_actors_share: float = Field(description="Of all alarms, those of the bad actors together", examples=[0.5])
    ack: AckShape


class KpiGroup(_Shape):
    """The figures of one enterprise, source or operator position."""

    id: str = Field(description="Empty: belongs to none, or nobody has acknowledged it", examples=["acme"])
    name: str = Field(examples=["Acme Chemicals"])
    kpi: KpiShape


class Kpis(_Shape):
    """Key figures of a span."""

    from_: Time = Field(alias="from")
    to: Time
    by: Literal["enterprise", "source", "operator"] | None
    all: KpiShape
    groups: list[KpiGroup] = Field(description="By id; empty without `by`")
    norms: KpiNorms = Field(description="What they are held against, and where each number comes from")
