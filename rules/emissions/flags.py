"""Data flags 数据标记 of HJ 212-2017 as one column of bytes, and what they are made of.

The order of the numbers is that of the standard's table; MISSING is ours: nothing came.
"""

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from park.quality import CLASS_MASK, DETAIL_MASK, DETAIL_SHIFT, HJ212_FLAGS, Detail, Quality
from rules.arrays import Bools, Bytes


class Flag(IntEnum):
    """What a value is worth. MISSING is no letter of the standard."""

    MISSING = 0
    N = 1  # 正常
    F = 2  # 停运
    M = 3  # 维护
    S = 4  # 手工输入的设定值
    D = 5  # 故障
    C = 6  # 校准
    T = 7  # 超过测量上限
    B = 8  # 通讯异常


#: Which one a period gets that holds two abnormal flags equally often: the first of these. What excuses comes last.
TIES = (Flag.D, Flag.B, Flag.M, Flag.C, Flag.T, Flag.S, Flag.F)

_FLAG_OF_DETAIL: dict[int, Flag] = {
    Detail.STOPPED: Flag.F,
    Detail.MAINTENANCE: Flag.M,
    Detail.CALIBRATION: Flag.C,
    Detail.MANUAL: Flag.S,
    Detail.SUBSTITUTE_VALUE: Flag.S,
    Detail.OVER_RANGE: Flag.T,
    Detail.OVERFLOW: Flag.T,
    Detail.ENGINEERING_UNITS_EXCEEDED: Flag.T,
    Detail.COMM_FAILURE: Flag.B,
    Detail.NOT_CONNECTED: Flag.B,
    Detail.WAITING_FOR_INITIAL_DATA: Flag.B,
    Detail.LAST_USABLE_VALUE: Flag.B,
}


def _flag_of_byte(byte: int) -> Flag:
    detail = (byte & DETAIL_MASK) >> DETAIL_SHIFT
    if byte & CLASS_MASK == Quality.GOOD:
        # "Good, local override" (OPC UA) is a value that somebody typed in.
        return Flag.S if detail == Detail.LOCAL_OVERRIDE else Flag.N
    return _FLAG_OF_DETAIL.get(detail, Flag.D)


_OF_QUALITY = np.array([_flag_of_byte(byte) for byte in range(256)], np.uint8)
_OF_ASCII = np.full(256, Flag.D, np.uint8)
_OF_ASCII[0] = Flag.N
for _flag in Flag:
    if _flag:
        _OF_ASCII[ord(_flag.name)] = _OF_ASCII[ord(_flag.name.lower())] = _flag
_TO_QUALITY = np.array([HJ212_FLAGS.get(flag.name, HJ212_FLAGS["B"]) for flag in Flag], np.uint8)


def from_quality(quality: Bytes) -> Bytes:
    """The flag of each quality byte (`park.quality`), shape kept. What is bad for no known reason is D."""
    flags: Bytes = _OF_QUALITY[quality]
    return flags


def to_quality(flags: Bytes) -> Bytes:
    """The quality byte of each flag, shape kept; MISSING becomes that of B."""
    quality: Bytes = _TO_QUALITY[flags]
    return quality


def from_ascii(codes: Bytes) -> Bytes:
    """The flag of each ASCII code, as `PeriodBatch.flag` has them. 0 (the packet had none): N; an unknown one: D."""
    flags: Bytes = _OF_ASCII[codes]
    return flags


def letter(flag: int) -> str:
    """``N``, ``D``, ...; empty for MISSING."""
    return Flag(flag).name if flag else ""


def is_in(flags: Bytes, some: Iterable[Flag]) -> Bools:
    """Where the flag is one of these."""
    table = np.zeros(len(Flag), np.bool_)
    table[list(some)] = True
    found: Bools = table[flags]
    return found


def counts(flags: Bytes) -> NDArray[np.intp]:
    """How often each flag is in each row of ``(r, c)``: ``(r, 9)``."""
    return np.stack([(flags == flag).sum(axis=1) for flag in Flag], axis=1) if len(flags) else np.zeros((0, 9), np.intp)
