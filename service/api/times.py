"""Times as the interface writes and reads them: RFC 3339, always with an offset."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: In a URL an unescaped ``+`` arrives as a space: ``2026-11-01T08:00:00 08:00``.
_LOST_PLUS = re.compile(r"(T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})$")


def rfc3339(us: int | None) -> str | None:
    """``2026-11-01T00:00:00.123456Z``; microseconds always, so that texts sort as times do. None and 0 give None."""
    if not us or us < 0:
        return None
    return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time_us(text: str) -> int:
    """Epoch microseconds. Raises ValueError naming the form wanted."""
    try:
        at = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text.strip()))
    except ValueError:
        raise ValueError("not a time; write it as 2026-11-01T08:00:00+08:00 or 2026-11-01T00:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError(f"no offset, so the time is ambiguous; write {text.strip()}+08:00 or {text.strip()}Z")
    if not 1970 < at.year < 2100:
        raise ValueError("out of range; use a year from 1971 to 2099")
    return (at - _EPOCH) // _MICROSECOND
