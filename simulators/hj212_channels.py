"""What hangs on a data logger: its analysers, states and clock, as the tags of a park file describe them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from park.index import TagInfo
from park.model import SourceKind
from park.quality import HJ212_FLAGS, LATE, Quality
from park.units import UnknownUnit, factor_offset
from simulators.frame import Frame
from simulators.hj212_means import Sample

_FLOWS = ("a00000", "w00000", "B01", "B02")
_OXYGEN = ("a19001", "S01")
#: Codes of pollutants in flue gas, which are converted to reference oxygen.
_CONVERTED = ("a2", "a3")
#: Above it there is more air than flue gas, and conversion would multiply noise.
_MOST_OXYGEN = 20.0
_FLAG_OF = {byte: flag for flag, byte in HJ212_FLAGS.items()}
_SYSTEM_OF = {
    SourceKind.WASTE_GAS_OUTLET: 31,
    SourceKind.WASTE_WATER_OUTLET: 32,
    SourceKind.AIR_STATION: 22,
    SourceKind.FENCE_LINE: 27,
}


def flag_of(quality: int) -> str:
    """The data flag (数据标记) that says most nearly what a quality byte says."""
    plain = quality & ~LATE
    if plain in _FLAG_OF:
        return _FLAG_OF[plain]
    return {int(Quality.GOOD): "N", int(Quality.UNCERTAIN): "S"}.get(plain & 3, "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One analyser."""

    code: str
    ix: int
    decimals: int
    #: End of its range; what lies there carries flag T.
    high: float
    #: Kilograms (cubic metres for the flow itself) a second, for a value of 1 and a flow of 1; 0: not an amount.
    amount: float
    #: Whether it is converted to reference oxygen.
    converted: bool

    @property
    def is_flow(self) -> bool:
        """The outlet's flow."""
        return self.code in _FLOWS

    @property
    def is_concentration(self) -> bool:
        """Something with an amount, and not the flow."""
        return self.amount > 0 and not self.is_flow

    def text(self, value: float) -> str:
        """As it is sent."""
        return f"{value:.{self.decimals}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An equipment state (``SB1``) or a field information (``i12001``) and its tag."""

    code: str
    ix: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """All of one logger."""

    channels: tuple[Channel, ...]
    equipment: tuple[State, ...]
    information: tuple[State, ...]
    system: int
    o2_reference: float | None

    @property
    def water(self) -> bool:
        """Whether one abnormal value spoils a period."""
        return self.system == _SYSTEM_OF[SourceKind.WASTE_WATER_OUTLET]

    @property
    def tags(self) -> list[int]:
        """Of everything on it."""
        states = (*self.equipment, *self.information)
        return [one.ix for one in self.channels] + [one.ix for one in states]


def wire(infos: Sequence[TagInfo], *, system: int | None, o2_reference: float | None) -> Wiring:
    """From the tags of one MN. Addresses with another suffix than ``-Rtd`` are worked out by the logger itself."""
    named = [(info, *_split(info)) for info in infos]
    flow = next((info for info, code, suffix in named if code in _FLOWS and suffix == "Rtd"), None)
    channels = [
        _channel(info, code, flow, o2_reference)
        for info, code, suffix in named
        if suffix == "Rtd" and not code.startswith(("SB", "i"))
    ]
    return Wiring(
        channels=tuple(channels),
        equipment=tuple(State(code=code, ix=info.ix) for info, code, _ in named if code.startswith("SB")),
        information=tuple(State(code=code, ix=info.ix) for info, code, _ in named if code.startswith("i")),
        system=system or _SYSTEM_OF.get(infos[0].source.kind, 31),
        o2_reference=o2_reference,
    )


def _split(info: TagInfo) -> tuple[str, str]:
    code, _, suffix = info.address.partition("-")
    return code, suffix or "Rtd"


def _channel(info: TagInfo, code: str, flow: TagInfo | None, o2_reference: float | None) -> Channel:
    high = info.tag.span[1] if info.tag.span else math.inf
    digits = math.ceil(math.log10(high)) if math.isfinite(high) and high > 0 else 2
    return Channel(
        code=code,
        ix=info.ix,
        decimals=min(max(4 - digits, 0), 4),
        high=high,
        amount=_amount(info, code, flow),
        converted=o2_reference is not None and code.startswith(_CONVERTED),
    )


def _amount(info: TagInfo, code: str, flow: TagInfo | None) -> float:
    if flow is None:
        return 0.0
    try:
        cubic_metres_s = factor_offset(flow.tag.unit, "m3/s")[0]
        return cubic_metres_s if code in _FLOWS else cubic_metres_s * factor_offset(info.tag.unit, "kg/m3")[0]
    except (UnknownUnit, ValueError):  # no concentration: a temperature, an acidity
        return 0.0


@dataclass(slots=True, kw_only=True)
class Bench:
    """The analysers at work: reads a frame, calibrates when told to."""

    wiring: Wiring
    #: Code -> (from, to) of a calibration under way, logger's time.
    calibrating: dict[str, tuple[int, int]] = field(default_factory=dict)

    def read(self, frame: Frame, time_us: int, lasts_us: int) -> dict[Channel, Sample]:
        """One sample of each analyser that answers; ``lasts_us``: until the next, for amounts."""
        there = [one for one in self.wiring.channels if frame.present[one.ix]]
        raw = {one: self._raw(one, frame, time_us) for one in there}
        flow = next((value for one, (value, _) in raw.items() if one.is_flow), math.nan)
        oxygen = next((value for one, (value, _) in raw.items() if one.code in _OXYGEN), math.nan)
        return {
            one: Sample(
                value=value,
                flag=flag,
                zs=self._converted(one, value, oxygen),
                amount=self._discharged(one, value, flow) * lasts_us / 1e6,
                flow=flow,
            )
            for one, (value, flag) in raw.items()
        }

    def _raw(self, one: Channel, frame: Frame, time_us: int) -> tuple[float, str]:
        value = float(frame.value[one.ix])
        span = self.calibrating.get(one.code)
        if span is not None and span[0] <= time_us < span[1]:
            # Zero gas first, then span gas.
            at_zero = time_us < (span[0] + span[1]) // 2
            return (0.0 if at_zero or not math.isfinite(one.high) else 0.8 * one.high), "C"
        flag = flag_of(int(frame.quality[one.ix]))
        return value, "T" if flag == "N" and value >= one.high else flag

    def _converted(self, one: Channel, value: float, oxygen: float) -> float:
        reference = self.wiring.o2_reference
        if not one.converted or reference is None or not oxygen < _MOST_OXYGEN:
            return math.nan
        return value * (21.0 - reference) / (21.0 - oxygen)

    @staticmethod
    def _discharged(one: Channel, value: float, flow: float) -> float:
        if one.amount <= 0:
            return math.nan
        return one.amount * (flow if one.is_flow else value * flow)


@dataclass(slots=True, kw_only=True)
class DeviceClock:
    """A logger's own idea of the time. ``base``: the plant's clock, epoch microseconds."""

    drift_ppm: float
    ahead_us: int
    #: A fault's doing, or a recording's.
    skew_us: int = 0
    _set_at_us: int | None = None

    def read(self, base_us: int) -> int:
        """What it shows."""
        if self._set_at_us is None:
            self._set_at_us = base_us
        drifted = round((base_us - self._set_at_us) * self.drift_ppm / 1e6)
        return base_us + self.ahead_us + self.skew_us + drifted

    def set(self, time_us: int, base_us: int) -> None:
        """Somebody puts it right, or wrong."""
        self._set_at_us = base_us
        self.ahead_us = time_us - base_us - self.skew_us
