"""Cursors: where the next page begins, as a text that clients hand back and do not look into."""

import base64
import binascii
from typing import TypeVar

import msgspec

from service.api.problems import invalid

_Place = TypeVar("_Place")


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
        raise invalid(
            "cursor", cursor, "not a cursor of this list", "use `next` of the page before, with the same filters"
        ) from None
