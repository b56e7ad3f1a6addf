"""The alerts that are not over, found by what they are about; and those that lately were."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from service.alerts.asked import Facts
from service.alerts.law import is_process
from service.alerts.model import Alert
from service.alerts.states import ASIDE, State

#: Ended alerts kept in memory, so that they can still be looked at while the database is down.
KEEP_ENDED = 1_000
#: The condition stands.
STANDS = frozenset({State.UNACK, State.ACKED}) | ASIDE
_TIMED = (State.SHELVED, State.OUT_OF_SERVICE)


class Standing:
    """``active`` and ``ended`` are the truth; all else follows from them and is kept for speed."""

    def __init__(self) -> None:
        self.active: dict[str, Alert] = {}
        self.ended: OrderedDict[str, Alert] = OrderedDict()
        #: Those whose condition stands.
        self._by_target: dict[str, dict[str, None]] = {}
        self._gas: dict[str, None] = {}
        #: Goes up whenever there are other gas alarms.
        self.gas_version = 0
        self._timed: dict[str, None] = {}

    def get(self, alert_id: str) -> Alert | None:
        """Standing or recently ended."""
        return self.active.get(alert_id) or self.ended.get(alert_id)

    def put(self, alert: Alert, facts: Facts) -> None:
        """It stands (again)."""
        self.active[alert.id] = alert
        if alert.state in STANDS:
            self._by_target.setdefault(alert.target, {})[alert.id] = None
            if facts.gas and is_process(facts.kind):
                self._gas[alert.id] = None
                self.gas_version += 1
        self.moved(alert)

    def moved(self, alert: Alert) -> None:
        """It is in another state, perhaps over."""
        if alert.state in _TIMED:
            self._timed[alert.id] = None
        else:
            self._timed.pop(alert.id, None)
        if alert.state not in STANDS:
            self._returned(alert)
        if alert.state is State.NORM:
            self._end(alert)

    def _returned(self, alert: Alert) -> None:
        if alert.id in self._gas:
            del self._gas[alert.id]
            self.gas_version += 1
        same = self._by_target.get(alert.target, {})
        if alert.id in same:
            del same[alert.id]
            if not same:
                del self._by_target[alert.target]

    def _end(self, alert: Alert) -> None:
        del self.active[alert.id]
        self.ended[alert.id] = alert
        while len(self.ended) > KEEP_ENDED:
            self.ended.popitem(last=False)

    def rebuild(self, facts: Callable[[Alert], Facts]) -> None:
        """After ``active`` was filled, or facts may have changed."""
        self._by_target, self._gas, self._timed = {}, {}, {}
        self.gas_version += 1
        for alert in list(self.active.values()):
            alert.kind = alert.kind or facts(alert).kind
            self.put(alert, facts(alert))

    def of(self, targets: Iterable[str]) -> Iterator[str]:
        """Ids of the alerts about these targets whose condition stands."""
        for target in targets:
            yield from self._by_target.get(target, ())

    def about(self, target: str) -> list[Alert]:
        """The alerts about one target whose condition stands, in the order in which they were raised."""
        found = [self.active[one] for one in self._by_target.get(target, ())]
        return sorted(found, key=lambda one: (one.raised_us, one.id))

    def gas(self) -> list[Alert]:
        """Gas alarms whose condition stands."""
        return [self.active[one] for one in self._gas]

    def timed(self) -> list[Alert]:
        """What ends at a time of its own."""
        return [self.active[one] for one in self._timed]
