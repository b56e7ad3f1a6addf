"""Sparkplug B payloads as an edge node makes them: metrics with alias, time, quality; births with names and units.

``sparkplug_pb2`` is a copy of what protobuf's compiler makes of ``connectors/sparkplug/payload.proto``.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from park.index import TagInfo
from park.quality import CLASS_MASK, Quality
from simulators.sparkplug_pb2 import Metric, Payload, PropertySet, PropertyValue

_INT32, _INT64, _DOUBLE, _BOOLEAN, _STRING = 3, 4, 10, 11, 12
#: Quality codes of the specification (6.4.9.1); good needs none.
_CODES = {Quality.UNCERTAIN: 500, Quality.BAD: 0}


class Reading(NamedTuple):
    """What an instrument showed."""

    #: Epoch milliseconds, UTC.
    t_ms: int
    value: float
    #: A byte of `park.quality`.
    quality: int


class Signal(NamedTuple):
    """A tag as an edge node knows it."""

    ix: int
    name: str
    alias: int
    unit: str
    discrete: bool

    @staticmethod
    def of(info: TagInfo, alias: int) -> "Signal":
        """``alias`` is unique within the edge node."""
        return Signal(info.ix, info.address, alias, info.tag.unit, info.tag.discrete)


def metric(signal: Signal, reading: Reading, *, birth: bool = False, historical: bool = False) -> Metric:
    """With its name at a birth, by its alias alone otherwise."""
    one = Metric(alias=signal.alias, datatype=_INT64 if signal.discrete else _DOUBLE)
    if reading.t_ms:  # else it has shown nothing yet
        one.timestamp = reading.t_ms
    keys: list[str] = []
    values: list[PropertyValue] = []
    if birth:
        one.name = signal.name
        if signal.unit:
            keys.append("engUnit")
            values.append(PropertyValue(type=_STRING, string_value=signal.unit))
    if historical:
        one.is_historical = True
    code = _CODES.get(Quality(min(reading.quality & CLASS_MASK, Quality.BAD)))
    if code is not None:
        keys.append("Quality")
        values.append(PropertyValue(type=_INT32, int_value=code))
    if keys:
        one.properties.CopyFrom(PropertySet(keys=keys, values=values))
    if not math.isfinite(reading.value):
        one.is_null = True
    elif signal.discrete:
        one.long_value = round(reading.value) % (1 << 64)
    else:
        one.double_value = reading.value
    return one


def bd_seq(number: int) -> Metric:
    """Number of a session, in its birth and in its death."""
    return Metric(name="bdSeq", datatype=_INT64, long_value=number)


def death(number: int) -> bytes:
    """NDEATH: without seq and without a time that would mean anything."""
    return Payload(metrics=[bd_seq(number)]).SerializeToString()


def rebirth_control() -> Metric:
    """What a host writes to have the births again."""
    return Metric(name="Node Control/Rebirth", datatype=_BOOLEAN, boolean_value=False)


def payload(metrics: Sequence[Metric], t_ms: int, seq: int) -> bytes:
    """Any message but NDEATH."""
    return Payload(timestamp=t_ms, metrics=metrics, seq=seq).SerializeToString()


def asks_rebirth(command: bytes) -> bool:
    """Whether an NCMD asks for the births."""
    return any(one.name == "Node Control/Rebirth" and one.boolean_value for one in Payload.FromString(command).metrics)
