"""Packets (通讯包) out of a byte stream: ``##``, four digits of length, data segment, four hex digits of CRC, CR LF.

How the bytes were cut into TCP segments makes no difference to what comes out. Whatever happens, the next packet that
begins with ``##`` and four digits is found again, and no byte is held for longer than it takes to decide about it.
"""

import re
from typing import NamedTuple

from connectors.hj212.crc import crc16, explain_crc

#: The longest data segment of HJ 212-2017; four digits can say up to 9999, and longer ones are met.
STANDARD_SEGMENT = 1024
HEAD_BYTES, CRC_BYTES = 6, 4
#: A whole packet of the greatest length there is, with its end.
LONGEST = HEAD_BYTES + 9999 + CRC_BYTES + 2

_HEAD = re.compile(rb"##([0-9]{4})")
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
#: Nothing is lost where only these stand between packets.
_BLANKS = re.compile(rb"[ \t\r\n\0]+")
#: Noise without a line end is told of in pieces of this size.
_NOISE_BYTES = 4096


class Frame(NamedTuple):
    """One packet whose length and CRC are right."""

    #: As it came, from ``##`` to the line end.
    raw: bytes
    #: The data segment (数据段): see `connectors.hj212.packet.parse`.
    segment: bytes
    #: What was tolerated in the framing; words of `connectors.hj212.deviations`.
    deviations: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """Bytes that are no packet. The device gets no answer (HJ 212-2017: a wrong CRC ends the execution)."""

    raw: bytes
    #: ``bad_crc``, ``bad_length``, ``bad_header``, ``truncated``, ``no_tail``, ``noise``; of strict mode ``strict``.
    reason: str
    #: A sentence for a person: the field, the value, the fix.
    detail: str


