"""Days, ISO weeks, months in fixed UTC+08:00, with names that sort: ``2026-11-01``, ``2026-W45``, ``2026-11``."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from service.reports.words import BEIJING, local

Every = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """``[start, end)``, epoch microseconds."""

    start_us: int
    end_us: int
    name: str


def period_at(every: Every, time_us: int) -> Period:
    """The one that the time falls into."""
    day = local(time_us).date()
    if every == "day":
        return _period(day, day + timedelta(days=1), day.isoformat())
    if every == "week":
        monday = day - timedelta(days=day.weekday())
        year, week, _ = monday.isocalendar()
        return _period(monday, monday + timedelta(days=7), f"{year}-W{week:02d}")
    return month_of(f"{day:%Y-%m}")


def before(every: Every, period: Period) -> Period:
    """The one that ends where this one begins."""
    return period_at(every, period.start_us - 1)


def month_of(text: str) -> Period:
    """``2026-11``. Raises ValueError."""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
        raise ValueError("not a month; write 2026-11")
    first = date.fromisoformat(f"{text}-01")
    return _period(first, (first + timedelta(days=32)).replace(day=1), text)


def begin_us(day: date) -> int:
    """Midnight in UTC+08:00."""
    return round(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()) * 1_000_000


def _period(first: date, following: date, name: str) -> Period:
    return Period(begin_us(first), begin_us(following), name)
