"""Parameters that several routes share."""

from typing import Annotated

from fastapi import Query

from service.api.problems import invalid
from service.api.times import parse_time_us

_FORM = "RFC 3339 with an offset: `2026-11-01T08:00:00+08:00` (the `+` as `%2B`) or `2026-11-01T00:00:00Z`"

FromParam = Annotated[str | None, Query(alias="from", description=f"Not before; {_FORM}")]
ToParam = Annotated[str | None, Query(description=f"Before; {_FORM}")]


def time_us(field: str, text: str | None) -> int | None:
    """Epoch microseconds. Raises Problem 422."""
    if text is None:
        return None
    try:
        return parse_time_us(text)
    except ValueError as error:
        problem, _, fix = str(error).partition("; ")
        raise invalid(field, text, problem, fix) from None
