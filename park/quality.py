"""How far a sample may be believed: one byte a sample, three classes for the rules, a detail for people.

Layout of the byte: bits 0-1 the class, bits 2-6 the detail, bit 7 set by the intake on a late sample.
Sources: OPC UA Part 8 (StatusCodes of DataAccess) and HJ 212-2017 (data flags 数据标记).
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

CLASS_MASK = 0x03
DETAIL_SHIFT = 2
DETAIL_MASK = 0x7C
#: Set on a sample whose source time was not greater than the last one known for its tag when it arrived.
LATE = 0x80


class Quality(IntEnum):
    """What the rules see. A higher number is worse."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Detail(IntEnum):
    """Why a sample is less than good (or how a good one was come by); for people, never for the rules."""

    NONE = 0
    NOT_CONNECTED = 1
    COMM_FAILURE = 2
    DEVICE_FAILURE = 3
    SENSOR_FAILURE = 4
    OUT_OF_SERVICE = 5
    CONFIGURATION = 6
    WAITING_FOR_INITIAL_DATA = 7
    LAST_USABLE_VALUE = 8
    SUBSTITUTE_VALUE = 9
    INITIAL_VALUE = 10
    SENSOR_NOT_ACCURATE = 11
    ENGINEERING_UNITS_EXCEEDED = 12
    SUB_NORMAL = 13
    LOCAL_OVERRIDE = 14
    OVERFLOW = 15
    CALIBRATION = 16
    MAINTENANCE = 17
    OVER_RANGE = 18
    STOPPED = 19
    MANUAL = 20
    SIMULATED = 21


def quality_byte(quality: Quality, detail: Detail = Detail.NONE) -> int:
    """One byte that carries both."""
    return int(quality) | int(detail) << DETAIL_SHIFT


def quality_class(quality: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The class of each byte, shape kept; a class of 3 does not exist and reads as BAD."""
    classes: NDArray[np.uint8] = np.minimum(quality & CLASS_MASK, np.uint8(Quality.BAD))
    return classes


#: HJ 212-2017 data flags. F, M, D, C and B say that the value does not measure the outlet. With T it does, but the
#: truth may be higher; S was typed by a person: both may raise an alarm, marked as unverified.
HJ212_FLAGS: dict[str, int] = {
    "N": quality_byte(Quality.GOOD),
    "F": quality_byte(Quality.BAD, Detail.STOPPED),
    "M": quality_byte(Quality.BAD, Detail.MAINTENANCE),
    "S": quality_byte(Quality.UNCERTAIN, Detail.MANUAL),
    "D": quality_byte(Quality.BAD, Detail.DEVICE_FAILURE),
    "C": quality_byte(Quality.BAD, Detail.CALIBRATION),
    "T": quality_byte(Quality.UNCERTAIN, Detail.OVER_RANGE),
    "B": quality_byte(Quality.BAD, Detail.COMM_FAILURE),
}

# The code proper is in the upper 16 bits; the lower 16 are info bits (overflow, limit, semantics changed).
_OPCUA_DETAIL: dict[int, Detail] = {
    0x8031: Detail.COMM_FAILURE,  # BadNoCommunication
    0x8032: Detail.WAITING_FOR_INITIAL_DATA,
    0x8005: Detail.COMM_FAILURE,  # BadCommunicationError
    0x800D: Detail.NOT_CONNECTED,  # BadServerNotConnected
    0x808A: Detail.NOT_CONNECTED,  # BadNotConnected
    0x8089: Detail.CONFIGURATION,  # BadConfigurationError
    0x808B: Detail.DEVICE_FAILURE,
    0x808C: Detail.SENSOR_FAILURE,
    0x808D: Detail.OUT_OF_SERVICE,
    0x808E: Detail.CONFIGURATION,  # BadDeadbandFilterInvalid
    0x8033: Detail.CONFIGURATION,  # BadNodeIdInvalid
    0x8034: Detail.CONFIGURATION,  # BadNodeIdUnknown
    0x408F: Detail.LAST_USABLE_VALUE,  # UncertainNoCommunicationLastUsableValue
    0x4090: Detail.LAST_USABLE_VALUE,
    0x4091: Detail.SUBSTITUTE_VALUE,
    0x4092: Detail.INITIAL_VALUE,
    0x4093: Detail.SENSOR_NOT_ACCURATE,
    0x4094: Detail.ENGINEERING_UNITS_EXCEEDED,
    0x4095: Detail.SUB_NORMAL,
    0x0096: Detail.LOCAL_OVERRIDE,
}
_OPCUA_OVERFLOW_BITS = 0x0480  # InfoType = DataValue (0x0400) and Overflow (0x0080), OPC UA Part 4, 7.39


def from_opcua_status(code: int) -> int:
    """The quality byte of an OPC UA StatusCode: severity in bits 30-31 decides the class (Part 4, 7.39)."""
    severity = code >> 30
    quality = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)[severity]
    detail = _OPCUA_DETAIL.get(code >> 16, Detail.NONE)
    if detail is Detail.NONE and code & _OPCUA_OVERFLOW_BITS == _OPCUA_OVERFLOW_BITS:
        detail = Detail.OVERFLOW
    return quality_byte(quality, detail)


_DETAIL_NAMES = {int(detail): detail.name.lower() for detail in Detail}


def describe(byte: int) -> str:
    """``bad/sensor_failure``, ``good``, ``uncertain/over_range late``: the one text form, for API and export."""
    text = Quality(min(byte & CLASS_MASK, Quality.BAD)).name.lower()
    detail = (byte & DETAIL_MASK) >> DETAIL_SHIFT
    if detail:
        text += f"/{_DETAIL_NAMES.get(detail, detail)}"
    return text + (" late" if byte & LATE else "")
