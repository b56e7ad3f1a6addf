"""Times in commands and periods: their digits, RFC 3339, and where periods begin in Beijing time (UTC+08:00)."""

from datetime import datetime

from connectors.hj212.beijing import text_of, time_us

_ZONE_US = 8 * 3_600_000_000


def digits(epoch_us: int, *, milliseconds: bool = False) -> str:
    """``YYYYMMDDhhmmss`` of epoch microseconds, UTC; with milliseconds as a QN has them."""
    return text_of(epoch_us, milliseconds=milliseconds)


def from_digits(text: str) -> int | None:
    """The inverse of `digits`; None where it is no such time."""
    return time_us(text)


def parse_rfc3339(text: str) -> int:
    """Epoch microseconds, UTC. Raises ValueError where it is no time, or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; append +08:00")
    return round(moment.timestamp() * 1e6)


def floor_us(epoch_us: int, length_us: int) -> int:
    """Start of the period of this length, counted from midnight in Beijing, in which a moment lies."""
    return epoch_us - (epoch_us + _ZONE_US) % length_us


def ceil_us(epoch_us: int, length_us: int) -> int:
    """The first such start that is not before a moment."""
    return floor_us(epoch_us + length_us - 1, length_us)
