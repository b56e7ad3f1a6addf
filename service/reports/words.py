"""Times, numbers and signs as the reports write them, in every format the same."""

import re
from datetime import UTC, datetime, timedelta, timezone

from service.reports.model import Cell, Column, Sign

BEIJING = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Sign -> (before the number, after it).
AROUND = {
    Sign.NONE: ("", ""),
    Sign.INVALID: ("(", ")"),
    Sign.MARKED: ("", "*"),
    Sign.EXCEEDED: ("", "▲"),
    Sign.WARNING: ("", "△"),
}
#: For the legend, and for CSV, whose numbers stay bare.
MEANING = {
    Sign.INVALID: "无效 invalid",
    Sign.MARKED: "已标记 marked",
    Sign.EXCEEDED: "超标 exceeded",
    Sign.WARNING: "预警 warning",
}
LEGEND = "▲ 超标 exceeded　△ 预警 warning　* 已标记 marked　( ) 无效，不参与评判 invalid, not judged"


def local(time_us: int) -> datetime:
    """In fixed UTC+08:00."""
    return (_EPOCH + timedelta(microseconds=time_us)).astimezone(BEIJING)


def minute(time_us: int) -> str:
    """``2026-11-01 08:00``"""
    return f"{local(time_us):%Y-%m-%d %H:%M}"


def span(start_us: int, end_us: int) -> str:
    """Two times; the end is excluded."""
    return f"{minute(start_us)} – {minute(end_us)} (UTC+08:00)"


def number(value: float, digits: int | None) -> str:
    """With ``digits`` decimals."""
    return f"{value:.{digits}f}" if digits is not None else f"{value:g}"


def text(cell: Cell, column: Column) -> str:
    """For paper: with its sign."""
    if cell.value is None:
        return "—" if cell.sign is Sign.NONE else "".join(AROUND[cell.sign])
    plain = cell.value if isinstance(cell.value, str) else number(cell.value, column.digits)
    before, after = AROUND[cell.sign]
    return f"{before}{plain}{after}"


def heading(column: Column) -> str:
    """Title and unit."""
    return with_unit(column.title, column.unit)


def with_unit(title: str, unit: str) -> str:
    """``SO2 (mg/m3)``"""
    return f"{title} ({unit})" if unit else title


def file_name(*parts: str) -> str:
    """ASCII, without an ending."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(part for part in parts if part))
