"""What the HJ 212 server is told: where to listen, which data loggers (数采仪) there are, how much each may ask."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.base import ConnectorConfig
from park.duration import DurationUs
from park.model import Id

_S_US = 1_000_000
_MIN_US = 60 * _S_US
_KIB, _MIB = 1024, 1024 * 1024
#: HJ 212-2017 table 9: what MinInterval may be, minutes.
MINUTE_INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
#: Connections from one address where nothing else is said.
_USUAL_PER_ADDRESS = 200

Version = Literal["2005", "2017", "2025"]
SystemCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class _Part(BaseModel):
    # What stands in a device's entry is never echoed in an error: one of its fields is the password.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DeviceDefaults(_Part):
    """What holds for every data logger whose own entry is silent about it."""

    #: Access password PW (访问密码). It goes over the wire in clear, so it identifies and protects nothing.
    #: None: not checked.
    password: SecretStr | None = None
    #: What the logger speaks. None: what its Flag says, packet by packet.
    version: Version | None = None
    #: True: a packet that departs from the standard in any way is refused.
    strict: bool = False
    #: System code ST for our commands, before the logger has sent its own.
    st: SystemCode = "32"
    #: Its minute interval (MinInterval). None: learnt from what comes.
    minute_interval: DurationUs | None = None
    #: False: never asked for history.
    history: bool = True

    @model_validator(mode="after")
    def _known_interval(self) -> "DeviceDefaults":
        if self.minute_interval is not None and self.minute_interval not in [m * _MIN_US for m in MINUTE_INTERVALS]:
            known = ", ".join(f"{m}m" for m in MINUTE_INTERVALS)
            raise ValueError(f"minute_interval: HJ 212 knows {known}; use one of them")
        return self


class DeviceConfig(DeviceDefaults):
    """One data logger."""

    #: Its unique identity MN (设备唯一标识): what ``from: {device: ...}`` names in the park file.
    mn: Id
    #: Whose it is. None: that of the tags which the park file reads from it.
    enterprise: Id | None = None


class HistoryConfig(_Part):
    """How what an outage left missing is asked for (2051, 2061, 2031)."""

    enabled: bool = True
    #: A logger that is back first sends what it had kept: until nothing old has come for so long, it is not asked.
    settle: DurationUs = Field(default=_MIN_US, ge=0)
    #: After a start of the service, minutes are asked for from so long before what the journal last had: the absence
    #: before this one may not have been made up for.
    look_back: DurationUs = Field(default=10 * _MIN_US, ge=0)
    #: Nothing older than this is asked for.
    reach: DurationUs = Field(default=7 * 86_400 * _S_US, gt=0)
    #: Periods asked for in one request, at most.
    periods_a_request: int = Field(default=60, ge=1, le=10_000)
    #: Pause between two requests to one logger.
    pause: DurationUs = Field(default=2 * _S_US, ge=0)
    #: Loggers that are asked at the same time.
    at_once: int = Field(default=20, ge=1, le=1_000)
    #: After a logger did not answer; doubles up to the second.
    retry_first: DurationUs = Field(default=_MIN_US, gt=0)
    retry_max: DurationUs = Field(default=60 * _MIN_US, gt=0)
    #: A logger that refuses is not asked for the same kind of data again for so long.
    ask_refusing_again: DurationUs = Field(default=24 * 60 * _MIN_US, gt=0)


class Hj212Config(ConnectorConfig):
    """One listening port."""

    model_config = ConfigDict(hide_input_in_errors=True)

    kind: Literal["hj212"]
    host: str = Field(default="0.0.0.0", min_length=1)
    #: 0: any free one.
    port: int = Field(ge=0, le=65_535)

    devices: tuple[DeviceConfig, ...] = ()
    #: More of them: YAML (``devices: [...]``) or CSV with a header line, the same fields.
    devices_file: Path | None = None
    #: For what an entry does not say, and for loggers that only the park file names.
    defaults: DeviceDefaults = DeviceDefaults()

    #: Answer a logger that asks for the time (1013) by setting its clock (1012).
    set_clocks: bool = False
    #: Calibration, sampling, cleaning, parameters (3011-3017, 3021): commands that act on the plant's instruments.
    allow_control: bool = False
    #: HJ 212: a command is answered within 10 s, or sent again up to 3 times.
    answer_timeout: DurationUs = Field(default=10 * _S_US, gt=0)
    resends: int = Field(default=3, ge=0, le=99)
    #: From acceptance (9011) to the result (9012), or from one packet of data to the next.
    execution_timeout: DurationUs = Field(default=60 * _S_US, gt=0)

    #: A logger that was away for less leaves no gap.
    gap_after: DurationUs = Field(default=60 * _S_US, gt=0)
    history: HistoryConfig = HistoryConfig()

    max_connections: int = Field(default=5_000, ge=1)
    #: None: 200; any number from this machine itself, where a proxy or simulators may be.
    max_connections_per_address: int | None = Field(default=None, ge=1)
    #: A connection over which no known logger has spoken by then is closed.
    identify_within: DurationUs = Field(default=5 * _MIN_US, gt=0)
    #: One over which nothing has come for so long is closed; real-time intervals go up to an hour.
    idle_timeout: DurationUs = Field(default=70 * _MIN_US, gt=0)
    #: Faster senders are read more slowly; so many may come at once.
    max_frames_per_s: float = Field(default=200.0, gt=0)
    burst_frames: int = Field(default=2_000, ge=1)
    #: Rejected pieces in a row, without a valid frame between them, after which a connection is closed.
    max_rejects: int = Field(default=20, ge=1)
    #: Dead letters an hour from one address over which no known logger has spoken; more are only counted.
    max_letters_per_hour: int = Field(default=200, ge=1)
    #: Received and not yet in the journal, of one connection and of all; at the limit we stop reading.
    max_unjournalled_bytes_per_connection: int = Field(default=256 * _KIB, ge=4 * _KIB)
    max_unjournalled_bytes: int = Field(default=64 * _MIB, ge=_MIB)
    #: Acknowledgements that a peer has not read; at the limit it is closed.
    max_unread_bytes: int = Field(default=64 * _KIB, ge=_KIB)

    #: Wait this long for more frames before decoding what is there: many in one batch cost less.
    gather: DurationUs = Field(default=5_000, ge=0, le=_S_US)
    #: Pauses between attempts to listen, where the port is taken: doubled each time.
    retry_first: DurationUs = Field(default=_S_US, gt=0)
    retry_max: DurationUs = Field(default=30 * _S_US, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_defaults(cls, given: object) -> object:
        """Here, where it still shows which fields an entry has."""
        if not isinstance(given, Mapping) or not isinstance(given.get("devices"), (list, tuple)):
            return given
        defaults = given.get("defaults")
        if not isinstance(defaults, Mapping):
            return given
        entries = [{**defaults, **one} if isinstance(one, Mapping) else one for one in given["devices"]]
        return {**given, "devices": entries}

    @model_validator(mode="after")
    def _consistent(self) -> "Hj212Config":
        if self.retry_max < self.retry_first:
            raise ValueError("retry_max is shorter than retry_first")
        if self.history.retry_max < self.history.retry_first:
            raise ValueError("history.retry_max is shorter than history.retry_first")
        names = [one.mn for one in self.devices]
        twice = sorted({mn for mn in names if names.count(mn) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise ValueError(f"devices: {', '.join(twice)} stand there twice; an MN is unique")
        return self

    def connections_from(self, address: str) -> int:
        """How many may come from one address."""
        if self.max_connections_per_address is not None:
            return self.max_connections_per_address
        try:
            own = ip_address(address).is_loopback
        except ValueError:
            own = False
        return self.max_connections if own else _USUAL_PER_ADDRESS
