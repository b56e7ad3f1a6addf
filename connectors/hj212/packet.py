"""The data segment (数据段) of a packet: who says what to whom. HJ 212-2017, 6.3; 2005 and 2025 are understood.

Two roads with one meaning: a segment written exactly as the standard has it is read by one expression; all others by
`connectors.hj212.misprints`, which finds out what departs and how.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from connectors.hj212.beijing import time_us
from connectors.hj212.crc import crc16
from connectors.hj212.misprints import PacketInvalid as PacketInvalid
from connectors.hj212.misprints import read_careful
from connectors.hj212.shape import Shape, shape_of
from connectors.hj212.words import COMMANDS

_PLAIN = re.compile(
    r"(?:QN=([0-9]{17});)?ST=([0-9]{2});CN=([0-9]{4});PW=([^;,&= ]+);MN=([^;,&= ]+);(?:Flag=([0-9]{1,3});)?"
    r"(?:PNUM=([0-9]{1,4});PNO=([0-9]{1,4});)?CP=&&([^&\0-\x1f]*)&&"
)
_VALUE = re.compile(r"=(//[^/]*//(?=[;,]|$)|[^;,]*)")
_CIPHER = re.compile(r"[0-9A-Za-z+/\s]{16,}={0,2}")
_VERSION_2025 = 2
#: EPC-96, of 2017 and later; 2005 has its own.
_STANDARD_MN = re.compile(r"[0-9A-F]{24}")
_GREATEST_FLAG = 255
#: The greatest that can be said of a packet's length.
_LONGEST_SEGMENT = 9999
#: CN by which the host answers an upload, and what answers a notification.
DATA_ANSWER, NOTICE_ANSWER = "9014", "9013"


class Group(NamedTuple):
    """What is said of one item: a pollutant, a piece of equipment."""

    #: ``a21026``, ``SB1``, ``i12001``; for a plain parameter (``PolId``, ``VaseNo``) its name.
    code: str
    #: Suffix -> value as sent: ``{"Rtd": "2.2", "Flag": "N"}``; for a plain parameter ``{"": value}``.
    fields: Mapping[str, str]


class Packet:
    """One packet as it was understood. Texts as sent; nothing of the content has been judged."""

    def __init__(
        self,
        *,
        qn: str,
        st: str,
        cn: str,
        pw: str,
        mn: str,
        flag: int | None,
        pnum: int | None,
        pno: int | None,
        content: str,
        deviations: tuple[str, ...] = (),
    ) -> None:
        #: Request number (请求编码) ``YYYYMMDDhhmmsszzz``, Beijing time; empty where there is none (2005).
        self.qn = qn
        #: System code (系统编码): 31 waste gas, 32 waste water, 91 answers, ...
        self.st = st
        #: Command code (命令编码): 2011 real-time data, ...
        self.cn = cn
        self.pw = pw
        #: Unique id of the device (设备唯一标识).
        self.mn = mn
        #: 0 to 255; None where there is none (2005).
        self.flag = flag
        #: Of a split packet: how many parts there are, and which this is, from 1.
        self.pnum = pnum
        self.pno = pno
        #: What stands between ``CP=&&`` and ``&&``.
        self.content = content
        parts = _VALUE.split(content)
        #: Names as sent, each with the separator before it; and the values, one for each.
        self.keys = tuple(parts[0::2])
        self.values = parts[1::2]
        #: True: the content cannot be read without a key. Only HJ 212-2025 knows that.
        self.encrypted = self.version >= _VERSION_2025 and _is_cipher(content, self.values, deviations)
        #: How the names are to be understood.
        self.shape: Shape = shape_of(self.keys)
        odd = () if self.encrypted else self.shape.deviations
        if " " in content and any(one != one.strip() for one in self.values):
            odd = (*odd, "stray_blank")
        odd = (*deviations, *odd, *_odd_head(self))
        #: What was tolerated: words of `connectors.hj212.deviations`, each once.
        self.deviations = tuple(dict.fromkeys(odd)) if odd else odd

    @property
    def wants_ack(self) -> bool:
        """The sender waits for an answer (bit A)."""
        return bool((self.flag or 0) & 1)

    @property
    def is_split(self) -> bool:
        """It is one part of several (bit D), and says which."""
        return bool((self.flag or 0) & 2) and 1 <= (self.pno or 0) <= (self.pnum or 0)

    @property
    def version(self) -> int:
        """0: HJ/T 212-2005, 1: HJ 212-2017, 2: HJ 212-2025 (provisional)."""
        return (self.flag or 0) >> 2

    @cached_property
    def cp(self) -> tuple[Group, ...]:
        """The content by item, in the order in which each is first named. Where a value came twice, the last."""
        groups: dict[str, dict[str, str]] = {}
        for (code, suffix), value in zip(self.shape.names, self.values, strict=False):
            groups.setdefault(code, {})[suffix] = value.strip()
        return tuple(Group(code, fields) for code, fields in groups.items() if code)

    @cached_property
    def params(self) -> dict[str, str]:
        """The plain parameters: ``DataTime``, ``QnRtn``, ``RestartTime``, ..."""
        return {name: self.values[place].strip() for name, place in self.shape.plain}

    def __repr__(self) -> str:
        return (
            f"Packet(MN={self.mn!r}, CN={self.cn!r}, QN={self.qn!r}, flag={self.flag}, content={self.content[:80]!r})"
        )


def parse(segment: bytes, *, strict: bool = False) -> Packet:
    """Read a data segment. Raises PacketInvalid where it is none, and in strict mode where anything is odd."""
    try:
        text = segment.decode()
    except UnicodeDecodeError:
        plain = None
    else:
        plain = _PLAIN.fullmatch(text)
    if plain is None:
        packet = Packet(**read_careful(segment))
    else:
        qn, st, cn, pw, mn, flag, pnum, pno, content = plain.groups()
        packet = Packet(
            qn=qn or "",
            st=st,
            cn=cn,
            pw=pw,
            mn=mn,
            flag=int(flag) if flag else None,
            pnum=int(pnum) if pnum else None,
            pno=int(pno) if pno else None,
            content=content,
        )
    if strict and packet.deviations:
        words = ", ".join(packet.deviations)
        raise PacketInvalid("strict", f"{words}: strict mode takes only what HJ 212-2017 allows; write it as there")
    return packet


def build(
    *,
    cn: str,
    mn: str,
    pw: str,
    st: str = "32",
    qn: str = "",
    flag: int | None = 5,
    content: str = "",
    pnum: int | None = None,
    pno: int | None = None,
) -> bytes:
    """A whole packet, ``##`` to CR LF. ``content``: what stands between ``&&`` and ``&&``. Empty fields are left out.

    Raises ValueError where it would be longer than four digits can say.
    """
    fields = [f"QN={qn}"] if qn else []
    fields += [f"ST={st}", f"CN={cn}", f"PW={pw}", f"MN={mn}"]
    fields += [f"Flag={flag}"] if flag is not None else []
    fields += [f"PNUM={pnum}", f"PNO={pno}"] if pnum is not None else []
    return frame(f"{';'.join(fields)};CP=&&{content}&&".encode())


def frame(segment: bytes) -> bytes:
    """A data segment with its length, CRC and line end. Raises ValueError where it is too long."""
    if len(segment) > _LONGEST_SEGMENT:
        raise ValueError(f"a data segment of {len(segment)} bytes; at most {_LONGEST_SEGMENT} can be said, split it")
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def _is_cipher(content: str, values: list[str], deviations: tuple[str, ...]) -> bool:
    """Not ``name=value``: bytes that are no text, or digits and letters whose only ``=`` end them (base 64)."""
    if not values:
        return bool(content.strip())
    return "not_text" in deviations or (len(values) == 1 and _CIPHER.fullmatch(content) is not None)


def _odd_head(packet: Packet) -> list[str]:
    """What is odd about the fields themselves, however they were written."""
    odd = []
    if packet.qn:
        if time_us(packet.qn) is None:
            odd.append("bad_qn")
    elif packet.version:
        odd.append("missing_qn")
    flag = packet.flag or 0
    if flag > _GREATEST_FLAG:
        odd.append("bad_flag")
    if flag & 2:
        if not packet.is_split:
            odd.append("bad_split")
    elif packet.pnum is not None or packet.pno is not None:
        odd.append("split_without_flag")
    if packet.cn and packet.cn not in COMMANDS:
        odd.append("unknown_cn")
    if packet.version and _STANDARD_MN.fullmatch(packet.mn) is None:
        odd.append("mn_form")
    return odd


def answer(packet: Packet, cn: str = DATA_ANSWER, content: str = "") -> bytes:
    """The answer to ``packet``, in its own version: same QN, ST=91, bits A and D 0 (HJ 212-2017, 6.5 and Annex C)."""
    flag = None if packet.flag is None else packet.version << 2
    return build(cn=cn, mn=packet.mn, pw=packet.pw, st="91", qn=packet.qn, flag=flag, content=content)
