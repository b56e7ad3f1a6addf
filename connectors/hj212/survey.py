"""What a packet's values hold, whatever tags there are: for people who look at packets without a park."""

from connectors.codecs.base import Refusal
from connectors.hj212.beijing import time_us
from connectors.hj212.packet import Packet
from connectors.hj212.plan import DATA_CNS, INFORMATION
from connectors.hj212.values import read_flag, read_number, why_no_number

#: Suffixes whose values are no numbers.
_TEXTS = frozenset({"", "EFlag", "SN", "Flag", "SampleTime"})
TIMES = frozenset({"DataTime", "SystemTime", "BeginTime", "EndTime", "RestartTime"})


def survey(packet: Packet) -> tuple[tuple[str, ...], list[Refusal]]:
    """Words for what is odd about the values and is tolerated; and what cannot be read."""
    if packet.encrypted:
        return (), [Refusal("needs_key", "CP is encrypted (HJ 212-2025); without the key it is kept as it is")]
    odd: dict[str, None] = {}
    wrong: list[Refusal] = []
    for place, ((code, suffix), text) in enumerate(zip(packet.shape.names, packet.values, strict=False)):
        name = f"{code}-{suffix}" if suffix else code
        if suffix == "SampleTime" or name in TIMES:
            if time_us(text.strip()) is None:
                wrong.append(Refusal("bad_time", f"{name} is {text[:40]!r}, which is no date and time"))
        elif suffix == "Flag":
            read_flag(text, odd)
        elif packet.cn in DATA_CNS and suffix not in _TEXTS and not (packet.cn == INFORMATION and "//" in text):
            value = None if place in packet.shape.broken else read_number(text, odd)
            if value is None:
                wrong.append(Refusal("bad_value", why_no_number(name, text)))
    return tuple(odd), wrong
