"""Faults by script: what goes wrong, where, when, for how long and how badly.

Times count from the scenario's start on the clock that stamps the samples; sizes of plant faults are in the plant's
own units. ``target`` names, as far as the kind allows, a tag (``ent.source.tag``), a source (``ent.source``), an
enterprise (``ent``), a device (``connector/device``) or a whole connector (``connector``).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from park.duration import DurationUs


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    target: str = Field(min_length=1)
    #: When it begins, after the scenario's start.
    at_us: DurationUs = Field(alias="at")
    #: How long it lasts.
    for_us: DurationUs = Field(alias="for", gt=0)

    def active(self, since_start_us: int) -> bool:
        """Whether it acts at that moment: from its beginning up to, not including, its end."""
        return self.at_us <= since_start_us < self.at_us + self.for_us


class Leak(_Fault):
    """A flange or pump seal of the target source lets go."""

    kind: Literal["leak"]
    #: Vapour that reaches the air, kg/s.
    size: float = Field(gt=0)
    #: What leaks; None: the first chemical of the source's hazard declaration.
    chemical: str | None = None


class Overfill(_Fault):
    """A tank is filled on past where its campaign would stop."""

    kind: Literal["overfill"]
    #: Rise of the level, % of the tank a minute (plant time).
    size: float = Field(gt=0)


class Runaway(_Fault):
    """A vessel loses its cooling and its contents begin to react."""

    kind: Literal["runaway"]
    #: Self-heating at the beginning, K a minute (plant time); it grows as it heats.
    size: float = Field(gt=0)


class TreatmentFailure(_Fault):
    """A treatment unit (RTO, incinerator, scrubber) fails; its outlets in the same enterprise follow."""

    kind: Literal["treatment_failure"]
    #: How many times its normal value an outlet's pollutant rises to.
    size: float = Field(gt=1)


class Bypass(_Fault):
    """The valve past a treatment unit opens: its outlets emit what comes in, while its chamber stays hot."""

    kind: Literal["bypass"]
    #: How many times its normal value an outlet's pollutant rises to.
    size: float = Field(gt=1)


class Disturbance(_Fault):
    """The Tennessee Eastman plant of the target enterprise takes the recorded road of a disturbance."""

    kind: Literal["disturbance"]
    #: Name of the recording.
    run: Literal["idv01", "idv06", "idv13"]


class Frozen(_Fault):
    """An instrument goes on sending the value it had; good quality, fresh time."""

    kind: Literal["frozen"]


class Bias(_Fault):
    """An instrument is off by a constant."""

    kind: Literal["bias"]
    #: In the tag's unit.
    size: float


class BadQuality(_Fault):
    """Samples come marked as not to be used, or as doubtful."""

    kind: Literal["bad_quality"]
    quality: Literal["bad", "uncertain"] = "bad"


class Calibration(_Fault):
    """An analyser is being calibrated: zero gas, then span gas, marked as that (data flag C, 校准)."""

    kind: Literal["calibration"]


class Maintenance(_Fault):
    """Somebody works at the instrument: it stands still, marked as that (data flag M, 维护)."""

    kind: Literal["maintenance"]


class DropOut(_Fault):
    """Nothing comes any more."""

    kind: Literal["drop_out"]


class ClockSkew(_Fault):
    """The device's clock is wrong."""

    kind: Literal["clock_skew"]
    #: Seconds ahead (+) or behind (-).
    size: float


class ServerRestart(_Fault):
    """The OPC UA server of the target connector goes away and comes back when the fault ends."""

    kind: Literal["server_restart"]


class Storm(_Fault):
    """The target sends its samples many times over, each with a time of its own."""

    kind: Literal["storm"]
    #: How many times as many.
    size: int = Field(gt=1)


class CrcErrors(_Fault):
    """A data logger's line spoils telegrams: their CRC is wrong, and the host keeps silent."""

    kind: Literal["crc_errors"]
    #: Share of the telegrams.
    share: float = Field(default=1.0, gt=0, le=1)


class HalfFrames(_Fault):
    """Telegrams of a data logger end half-way, and the next one follows."""

    kind: Literal["half_frames"]
    #: Share of the telegrams.
    share: float = Field(default=1.0, gt=0, le=1)


class WrongMn(_Fault):
    """A data logger reports under a number that nobody knows: somebody has changed its settings."""

    kind: Literal["wrong_mn"]


class Duplicates(_Fault):
    """Every telegram of a data logger comes several times over."""

    kind: Literal["duplicates"]
    #: How many times.
    size: int = Field(default=2, gt=1)


class Reorder(_Fault):
    """A data logger's telegrams overtake each other."""

    kind: Literal["reorder"]


class LinkDown(_Fault):
    """A data logger or edge node has no network: it goes on measuring, and says it all afterwards."""

    kind: Literal["link_down"]


class LostMessages(_Fault):
    """Messages of a Sparkplug edge node are lost on the way; their sequence numbers are missing."""

    kind: Literal["lost_messages"]
    #: Share of the messages.
    share: float = Field(default=0.2, gt=0, le=1)


class NoBirth(_Fault):
    """A Sparkplug edge node begins anew, with new aliases, and says so only when it is asked."""

    kind: Literal["no_birth"]


#: Faults of the wire between a data logger, or an edge node, and its host; the target's suffer them.
WireFault = CrcErrors | HalfFrames | WrongMn | Duplicates | Reorder | LinkDown | LostMessages | NoBirth

Fault = Annotated[
    Leak
    | Overfill
    | Runaway
    | TreatmentFailure
    | Bypass
    | Disturbance
    | Frozen
    | Bias
    | BadQuality
    | Calibration
    | Maintenance
    | DropOut
    | ClockSkew
    | ServerRestart
    | Storm
    | CrcErrors
    | HalfFrames
    | WrongMn
    | Duplicates
    | Reorder
    | LinkDown
    | LostMessages
    | NoBirth,
    Field(discriminator="kind"),
]
