"""Regulated minutes, hours, days and months: of fixed UTC+08:00, each named by its start. Epoch microseconds, UTC."""

import numpy as np

from rules.arrays import Ints

MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000
DAY_US = 86_400_000_000
#: Beijing time is ahead of UTC by this.
ZONE_US = 8 * HOUR_US


def minute_of(time_us: Ints) -> Ints:
    """Start of the minute."""
    return time_us - time_us % MINUTE_US


def hour_of(time_us: Ints) -> Ints:
    """Start of the hour."""
    return time_us - time_us % HOUR_US


def day_of(time_us: Ints) -> Ints:
    """Start of the day, midnight of UTC+08:00."""
    return time_us - (time_us + ZONE_US) % DAY_US


def month_of(time_us: Ints) -> Ints:
    """Start of the calendar month of UTC+08:00."""
    return _start_of(time_us, "M")


def year_of(time_us: Ints) -> Ints:
    """Start of the calendar year of UTC+08:00."""
    return _start_of(time_us, "Y")


def next_month(month_us: Ints) -> Ints:
    """Start of the month after; ``month_us`` are starts of months."""
    # 40 days after its start is always within the next month.
    return month_of(month_us + 40 * DAY_US)


def next_year(year_us: Ints) -> Ints:
    """Start of the year after; ``year_us`` are starts of years."""
    return year_of(year_us + 370 * DAY_US)


def is_february(month_us: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the month that begins here is a February."""
    months = (np.asarray(month_us, np.int64) + ZONE_US).astype("datetime64[us]").astype("datetime64[M]")
    found: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = months.astype(np.int64) % 12 == 1
    return found


def _start_of(time_us: Ints, unit: str) -> Ints:
    local = (np.asarray(time_us, np.int64) + ZONE_US).astype("datetime64[us]")
    starts: Ints = local.astype(f"datetime64[{unit}]").astype("datetime64[us]").astype(np.int64) - ZONE_US
    return starts
