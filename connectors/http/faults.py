"""What may be wrong with one row: the words they are counted by, the field each is about, and the cure."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One kind of mistake."""

    #: As in a dead letter.
    reason: str
    #: Of the row: ``tag``, ``time``, ``value``, ``quality``, ``unit``; empty: the whole row.
    field: str
    #: What is wrong and how to put it right.
    cure: str


#: By code; a row with the code 0 is good. Where a row has several, the first in this order is told.
FAULTS: tuple[Fault, ...] = (
    Fault("", "", ""),
    Fault("bad_shape", "", "not a row of the expected form"),
    Fault("unknown_tag", "tag", "there is no such tag; write source.tag as in the park file"),
    Fault("foreign_tag", "tag", "belongs to another enterprise; send under your own only"),
    Fault("ambiguous_tag", "tag", "several tags have this name; send the full id enterprise.source.tag"),
    Fault("wrong_connector", "tag", "comes another way, the park file says; correct `from` there"),
    Fault("missing_time", "time", "no time; send the time of the device that measured (it is never filled in here)"),
    Fault("bad_time", "time", "not a time; send ISO 8601 with an offset, such as 2026-11-22T13:00:00+08:00"),
    Fault("naive_time", "time", "no offset from UTC; append +08:00 (Beijing) or Z (UTC)"),
    Fault("bad_quality", "quality", "send good, uncertain or bad"),
    Fault("not_a_number", "value", "not a number; send one, or leave it empty (null, NaN) with quality bad"),
    Fault("unit_mismatch", "unit", "cannot be converted; send the tag's own unit"),
    Fault("future", "time", "ahead of the service's clock; set the device's clock (NTP)"),
    Fault("past", "time", "older than the park takes; check the device's clock and the unit of the time"),
    Fault("conflicting_duplicate", "value", "the request has another value for this tag and time; the first was kept"),
)
CODE: dict[str, int] = {fault.reason: code for code, fault in enumerate(FAULTS)}