class Framer:
    """Cuts one connection's bytes into packets. Holds at most ``max_buffer`` bytes between calls.

    ``strict``: what departs from the standard's framing (a bare LF, a long segment, blanks between packets) is
    rejected; otherwise it is tolerated and told in `Frame.deviations`.
    """

    def __init__(self, *, max_buffer: int = 2 * LONGEST, strict: bool = False) -> None:
        """Raises ValueError where ``max_buffer`` cannot hold the longest packet."""
        if max_buffer < LONGEST:
            raise ValueError(f"max_buffer is {max_buffer}; a packet may have {LONGEST} bytes")
        self._max_buffer = max_buffer
        self._strict = strict
        self._held = b""
        #: Of the held bytes, how many have been searched for the next head or the line end.
        self._searched = 0
        #: Blanks stood before the packet that comes next.
        self._stray = False

    @property
    def held(self) -> int:
        """Bytes that wait for more: of a packet that is not whole yet."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame | Rejected]:
        """What is complete with ``data``, in the order in which it came. Raises nothing."""
        data = self._held + data if self._held else data
        found: list[Frame | Rejected] = []
        at, end = 0, len(data)
        while at < end:
            used = self._take(data, at, found)
            if not used:
                break
            at += used
            self._searched = 0
        self._held = data[at:]
        return found

    def close(self) -> list[Frame | Rejected]:
        """The stream has ended: what is still held, as the rejections it now is."""
        data, self._held, self._searched = self._held, b"", 0
        found: list[Frame | Rejected] = []
        if data:
            found.append(_unfinished(data))
        return found

    def _take(self, data: bytes, at: int, found: list[Frame | Rejected]) -> int:
        """How many bytes from ``at`` on were decided about; 0: more must come first."""
        head = _HEAD.match(data, at)
        if head is None:
            return self._take_noise(data, at, found)
        crc_at = at + HEAD_BYTES + int(head[1])
        end = crc_at + CRC_BYTES
        if data.find(b"##", at + HEAD_BYTES, end) >= 0 and (inner := _HEAD.search(data, at + HEAD_BYTES, end)):
            return self._take_line(data, at, inner.start(), found)
        if len(data) < end:
            return 0
        segment = data[at + HEAD_BYTES : crc_at]
        if not _crc_fits(segment, data[crc_at:end]):
            return self._take_damaged(data, at, found)
        return self._take_frame(data, at, end, segment, found)

    def _take_frame(self, data: bytes, at: int, end: int, segment: bytes, found: list[Frame | Rejected]) -> int:
        odd: tuple[str, ...] = ()
        tail = data[end : end + 2]
        if tail in (b"", b"\r"):
            return 0
        if tail == b"\r\n":
            used = end + 2 - at
        elif tail.startswith(b"\n"):
            used, odd = end + 1 - at, ("lf_only",)
        elif tail.startswith(b"\r"):
            used, odd = end + 1 - at, ("cr_only",)
        else:
            found.append(Rejected(data[at:end], "no_tail", "no CR LF after the CRC; end every packet with CR LF"))
            return end - at
        self._found(data[at : at + used], segment, odd, found)
        return used

    def _take_damaged(self, data: bytes, at: int, found: list[Frame | Rejected]) -> int:
        """A packet whose CRC is not where its length says: its line tells more."""
        limit = at + self._max_buffer
        inner = _HEAD.search(data, max(at + HEAD_BYTES, at + self._searched - HEAD_BYTES), limit)
        line_end = data.find(b"\n", at + self._searched, inner.start() if inner else limit)
        if line_end >= 0:
            return self._take_line(data, at, line_end + 1, found)
        if inner is not None or len(data) >= limit:
            return self._take_line(data, at, inner.start() if inner else limit, found)
        self._searched = len(data) - at
        return 0

    def _take_line(self, data: bytes, at: int, end: int, found: list[Frame | Rejected]) -> int:
        """Decide about a packet that ends at ``end`` whatever its length says."""
        raw = data[at:end]
        segment = _line_segment(raw)
        if segment is not None and _characters(segment) == int(raw[2:6]) != len(segment):
            self._found(
                raw, segment, ("length_in_characters",) + (() if raw.endswith(b"\r\n") else ("lf_only",)), found
            )
        else:
            found.append(_damaged(raw, segment))
        return end - at

    def _take_noise(self, data: bytes, at: int, found: list[Frame | Rejected]) -> int:
        """Bytes before the next head: up to it, or to a line end, or a piece."""
        if blanks := _BLANKS.match(data, at):
            self._stray = True
            return blanks.end() - at
        limit = at + _NOISE_BYTES
        line_end = data.find(b"\n", at + self._searched, limit)
        begin = max(at, at + self._searched - HEAD_BYTES)
        head = _HEAD.search(data, begin, limit + HEAD_BYTES - 1 if line_end < 0 else line_end)
        if head is not None:
            end = head.start()
        elif line_end >= 0:
            end = line_end + 1
        elif len(data) >= limit + HEAD_BYTES - 1:
            end = limit
        else:
            self._searched = len(data) - at
            return 0
        found.append(_noise(data[at:end]))
        return end - at

    def _found(self, raw: bytes, segment: bytes, odd: tuple[str, ...], found: list[Frame | Rejected]) -> None:
        if self._stray:
            odd = (*odd, "stray_bytes")
            self._stray = False
        if len(segment) > STANDARD_SEGMENT:
            odd = (*odd, "long_segment")
        if odd and self._strict:
            found.append(
                Rejected(raw, "strict", f"{', '.join(odd)}: strict mode takes only what HJ 212-2017 6.3 allows")
            )
        else:
            found.append(Frame(raw, segment, odd))


def _crc_fits(segment: bytes, digits: bytes) -> bool:
    return _HEX.fullmatch(digits) is not None and int(digits, 16) == crc16(segment)


def _line_segment(raw: bytes) -> bytes | None:
    """The data segment of a line that is a whole packet but for its length; None where it is not."""
    line = raw.rstrip(b"\r\n")
    segment, digits = line[HEAD_BYTES:-CRC_BYTES], line[-CRC_BYTES:]
    whole = len(raw) > len(line) >= HEAD_BYTES + CRC_BYTES and _crc_fits(segment, digits)
    return segment if whole else None


def _characters(segment: bytes) -> int:
    """How many characters of UTF-8; -1 where it is not UTF-8."""
    try:
        return len(segment.decode())
    except UnicodeDecodeError:
        return -1


def _damaged(raw: bytes, segment: bytes | None) -> Rejected:
    says = int(raw[2:6])
    if segment is not None:
        detail = f"length says {says}, and the data segment has {len(segment)} bytes; count its bytes, and nothing else"
        return Rejected(raw, "bad_length", detail)
    line = raw.rstrip(b"\r\n")
    body = line[HEAD_BYTES:]
    if len(body) == says + CRC_BYTES:
        digits = body[-CRC_BYTES:]
        if _HEX.fullmatch(digits) is None:
            return Rejected(raw, "bad_crc", f"CRC is {digits!r}; send four hex digits")
        return Rejected(raw, "bad_crc", explain_crc(body[:-CRC_BYTES], int(digits, 16)))
    if len(body) < says + CRC_BYTES:
        detail = f"length says {says}, and {len(body)} bytes follow, CRC included; the packet was cut off"
        return Rejected(raw, "truncated", detail)
    detail = f"length says {says}, and {len(body)} bytes follow, CRC included; neither length nor CRC fits"
    return Rejected(raw, "bad_length", detail)


def _noise(raw: bytes) -> Rejected:
    if b"#" in raw or b"&&" in raw or b"MN=" in raw:
        return Rejected(raw, "bad_header", "a packet begins with ## and four digits of length; these bytes do not")
    return Rejected(raw, "noise", f"{len(raw)} bytes between packets; send nothing but packets on this connection")


def _unfinished(data: bytes) -> Rejected:
    head = _HEAD.match(data)
    if head is None:
        return _noise(data)
    end = HEAD_BYTES + int(head[1]) + CRC_BYTES
    if len(data) <= end + 1 and _crc_fits(data[HEAD_BYTES : end - CRC_BYTES], data[end - CRC_BYTES : end]):
        return Rejected(data, "no_tail", "no CR LF after the CRC; end every packet with CR LF")
    return _damaged(data, _line_segment(data))
