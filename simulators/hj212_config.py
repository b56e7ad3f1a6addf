"""What a fleet of data loggers is told."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from park.duration import DurationUs
from park.model import Id
from simulators.hj212_profiles import Profile


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Calibrations(_Model):
    """Analysers that calibrate by themselves (自动校准)."""

    #: First one after the logger's start, and how often from then on.
    first: DurationUs = Field(default=3_600_000_000, ge=0)
    every: DurationUs = Field(default=86_400_000_000, gt=0)
    lasts: DurationUs = Field(default=600_000_000, gt=0)


class LoggerConfig(_Model):
    """One logger, where it is not like all others."""

    profile: Profile = Profile.STANDARD_2017
    password: str = Field(default="123456", min_length=1, max_length=64)
    #: System code; None: by the kind of its sources (31 waste gas, 32 waste water, 22 air, 27 VOC).
    st: int | None = Field(default=None, ge=10, le=99)
    #: Its clock gains so much: millionths, 10 is a second a day or so.
    drift_ppm: float = 0.0
    #: Its clock is ahead at the start, seconds.
    ahead_s: float = 0.0
    #: It asks its host for the time (1013) when it starts, and once a day.
    asks_time: bool = False
    #: Pollutants in one packet; None: as many as it has room for.
    split_at: PositiveInt | None = None
    #: Reference oxygen it converts to, %; None: what the park file says of the outlet.
    o2_reference: float | None = Field(default=None, ge=0, lt=21)
    calibrations: Calibrations | None = None
    #: Uploads it keeps for a line that is down; None: as many as all others.
    buffer: PositiveInt | None = None


class FleetConfig(_Model):
    """All of them."""

    #: The connector whose tags they send. A device is a logger: its id is the MN.
    connector: Id = "hj212"
    host: str = "127.0.0.1"
    port: int = Field(default=9212, gt=0, lt=65_536)
    #: Analysers are read so often (HJ 212-2017, Annex D: 5 s).
    sample_every: DurationUs = Field(default=5_000_000, gt=0)
    #: RtdInterval and MinInterval, until the host sets others; 0: none are sent.
    realtime_every: DurationUs = Field(default=30_000_000, ge=0)
    minute: DurationUs = Field(default=60_000_000, gt=0)
    heartbeat_every: DurationUs = Field(default=60_000_000, gt=0)
    #: Wall clock. How long an answer is waited for, how often it is said again, when a lost line is tried anew.
    ack_timeout: DurationUs = Field(default=10_000_000, gt=0)
    resends: int = Field(default=3, ge=0, le=20)
    backoff: DurationUs = Field(default=1_000_000, gt=0)
    most_backoff: DurationUs = Field(default=30_000_000, gt=0)
    #: Uploads kept for a line that is down, for each logger.
    buffer: PositiveInt = 2_000
    #: Periods kept for a host that asks: minutes; hours and days are kept for as long as a year has.
    archive: PositiveInt = 2_880
    #: Loggers' clocks run so many times as fast as ours, and began at this time (epoch microseconds) when the first
    #: frame was played: days in minutes. They never overtake ours.
    clock_speed: float = Field(default=1.0, gt=0)
    clock_from_us: int | None = None
    #: Every mean that any of them makes is written here too, a JSON line each: what a test holds the host against.
    ledger: Path | None = None
    #: MN -> how this one differs.
    loggers: dict[Id, LoggerConfig] = {}
