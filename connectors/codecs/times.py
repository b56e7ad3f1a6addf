"""Source times as payloads write them: epoch milliseconds or RFC 3339 with a zone."""

from datetime import UTC, datetime

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Epoch milliseconds of the years 1 to 9999, as text can write them.
MIN_MS, MAX_MS = -62_135_596_800_000, 253_402_300_799_999


class BadTime(ValueError):
    """Not a time. ``args``: the reason word and a sentence."""


def datetime_us(moment: datetime) -> int:
    """Epoch microseconds of a datetime with a zone; exact."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def time_us(value: object) -> int:
    """Epoch microseconds of what a JSON ``t`` holds. Raises BadTime; never guesses a zone."""
    if value is None:
        raise BadTime("missing_time", "no t; send the time of the device that measured (it is never filled in here)")
    if isinstance(value, int) and not isinstance(value, bool):
        if MIN_MS <= value <= MAX_MS:
            return value * 1000
        raise BadTime("bad_time", f"t is {str(value)[:40]}; send epoch milliseconds")
    if isinstance(value, str):
        return _text_us(value)
    raise BadTime("bad_time", f"t is {str(value)[:40]!r}; send epoch milliseconds (an integer) or RFC 3339 text")


def _text_us(text: str) -> int:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise BadTime(
            "bad_time", f"t is {text[:40]!r}; send RFC 3339, such as 2026-11-22T05:00:00.123Z, or epoch milliseconds"
        ) from None
    if moment.tzinfo is None:
        raise BadTime("naive_time", f"t is {text[:40]!r}, without a zone; append Z (UTC) or +08:00")
    return datetime_us(moment)
