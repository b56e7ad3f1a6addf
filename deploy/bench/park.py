"""Parks of any size to measure on: 100 tags a tank, every tag with four limits and a time-out."""

from typing import Any

from park.index import TagTable
from park.model import Park

_TAGS_PER_SOURCE = 100


def bench_park(tags: int, *, connector: str = "bench") -> dict[str, Any]:
    """The park file's data; each tank is a device of the connector."""
    alarms = {"HH": 95, "H": 90, "L": 10, "LL": 5, "deadband": 1}
    tag = {"quantity": "level", "unit": "%", "span": [0, 100], "alarms": alarms, "stale_after": "60s"}
    sources = [
        {
            "id": f"T{start // _TAGS_PER_SOURCE}",
            "kind": "tank",
            "position": [120.87, 30.15],
            "from": {"connector": connector, "device": f"T{start // _TAGS_PER_SOURCE}"},
            "tags": [
                {"id": f"LI{i}", **tag, "from": {"connector": connector, "address": _address(connector, i)}}
                for i in range(start, min(start + _TAGS_PER_SOURCE, tags))
            ],
        }
        for start in range(0, tags, _TAGS_PER_SOURCE)
    ]
    return {"id": "bench", "name": "bench", "enterprises": [{"id": "E1", "name": "bench", "sources": sources}]}


def _address(connector: str, number: int) -> str:
    if connector.startswith("opcua"):
        return f"ns=2;s=LI{number}"
    return f"T{number // _TAGS_PER_SOURCE}.LI{number}"


def bench_tags(tags: int) -> TagTable:
    """The same as a table."""
    return TagTable(Park.model_validate(bench_park(tags)))
