"""A park of any size to measure on: every tag with four limits and a time-out."""

from park.index import TagTable
from park.model import Park

_TAGS_PER_SOURCE = 100


def bench_tags(tags: int) -> TagTable:
    """``tags`` tags, 100 a tank."""
    alarms = {"HH": 95, "H": 90, "L": 10, "LL": 5, "deadband": 1, "on_delay": "5s", "off_delay": "5s"}
    tag = {"quantity": "level", "unit": "%", "span": [0, 100], "alarms": alarms, "stale_after": "60s"}
    sources = [
        {
            "id": f"T{start // _TAGS_PER_SOURCE}",
            "kind": "tank",
            "position": [120.87, 30.15],
            "from": {"connector": "bench", "device": f"T{start // _TAGS_PER_SOURCE}"},
            "tags": [{"id": f"LI{i}", **tag} for i in range(start, min(start + _TAGS_PER_SOURCE, tags))],
        }
        for start in range(0, tags, _TAGS_PER_SOURCE)
    ]
    enterprise = {"id": "E1", "name": "bench", "sources": sources}
    return TagTable(Park.model_validate({"id": "bench", "name": "bench", "enterprises": [enterprise]}))
