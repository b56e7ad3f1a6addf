"""A park for recordings that come without one: one source whose tags are the recording's columns."""

import re
from collections.abc import Iterable

from park.duration import format_duration
from park.model import Park

ENTERPRISE, SOURCE = "recorded", "plant"
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")
_NO_QUANTITY = re.compile(r"[^a-z0-9_]+")


def recorded_park(columns: Iterable[str], stale_after_us: int | None = None) -> tuple[Park, dict[str, str]]:
    """The park, and the full tag id of each column. Units are not known: every value is a bare number."""
    ids: dict[str, str] = {}
    tags = []
    for column in dict.fromkeys(columns):
        tag_id = _free(_tag_id(column), ids)
        ids[tag_id] = column
        tag = {"id": tag_id, "name": column, "quantity": _quantity(column), "unit": "1"}
        tags.append(tag | ({"stale_after": format_duration(stale_after_us)} if stale_after_us else {}))
    source = {"id": SOURCE, "kind": "unit", "position": [0, 0], "tags": tags}
    enterprise = {"id": ENTERPRISE, "name": ENTERPRISE, "sources": [source]}
    park = Park.model_validate({"id": "park", "name": ENTERPRISE, "enterprises": [enterprise]})
    return park, {column: f"{ENTERPRISE}.{SOURCE}.{tag_id}" for tag_id, column in ids.items()}


def _tag_id(column: str) -> str:
    tag_id = _NO_ID.sub("_", column).lstrip("_-")[:60]
    return tag_id or "tag"


def _free(tag_id: str, taken: dict[str, str]) -> str:
    number, free = 1, tag_id
    while free in taken:
        number += 1
        free = f"{tag_id}_{number}"
    return free


def _quantity(column: str) -> str:
    return _NO_QUANTITY.sub("_", column.lower()).strip("_") or "value"
