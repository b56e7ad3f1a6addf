"""What holds for every payload: found by hypothesis, not thought of one by one."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from connectors.codecs import json_careful
from connectors.codecs.base import Rows
from tests.unit.connectors.codecs.parks import NAMES, NOON_US, Outcome, decode
from tests.unit.connectors.codecs.schema import SCHEMA

_TAGS = ["TK-101.LI-101", "TK-101.TI-101", "E001.TK-101.LI-101", "press"]
_IDS = {
    "TK-101.LI-101": "E001.TK-101.LI-101",
    "TK-101.TI-101": "E001.TK-101.TI-101",
    "E001.TK-101.LI-101": "E001.TK-101.LI-101",
    "press": "E001.TK-101.PI-101",
}
_CODES = {"good": 0, "uncertain": 1, "bad": 2}

_tags = st.sampled_from(_TAGS)
_values = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53))
_qualities = st.sampled_from(list(_CODES))
_moments_ms = st.integers(-62_135_596_800_000, 253_402_300_799_999)
_zones = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
_datetimes = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=_zones)
#: (as written, epoch microseconds)
_times = st.one_of(
    _moments_ms.map(lambda ms: (ms, ms * 1000)), _datetimes.map(lambda moment: (moment.isoformat(), _us(moment)))
)

Row = tuple[str, int, float, int]


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@st.composite
def _singles(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    tag, value, quality, (t, time_us) = draw(_tags), draw(_values), draw(_qualities), draw(_times)
    return {"tag": tag, "t": t, "v": value, "q": quality}, [(_IDS[tag], time_us, float(value), _CODES[quality])]


@st.composite
def _lists(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    singles = draw(st.lists(_singles(), min_size=1, max_size=20))
    return {"samples": [one for one, _ in singles]}, [row for _, rows in singles for row in rows]


@st.composite
def _moments(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    (t, time_us), quality = draw(_times), draw(_qualities)
    values = draw(st.dictionaries(_tags, _values, min_size=1))
    rows = [(_IDS[tag], time_us, float(value), _CODES[quality]) for tag, value in values.items()]
    return {"t": t, "values": values, "q": quality}, rows


@st.composite
def _columns(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    tag, times = draw(_tags), draw(st.lists(_times, min_size=1, max_size=20))
    values = draw(st.lists(_values, min_size=len(times), max_size=len(times)))
    qualities = draw(st.lists(_qualities, min_size=len(times), max_size=len(times)))
    rows = [
        (_IDS[tag], time_us, float(value), _CODES[quality])
        for (_, time_us), value, quality in zip(times, values, qualities, strict=True)
    ]
    return {"tag": tag, "t": [t for t, _ in times], "v": values, "q": qualities}, rows


@st.composite
def _tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    times = draw(st.lists(_times, min_size=1, max_size=10))
    column = st.lists(_values, min_size=len(times), max_size=len(times))
    values = draw(st.dictionaries(_tags, column, min_size=1))
    rows = [
        (_IDS[tag], time_us, float(value), 0)
        for tag, numbers in values.items()
        for (_, time_us), value in zip(times, numbers, strict=True)
    ]
    return {"t": [t for t, _ in times], "values": values}, rows


_messages = st.one_of(_singles(), _lists(), _moments(), _columns(), _tables())

_scraps = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), _tags, _qualities, _datetimes.map(str)
)
_junk = st.recursive(
    _scraps, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_tags | st.text(max_size=4), inner, max_size=4)
)
_odd_messages = st.fixed_dictionaries(
    {},
    optional={
        "tag": _tags | _junk,
        "t": _moments_ms | st.lists(_moments_ms, max_size=3) | _junk,
        "v": _values | st.lists(_values, max_size=3) | _junk,
        "q": _qualities | _junk,
        "u": st.sampled_from(["m", "°C", "kPa", "ppm"]) | _junk,
        "units": st.dictionaries(_tags, st.sampled_from(["m", "kPa"])) | _junk,
        "values": st.dictionaries(_tags, _values | st.lists(_values, max_size=3) | _junk, max_size=3) | _junk,
        "samples": st.lists(
            st.fixed_dictionaries({}, optional={"tag": _tags | _junk, "t": _moments_ms | _junk, "v": _values | _junk}),
            max_size=3,
        )
        | _junk,
    },
)


@given(_messages)
def test_what_was_sent_is_what_is_stored(message: tuple[dict[str, Any], list[Row]]) -> None:
    payload, rows = message
    outcome = decode(json.dumps(payload).encode())
    assert not outcome.refusals
    assert outcome.rows == rows


@given(st.binary(max_size=300) | st.text().map(str.encode) | _junk.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_samples_or_a_reason_and_never_an_exception(payload: bytes) -> None:
    outcome = decode(payload)
    assert len(outcome.batch) or outcome.refusals


@given(_odd_messages)
@settings(max_examples=400)
def test_the_fast_road_and_the_careful_one_agree(message: dict[str, Any]) -> None:
    payload = json.dumps(message).encode()
    rows = Rows()
    refusals = json_careful.decode(payload, NAMES["E001"], rows)
    careful = Outcome(rows.batch(received_us=NOON_US, origin="gate"), refusals)
    fast = decode(payload)
    assert fast.reasons == careful.reasons
    assert [_comparable(row) for row in fast.rows] == [_comparable(row) for row in careful.rows]
    assert fast.rows or fast.refusals


@given(_odd_messages)
@settings(max_examples=400)
def test_the_schema_allows_whatever_the_decoder_takes_whole(message: dict[str, Any]) -> None:
    message = _without_unused(message)
    if not decode(json.dumps(message).encode()).refusals:
        Draft202012Validator(SCHEMA).validate(message)


@given(_messages)
def test_the_schema_allows_every_good_message(message: tuple[dict[str, Any], list[Row]]) -> None:
    Draft202012Validator(SCHEMA).validate(message[0])


@given(_messages)
@settings(max_examples=25)
def test_a_message_cut_off_anywhere_gives_no_sample(message: tuple[dict[str, Any], list[Row]]) -> None:
    payload = json.dumps(message[0]).encode()
    for length in range(len(payload)):
        outcome = decode(payload[:length])
        assert outcome.reasons == ["undecodable"]
        assert not outcome.rows


def _without_unused(message: dict[str, Any]) -> dict[str, Any]:
    """The decoder does not look at what is said of tags that do not occur; the schema cannot know which these are."""
    if isinstance(message.get("samples"), list):  # each sample may say itself what the message says wrongly
        return {key: value for key, value in message.items() if key in ("samples", "tag", "values")}
    values = message.get("values")
    tags = list(values) if isinstance(values, dict) else [message.get("tag")]
    return {
        key: {tag: one for tag, one in value.items() if tag in tags}
        if key in ("units", "q") and isinstance(value, dict)
        else value
        for key, value in message.items()
    }


def _comparable(row: Row) -> tuple[object, ...]:
    return (*row[:2], "NaN" if math.isnan(row[2]) else row[2], row[3])
