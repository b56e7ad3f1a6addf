"""Numbers of metrics: which field holds them, and how signed ones are told from unsigned ones.

Protobuf carries all integers as unsigned: a negative one is its two's complement, in 32 bits or, for Int64, in 64
(specification 3.0.0, 6.4.16). Some senders complete Int8 and Int16 to 32 bits and some do not, so both are read.
"""

from collections.abc import Callable
from enum import IntEnum

from connectors.sparkplug.payload_pb2 import Metric


class DataType(IntEnum):
    """What a metric's ``datatype`` may say."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTYSET = 20
    PROPERTYSETLIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


class NoNumber(ValueError):
    """A metric whose value is no number. ``args``: the reason word and a sentence."""


def signed(value: int, bits: int) -> int:
    """The number that an unsigned one stands for. Raises NoNumber where it needs more than ``bits`` bits."""
    half = 1 << bits - 1
    if value < half:
        return value
    for width in (bits, 32, 64):
        least = (1 << width) - half
        if least <= value < 1 << width:
            return value - (1 << width)
    raise NoNumber("bad_value", f"{value} is no signed integer of {bits} bits; send the datatype that fits")


def _unsigned(value: int, bits: int) -> int:
    if value >> bits:
        raise NoNumber("bad_value", f"{value} is no unsigned integer of {bits} bits; send the datatype that fits")
    return value


_INT, _LONG, _FLOAT, _DOUBLE, _BOOLEAN = "int_value", "long_value", "float_value", "double_value", "boolean_value"
#: Datatype -> the field its value belongs in, and what makes a number of it; None: it is one.
_RULES: dict[int, tuple[str, Callable[[float], float] | None]] = {
    DataType.INT8: (_INT, lambda value: signed(int(value), 8)),
    DataType.INT16: (_INT, lambda value: signed(int(value), 16)),
    DataType.INT32: (_INT, lambda value: signed(int(value), 32)),
    DataType.INT64: (_LONG, lambda value: signed(int(value), 64)),
    DataType.UINT8: (_INT, lambda value: _unsigned(int(value), 8)),
    DataType.UINT16: (_INT, lambda value: _unsigned(int(value), 16)),
    DataType.UINT32: (_INT, None),
    DataType.UINT64: (_LONG, None),
    DataType.FLOAT: (_FLOAT, None),
    DataType.DOUBLE: (_DOUBLE, None),
    DataType.BOOLEAN: (_BOOLEAN, None),
    DataType.DATETIME: (_LONG, None),
}
#: What other fields a number is taken from where the sender mixed them up: no digit is lost.
_MIXED_UP = {
    _INT: (_LONG,),
    _LONG: (_INT,),
    _FLOAT: (_DOUBLE,),
    _DOUBLE: (_FLOAT,),
    _BOOLEAN: (_INT, _LONG),
}
#: Datatypes that a field alone stands for, where neither data nor birth name one.
_IMPLIED = {_FLOAT: DataType.FLOAT, _DOUBLE: DataType.DOUBLE, _BOOLEAN: DataType.BOOLEAN}


def is_number(datatype: int) -> bool:
    """Whether its values can be samples. Where no datatype is known, the value decides."""
    return datatype in _RULES or datatype == DataType.UNKNOWN


def number(metric: Metric, datatype: int, note: Callable[[str], None]) -> float:
    """The value of a metric that is not null, as a float: beyond 2**53 an integer is rounded.

    ``note`` is told of departures that did no harm. Raises NoNumber.
    """
    field, convert = field_of(datatype)
    if field and metric.HasField(field):
        value = getattr(metric, field)
        return float(value) if convert is None else convert(value)
    return _unusual(metric, datatype, note)


def field_of(datatype: int) -> tuple[str, Callable[[float], float] | None]:
    """Where a value of that type belongs, and what makes a number of it (None: it is one). No number: no field."""
    return _RULES.get(datatype, ("", None))


def _unusual(metric: Metric, datatype: int, note: Callable[[str], None]) -> float:
    field = metric.WhichOneof("value")
    if field is None:
        raise NoNumber("no_value", "neither a value nor is_null; send one of them")
    if datatype == DataType.UNKNOWN:
        if field not in _IMPLIED:
            raise NoNumber("unknown_type", f"a {field} without datatype, here and in the birth; send the datatype")
        datatype = _IMPLIED[field]
        note("no_datatype")
        return float(getattr(metric, field))
    own_field, convert = field_of(datatype)
    if not own_field:
        raise NoNumber("not_numeric", f"datatype {type_name(datatype)} is no number; map a metric that is one")
    value = getattr(metric, field)
    if field not in _MIXED_UP[own_field] or (field == _INT and own_field == _LONG and value >> 31):
        raise NoNumber("wrong_field", f"datatype {type_name(datatype)} and a {field}; send it as {own_field}")
    if own_field == _BOOLEAN and value > 1:
        raise NoNumber("bad_value", f"{value} is no Boolean; send it as {own_field}")
    if datatype == DataType.UINT32:
        _unsigned(value, 32)
    note("wrong_field")
    return float(value) if convert is None else convert(value)


_NAMES = {int(one): one.name for one in DataType}


def type_name(datatype: int) -> str:
    """``FLOAT``, or the number of one that the specification does not have."""
    return _NAMES.get(datatype, str(datatype))
