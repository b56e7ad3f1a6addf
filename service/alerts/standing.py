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
        self._by_target: dict[str, dict[str, None]] = {}
        self._gas: dict[str, None] = {}
        self._timed: dict[str, None] = {}

    def get(self, alert_id: str) -> Alert | None:
        """Standing or recently ended."""
        return self.active.get(alert_id) or self.ended.get(alert_id)

    def put(self, alert: Alert, facts: Facts) -> None:
        """It stands (again)."""
        self.active[alert.id] = alert
        self._by_target.setdefault(alert.target, {})[alert.id] = None
        if facts.gas and is_process(facts.kind) and alert.state in STANDS:
            self._gas[alert.id] = None
        self.moved(alert)

    def moved(self, alert: Alert) -> None:
        """It is in another state, perhaps over."""
        if alert.state in _TIMED:
            self._timed[alert.id] = None
        else:
            self._timed.pop(alert.id, None)
        if alert.state not in STANDS:
            self._gas.pop(alert.id, None)
        if alert.state is State.NORM:
            self._end(alert)

    def _end(self, alert: Alert) -> None:
        del self.active[alert.id]
        same = self._by_target[alert.target]
        del same[alert.id]
        if not same:
            del self._by_target[alert.target]
        self.ended[alert.id] = alert
        while len(self.ended) > KEEP_ENDED:
            self.ended.popitem(last=False)

    def rebuild(self, facts: Callable[[Alert], Facts]) -> None:
        """After ``active`` was filled, or facts may have changed."""
        self._by_target, self._gas, self._timed = {}, {}, {}
        for alert in list(self.active.values()):
            alert.kind = alert.kind or facts(alert).kind
            self.put(alert, facts(alert))

    def of(self, targets: Iterable[str]) -> Iterator[str]:
        """Ids of the alerts about these targets, in order."""
        for target in targets:
            yield from self._by_target.get(target, ())

    def about(self, target: str) -> list[Alert]:
        """The alerts about one target, in order."""
        return [self.active[one] for one in self._by_target.get(target, ())]

    def gas(self) -> list[Alert]:
        """Gas alarms whose condition stands."""
        return [self.active[one] for one in self._gas]

    def timed(self) -> list[Alert]:
        """What ends at a time of its own."""
        return [self.active[one] for one in self._timed]
