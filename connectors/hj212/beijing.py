"""Times as HJ 212 writes them: 14 digits, or 17 with milliseconds, and no zone. It is Beijing time, UTC+08:00."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache

CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=CHINA)


def time_us(text: str) -> int | None:
    """Epoch microseconds, UTC, of ``YYYYMMDDhhmmss`` or ``YYYYMMDDhhmmsszzz``; None where it is no such time."""
    return _time_us(text) if len(text) in (14, 17) else None


@lru_cache(maxsize=8192)  # thousands of loggers send the same second
def _time_us(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
    try:
        since = datetime(year, month, day, hour, minute, second, tzinfo=CHINA) - _EPOCH
    except ValueError:
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + int(text[14:] or "0") * 1_000


def text_of(epoch_us: int, *, milliseconds: bool = False) -> str:
    """The inverse, truncated to the second or millisecond: for QN, SystemTime, BeginTime."""
    moment = _EPOCH + timedelta(microseconds=epoch_us)
    text = moment.strftime("%Y%m%d%H%M%S")
    return f"{text}{moment.microsecond // 1000:03d}" if milliseconds else text
