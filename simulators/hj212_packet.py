"""Telegrams of HJ 212 as a data logger writes and reads them: the standard's own CRC, frames, times.

Written for the simulators alone: host and logger meet over the wire, and neither knows the other's code.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

_CHINA = timezone(timedelta(hours=8))
_LENGTH_AT, _SEGMENT_AT, _CHECKSUM_SIZE = 2, 6, 4
#: Longest data segment of a command that a logger has room for (HJ 212-2017, 6.3: 1024).
_LONGEST = 1024
#: Pairs of one item, in the order sent: ``[("a21026-Rtd", "12.3"), ("a21026-Flag", "N")]``.
Group = Sequence[tuple[str, str]]


def checksum(data: bytes) -> int:
    """CRC of a data segment, HJ 212-2017 Annex A: each step shifts first and throws the low byte away."""
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


def modbus_checksum(data: bytes) -> int:
    """CRC-16/MODBUS, which some loggers send by mistake."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


def frame(segment: bytes, *, crc: int | None = None, lower: bool = False, tail: bytes = b"\r\n") -> bytes:
    """A whole telegram; ``crc`` None: the right one."""
    digits = b"%04X" % (checksum(segment) if crc is None else crc)
    return b"##%04d" % len(segment) + segment + (digits.lower() if lower else digits) + tail


def beijing(time_us: int, *, millis: bool = False) -> str:
    """``YYYYMMDDhhmmss``, with ``zzz`` where asked: the protocol's times are Beijing time."""
    moment = datetime.fromtimestamp(time_us // 1000 / 1000, _CHINA)
    text = moment.strftime("%Y%m%d%H%M%S")
    return f"{text}{time_us // 1000 % 1000:03d}" if millis else text


def from_beijing(text: str) -> int:
    """Epoch microseconds, UTC, of ``YYYYMMDDhhmmss``. Raises ValueError."""
    moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=_CHINA)
    return round(moment.astimezone(UTC).timestamp()) * 1_000_000


class Told(NamedTuple):
    """What a host said."""

    qn: str
    st: str
    cn: int
    pw: str
    mn: str
    flag: int
    #: Parameters, by name.
    cp: dict[str, str]

    @property
    def wants_answer(self) -> bool:
        """Bit A of Flag."""
        return bool(self.flag & 1)


class Ear:
    """Cuts what a host sends into telegrams. A logger has no patience: what is not right is not heard."""

    def __init__(self) -> None:
        self._held = b""
        #: Telegrams that were not right.
        self.unheard = 0

    def feed(self, data: bytes) -> list[Told]:
        """The telegrams that are complete now."""
        self._held += data
        heard: list[Told] = []
        while True:
            start = self._held.find(b"##")
            if start < 0:
                self._held = self._held[-1:]
                return heard
            self._held = self._held[start:]
            if len(self._held) < _SEGMENT_AT:
                return heard
            size = self._size()
            if size is None:
                self._held = self._held[2:]
                self.unheard += 1
                continue
            end = _SEGMENT_AT + size + _CHECKSUM_SIZE
            if len(self._held) < end:
                return heard
            segment, digits = self._held[_SEGMENT_AT : end - _CHECKSUM_SIZE], self._held[end - _CHECKSUM_SIZE : end]
            told = _read(segment) if digits.upper() == b"%04X" % checksum(segment) else None
            self._held = self._held[2 if told is None else end :]
            if told is None:
                self.unheard += 1
            else:
                heard.append(told)

    def _size(self) -> int | None:
        digits = self._held[_LENGTH_AT:_SEGMENT_AT]
        return int(digits) if digits.isdigit() and int(digits) <= _LONGEST else None


_FIELDS = re.compile(r"(\w+)=([^;]*)")


def _read(segment: bytes) -> Told | None:
    try:
        head, _, rest = segment.decode("utf-8").partition("CP=&&")
        fields = dict(_FIELDS.findall(head))
        pairs = (part.partition("=") for part in re.split("[;,]", rest.removesuffix("&&")) if part.strip())
        return Told(
            qn=fields.get("QN", ""),
            st=fields.get("ST", ""),
            cn=int(fields["CN"]),
            pw=fields.get("PW", ""),
            mn=fields.get("MN", ""),
            flag=int(fields.get("Flag", "0")),
            cp={name.strip(): value.strip() for name, _, value in pairs},
        )
    except (ValueError, KeyError):
        return None
