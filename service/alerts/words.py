"""Times in the sentences of the record: UTC+08:00, exact to the second, the same wherever they are written."""

from datetime import UTC, datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHINA = timezone(timedelta(hours=8))


def at(us: int) -> str:
    """``2026-11-22 08:00:05 +08:00``; a time that no calendar has is given as microseconds."""
    try:
        return (_EPOCH + timedelta(microseconds=us)).astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S +08:00")
    except OverflowError:
        return f"{us} µs"
