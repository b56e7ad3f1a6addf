"""What a trace is made from: instruments that smell the air, wind stations, places that may have let something go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from rules.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Receptor:
    """One instrument and what it showed around the rise; good samples only, by time."""

    id: str
    #: Of the park's plane: see `rules.tracing.plane`.
    east_m: float
    north_m: float
    #: Epoch microseconds, ascending.
    time_us: Ints
    #: All receptors of a case in one unit.
    value: Floats
    #: In the same unit; 0 where none is known.
    detection_limit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindStation:
    """One anemometer: speed and direction are series of their own."""

    id: str
    east_m: float
    north_m: float
    speed_time_us: Ints
    speed_m_s: Floats
    direction_time_us: Ints
    #: Where the wind comes from, degrees clockwise from north.
    from_deg: Floats


class SignalKind(StrEnum):
    """What a source itself has to tell."""

    DETECTOR_ROSE = "detector_rose"
    GAS_ALERT = "gas_alert"
    TREATMENT_FAILED = "treatment_failed"
    OUTLET_ROSE = "outlet_rose"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something that happened at a source."""

    kind: SignalKind
    #: Tag or alarm target that told it.
    subject: str
    #: When it began, epoch microseconds.
    at_us: int
    #: When it was over; None: it was a moment.
    until_us: int | None = None


class Match(StrEnum):
    """Whether the source holds what the receptor smelt."""

    #: The very substance.
    SAME = "same"
    #: One of the family that the instrument answers to (organics and NMHC).
    FAMILY = "family"
    #: Nothing is declared of the source.
    UNKNOWN = "unknown"
    #: What is declared would not show on this instrument.
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that may have let something go."""

    id: str
    east_m: float
    north_m: float
    signals: Sequence[Signal] = ()
    match: Match = Match.UNKNOWN
    #: What it holds that the receptor can smell.
    substances: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Everything. The first receptor is the one whose rise is traced."""

    receptors: Sequence[Receptor]
    stations: Sequence[WindStation]
    candidates: Sequence[Candidate]
    #: The rise: about when it began, epoch microseconds.
    at_us: int
    #: ``[from_us, to_us)`` of the receptors' series that is looked at.
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindUsed:
    """The wind between the last candidate's emission and the rise, at the receptor."""

    #: Vector mean; None where there was no wind to use.
    speed_m_s: float | None
    from_deg: float | None
    #: Standard deviation of the direction over the span, degrees (Yamartino).
    direction_sd_deg: float | None
    #: Share of the time for which there was a sample within five minutes.
    covered: float
    #: Stations and the weight of each; weights sum to 1.
    stations: Sequence[tuple[str, float]] = ()
    calm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One candidate with its share of the belief and what speaks for it."""

    id: str
    rank: int
    #: Share of all that is thought possible; those of all candidates and ``elsewhere`` sum to 1.
    score: float
    #: The same from wind and timing alone.
    wind_score: float
    distance_m: float
    #: From the receptor to the source, degrees clockwise from north.
    bearing_deg: float
    #: Between that and where the wind came from, as the air travelled; positive: the source lies to the right of
    #: where the wind comes from. None: no wind.
    off_axis_deg: float | None
    #: Along the air's way to the receptor at the rise; None: no wind, or the air does not come by within the hour.
    travel_min: float | None
    #: Signals in the time that counts; minutes before the rise, negative: after it.
    signals: Sequence[tuple[Signal, float]]
    match: Match
    substances: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Smelt:
    """What one receptor contributes."""

    id: str
    #: ``rose``, ``quiet``, ``no_data``.
    state: str
    background: float | None
    peak: float | None
    #: Begin of its rise, epoch microseconds.
    onset_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The answer."""

    onset_us: int
    wind: WindUsed
    receptors: Sequence[Smelt]
    ranking: Sequence[Ranked]
    #: Share of "a place that the park file does not name".
    elsewhere: float
    #: What is missing: ``no_wind``, ``wind_gaps``, ``calm``, ``one_receptor``, ``no_rise``, ``no_samples``.
    missing: Sequence[str] = field(default_factory=tuple)
    #: Candidates that were too far or too unlikely to be looked at in detail.
    left_out: int = 0


def no_samples() -> tuple[Ints, Floats]:
    """Of a series that is empty."""
    return np.empty(0, np.int64), np.empty(0, np.float64)
