"""Server-Sent Events as bytes, each made once however many listeners there are."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from service.alerts.model import Event
from service.api.answer import to_json
from service.api.risk_shapes import RiskNow, risk_tree
from service.api.shapes import Names, alert_shape, context_event_shape, event_shape
from service.api.status import StatusBoard
from service.api.view import ServiceView
from service.store.scope import Scope

_KEEP = 4_096


class Position(NamedTuple):
    """Where a listener is: the chain, by the first letters of its id, and the number of the last event it has."""

    chain: str
    seq: int

    def __str__(self) -> str:
        return f"{self.chain}-{self.seq}"


def short(chain: str) -> str:
    """The part of a chain's id that goes into event ids: a lost journal begins a new chain with other numbers."""
    return chain[:8]


def parse_position(text: str, chain: str) -> Position | None:
    """From ``Last-Event-ID`` or ``after``: ``1a2b3c4d-4711``, or ``4711`` of the chain in force; None: neither."""
    name, dash, number = text.strip().rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 18) or bool(dash) != bool(name):
        return None
    return Position(name or short(chain), int(number))


def frame(event: str, data: bytes, position: Position | None = None) -> bytes:
    """One event; orjson writes no newlines, so the data is one line."""
    head = f"id: {position}\nevent: {event}\n" if position is not None else f"event: {event}\n"
    return b"%bdata: %b\n\n" % (head.encode(), data)


class Frames:
    """Makes frames; keeps those that other listeners will want too."""

    def __init__(self, view: ServiceView, status: StatusBoard, names: Callable[[], Names]) -> None:
        self._view = view
        self._status = status
        self._names = names
        self._events: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._standing: dict[Scope, tuple[int, bytes]] = {}
        self._risk: dict[Scope, tuple[int, bytes]] = {}

    def events(self, events: Sequence[Event]) -> bytes:
        """``alert`` events, and ``context`` events of entries, in one piece."""
        return b"".join(map(self._event, events))

    def _event(self, event: Event) -> bytes:
        key = (event.chain, event.seq)
        made = self._events.get(key)
        if made is None:
            kind, shape = ("alert", event_shape) if event.context is None else ("context", context_event_shape)
            data = to_json(shape(event, self._names()))
            made = self._events[key] = frame(kind, data, Position(short(event.chain), event.seq))
            while len(self._events) > _KEEP:
                self._events.popitem(last=False)
        return made

    def standing(self, kind: str, scope: Scope, reason: str = "") -> tuple[bytes, Position]:
        """``snapshot`` or ``reset``: all standing alerts, and the position from which events follow."""
        book = self._view.book
        seq, alerts = self._standing.get(scope, (-1, b""))
        if seq != book.seq:
            names = self._names()
            alerts = to_json([alert_shape(one, names) for one in book.active.values() if scope.sees(one.enterprise)])
            self._standing[scope] = (book.seq, alerts)
        position = Position(short(book.chain), book.seq)
        head = to_json({"chain": book.chain, "seq": book.seq, "reason": reason})
        return frame(kind, b'%b,"alerts":%b}' % (head[:-1], alerts), position), position

    def status(self, scope: Scope) -> bytes:
        """``status``: time, age of the data, problems; also the heartbeat."""
        return frame("status", to_json(self._status.of(scope)))

    def risk(self, scope: Scope) -> bytes:
        """``risk``: colours and reasons of the park, the enterprises, and the sources that are not blue."""
        version = self._view.risk.version
        if self._risk.get(scope, (-1, b""))[0] != version:
            made = to_json(risk_tree(RiskNow.of(self._view), scope, self._names(), whole=False))
            self._risk[scope] = (version, frame("risk", made))
        return self._risk[scope][1]

    def values(self, columns: dict[str, Any]) -> bytes:
        """``values``: the latest of the tags whose value has changed."""
        return frame("values", to_json(columns))
