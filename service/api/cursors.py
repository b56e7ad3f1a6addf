"""Cursors: where the next page begins, as a text that clients hand back and do not look into."""

import base64
import binascii
from typing import Annotated, TypeVar

import msgspec

from service.api.problems import Problem, invalid

_Place = TypeVar("_Place")
#: What may stand in a cursor: what PostgreSQL and `datetime` can hold, and nothing beyond.
TimeUs = Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000_000)]
TagIx = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
RowId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


def to_cursor(place: tuple[int | str, ...]) -> str:
    """URL-safe."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def from_cursor(cursor: str | None, kind: type[_Place]) -> _Place | None:
    """The inverse; ``kind`` is a tuple type. Raises Problem on anything that `to_cursor` did not make."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind, strict=True)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise not_a_cursor(cursor) from None


def not_a_cursor(cursor: str | None) -> Problem:
    """Made by another list, or by nobody."""
    return invalid(
        "cursor", cursor, "not a cursor of this list", "use `next` of the page before, with the same filters"
    )
