"""Times of day and days of fixed UTC+08:00, for sentences."""

from datetime import date

_ZONE_US = 8 * 3_600_000_000
_MINUTE_US = 60_000_000
_DAY_US = 86_400_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def hour_minute(time_us: int) -> str:
    """``10:37``; the minute that has begun."""
    minute = (time_us + _ZONE_US) % _DAY_US // _MINUTE_US
    return f"{minute // 60:02d}:{minute % 60:02d}"


def day(time_us: int) -> str:
    """``2027-01-16``"""
    return date.fromordinal(_EPOCH_DAY + (time_us + _ZONE_US) // _DAY_US).isoformat()


def moment(time_us: int, seen_from_us: int) -> str:
    """``10:37``, with its day where that is another."""
    same = day(time_us) == day(seen_from_us)
    return hour_minute(time_us) if same else f"{day(time_us)} {hour_minute(time_us)}"


def span(begin_us: int, end_us: int) -> str:
    """``10:00-11:00``; ``2027-01-16`` for a whole day."""
    if end_us - begin_us == _DAY_US and (begin_us + _ZONE_US) % _DAY_US == 0:
        return day(begin_us)
    return f"{hour_minute(begin_us)}-{moment(end_us, begin_us)}"
