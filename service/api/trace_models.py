"""The shape of an upwind trace, for the documentation of the interface."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.models import Time

_FENCE, _TANK = "park.FL-NW.benzene", "hengtai.T101"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TraceStation(_Shape):
    """A weather station that was used."""

    source: str = Field(examples=["park.WS1"])
    enterprise: str = Field(examples=["park"])
    weight: float = Field(description="Its share of the mean, by nearness and data", examples=[1.0])


class TraceWind(_Shape):
    """The wind of the half hour before the rise, as a vector mean at the instrument."""

    speed_m_s: float | None = Field(description="null: no wind data to use", examples=[2.4])
    from_deg: float | None = Field(description="Where it came from, clockwise from north", examples=[135.0])
    direction_sd_deg: float | None = Field(description="Standard deviation of the direction", examples=[9.5])
    covered: float = Field(description="Share of that time within five minutes of a sample", examples=[1.0])
    calm: bool = Field(description="Below 0.5 m/s: nearly all directions are possible")
    stations: list[TraceStation]


class TraceReceptor(_Shape):
    """An instrument for the same quantity; one that did not rise is evidence, too."""

    tag: str = Field(examples=[_FENCE])
    enterprise: str = Field(examples=["park"])
    state: Literal["rose", "quiet", "no_data"]
    background: float | None = Field(description="In the trace's unit", examples=[0.02])
    peak: float | None = Field(description="Greatest mean of two minutes, in the trace's unit", examples=[0.81])
    onset: Time | None = Field(description="When it began to rise")


class TraceSignal(_Shape):
    """What a source itself had to tell in the time that counts."""

    kind: Literal["detector_rose", "gas_alert", "treatment_failed", "outlet_rose", "alert"]
    subject: str = Field(description="Tag or target of the alarm", examples=["hengtai.GD1.lel1"])
    at: Time
    minutes_before: float = Field(description="Before the rise; negative: after it", examples=[5.0])


class TraceTexts(_Shape):
    """A sentence in both languages."""

    zh: str
    en: str


class TraceSource(_Shape):
    """A source, with what speaks for it."""

    source: str = Field(examples=[_TANK])
    enterprise: str = Field(examples=["hengtai"])
    name: str = Field(examples=["苯储罐 T-101"])
    kind: str = Field(examples=["tank"])
    rank: int = Field(description="1: the likeliest; among all sources, seen or not")
    score: float = Field(description="Share of all that is thought possible", examples=[0.71])
    wind_score: float = Field(description="The same by wind and timing alone", examples=[0.42])
    distance_m: int
    bearing_deg: int = Field(description="From the instrument to the source, clockwise from north")
    off_axis_deg: float | None = Field(
        description="Off the direction the air came from; positive: to its right. null: no wind", examples=[4.0]
    )
    travel_min: float | None = Field(
        description="What the air needs; null: it did not come by within the hour", examples=[3.8]
    )
    match: Literal["same", "family", "unknown", "other"] = Field(
        description="Whether what it is said to hold shows on the instrument"
    )
    substances: list[str] = Field(description="Those that do", examples=[["benzene"]])
    signals: list[TraceSignal]
    text: TraceTexts


class TraceSentences(_Shape):
    """The same in plain words."""

    zh: list[str]
    en: list[str]


class TraceShape(_Shape):
    """Where what was smelt may have come from: a ranking with its evidence, never a verdict."""

    alert: str | None = Field(description="Id of the alert; null: asked by tag and time")
    stored: bool = Field(description="False: computed for this answer, with the data that are there now")
    revision: int = Field(description="1: when the alert had settled; 2: with data that came late; 0: not stored")
    computed: Time
    subject: str = Field(description="The tag that rose", examples=[_FENCE])
    quantity: str = Field(examples=["benzene"])
    unit: str = Field(examples=["mg/m3"])
    at: Time = Field(description="The time that was asked about")
    onset: Time = Field(description="When the rise began, as found in the samples")
    from_: Time = Field(alias="from", description="The receptors' samples of `[from, to)` were used")
    to: Time
    wind: TraceWind
    receptors: list[TraceReceptor]
    ranking: list[TraceSource] = Field(description="Likeliest first; those that the caller may see")
    others_hidden: bool = Field(description="True for a key of one enterprise: sources of others are left out")
    elsewhere: float = Field(description="Share of a place that the park file does not name", examples=[0.04])
    missing: list[Literal["no_wind", "wind_gaps", "calm", "one_receptor", "no_rise", "no_samples"]] = Field(
        description="What the trace lacks, or is weak for"
    )
    left_out: int | None = Field(description="Sources too unlikely to be looked at; null for one enterprise's key")
    samples: int = Field(description="From how many samples it was made")
    text: TraceSentences
