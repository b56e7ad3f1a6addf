"""A server's memory of its values, fed as they are written: for clients that refill a gap after an outage."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.server.history import HistoryStorageInterface

_NEVER = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_IN_ONE_ANSWER = 10_000


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None if moment <= _NEVER else moment


def _stamp(value: ua.DataValue) -> datetime:
    assert value.SourceTimestamp is not None  # what is saved was written with one
    return value.SourceTimestamp


class MemoryHistory(HistoryStorageInterface):
    """The last values of each variable, up to a number and an age; answers in pages."""

    def __init__(self, *, keep: timedelta, most: int = 20_000) -> None:
        super().__init__(_MOST_IN_ONE_ANSWER)
        self._keep, self._most = keep, most
        self._of: dict[ua.NodeId, deque[ua.DataValue]] = {}

    def save(self, node_id: ua.NodeId, value: ua.DataValue) -> None:
        """Remember one value; forgets what has become too old by it."""
        values = self._of.setdefault(node_id, deque(maxlen=self._most))
        values.append(value)
        newest = _stamp(value)
        while newest - _stamp(values[0]) > self._keep:
            values.popleft()

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """Part 11: from ``start`` to ``end``, backwards where ``start`` is later or missing; and where to go on."""
        first, last = _aware(start), _aware(end)
        backwards = first is None or (last is not None and first > last)
        low, high = (last, first) if backwards else (first, last)
        found = [
            value
            for value in self._of.get(node_id, ())
            if (low is None or _stamp(value) >= low) and (high is None or _stamp(value) <= high)
        ]
        if backwards:
            found.reverse()
        most = min(nb_values or _MOST_IN_ONE_ANSWER, _MOST_IN_ONE_ANSWER)
        rest = _stamp(found[most]) if len(found) > most else None
        return found[:most], rest

    async def init(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close: memory outlives a restart of the server."""

    async def new_historized_node(self, node_id: ua.NodeId, period: timedelta | None, count: int = 0) -> None:
        """Nodes are remembered from their first value on."""

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:
        """See `save`."""
        self.save(node_id, datavalue)

    async def new_historized_event(self, *_: Any) -> None:
        """Events are not remembered."""

    async def save_event(self, event: Any) -> None:
        """Events are not remembered."""

    async def read_event_history(self, *_: Any) -> tuple[list[Any], None]:
        """There are none."""
        return [], None
