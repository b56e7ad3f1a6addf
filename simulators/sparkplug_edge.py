"""One edge node with its devices: births, data, deaths, numbers, and what it keeps while nobody listens.

It knows no wire: ``send`` takes (message type, device or nothing, payload).
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from random import Random

from park.index import TagInfo
from simulators.sparkplug_payload import Reading, Signal, bd_seq, metric, payload, rebirth_control
from simulators.sparkplug_pb2 import Metric

Send = Callable[[str, str, bytes], None]
#: Metrics of one message of kept values.
_HISTORY_METRICS = 500


class EdgeNode:
    """Not for several threads at once: whoever has some locks."""

    def __init__(self, edge: str, devices: Mapping[str, Sequence[TagInfo]], *, keep: int, by_exception: bool) -> None:
        """``devices``: tags by device, the edge node's own under the empty name. ``keep``: readings of each."""
        self.edge = edge
        self._devices = {"": (), **devices}
        self._by_exception = by_exception
        self._signals: dict[str, list[Signal]] = {}
        self._name_anew(0)
        self._latest: dict[int, Reading] = {}
        self._kept: dict[str, deque[tuple[int, Reading]]] = {device: deque(maxlen=keep) for device in ("", *devices)}
        self._lost: set[str] = set()
        self._chance = Random(edge)
        self._seq = 0
        self.born = False
        self.lose_share = 0.0
        self.samples = 0
        self.history = 0
        self.births = 0
        #: Kept values that there was no room for.
        self.dropped = 0

    def _name_anew(self, first: int) -> None:
        alias = first
        for device, infos in self._devices.items():
            self._signals[device] = [Signal.of(info, alias + number) for number, info in enumerate(infos, 1)]
            alias += len(infos)

    @property
    def tags(self) -> frozenset[int]:
        """Of itself and its devices, by index."""
        return frozenset(one.ix for signals in self._signals.values() for one in signals)

    def look(self, readings: Mapping[int, Sequence[Reading]], send: Send | None) -> None:
        """New readings by tag. ``send``: where to say them; None: nobody listens, keep them."""
        for device, signals in self._signals.items():
            said = [(one, reading) for one in signals for reading in self._news(one.ix, readings.get(one.ix, ()))]
            if send is None or not self.born:
                for signal, reading in said:
                    self._keep(device, signal.ix, reading)
            elif self._is_there(device, signals, readings, send) and said:
                said.sort(key=lambda pair: pair[1].t_ms)
                self._say("DATA", device, [metric(*pair) for pair in said], said[-1][1].t_ms, send)
                self.samples += len(said)

    def _news(self, ix: int, readings: Sequence[Reading]) -> list[Reading]:
        news: list[Reading] = []
        for reading in readings:
            before = self._latest.get(ix)
            self._latest[ix] = reading
            if not self._by_exception or before is None or before[1:] != reading[1:]:
                news.append(reading)
        return news

    def _is_there(
        self, device: str, signals: Sequence[Signal], readings: Mapping[int, Sequence[Reading]], send: Send
    ) -> bool:
        """A device none of whose instruments answers is lost, and is born again when one does."""
        answers = any(one.ix in readings for one in signals)
        if not device or answers is (device not in self._lost):
            return answers
        if answers:
            self._lost.discard(device)
            self._birth_of(device, self._now_ms(), send)
            return False
        self._lost.add(device)
        self._say("DEATH", device, [], self._now_ms(), send)
        return False

    def _keep(self, device: str, ix: int, reading: Reading) -> None:
        kept = self._kept[device]
        self.dropped += len(kept) == kept.maxlen
        kept.append((ix, reading))

    def _now_ms(self) -> int:
        return max((one.t_ms for one in self._latest.values()), default=0)

    def birth(self, session: int, now_ms: int, send: Send) -> None:
        """Its own birth, those of its devices, and then what was kept, as history."""
        self._seq, self.born = 0, True
        self.births += 1
        self._say("BIRTH", "", [bd_seq(session), rebirth_control(), *self._values("")], now_ms, send)
        for device in self._signals:
            if device and device not in self._lost:
                self._birth_of(device, now_ms, send)
        self._catch_up(now_ms, send)

    def _birth_of(self, device: str, now_ms: int, send: Send) -> None:
        self._say("BIRTH", device, self._values(device), now_ms, send)

    def _values(self, device: str) -> list[Metric]:
        unknown = Reading(0, float("nan"), 0)
        return [metric(one, self._latest.get(one.ix, unknown), birth=True) for one in self._signals[device]]

    def _catch_up(self, now_ms: int, send: Send) -> None:
        for device, kept in self._kept.items():
            by_ix = {one.ix: one for one in self._signals[device]}
            while kept:
                some = [kept.popleft() for _ in range(min(len(kept), _HISTORY_METRICS))]
                metrics = [metric(by_ix[ix], reading, historical=True) for ix, reading in some]
                self._say("DATA", device, metrics, now_ms, send)
                self.history += len(metrics)

    def forget_births(self) -> None:
        """It starts anew, under other aliases, and goes on with data as though it had been born."""
        first = max((one.alias for signals in self._signals.values() for one in signals), default=0)
        self._name_anew(first + 1)
        self._seq = 0
        self.born = True

    def end(self) -> None:
        """Its session is over."""
        self.born = False

    def _say(self, kind: str, device: str, metrics: Sequence[Metric], t_ms: int, send: Send) -> None:
        data = payload(metrics, t_ms, self._seq)
        self._seq = (self._seq + 1) % 256
        if not self.lose_share or self._chance.random() >= self.lose_share:
            send(f"{'D' if device else 'N'}{kind}", device, data)
