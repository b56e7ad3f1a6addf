"""Context entries that are live, found by where an alert is: in a flood every alert asks, of however many entries.

Kept for speed alone: all of it follows from `service.alerts.contexts.Contexts`.
"""

from collections.abc import Iterable

from service.alerts.contexts import STOP_WORK_PERMITS, Context, Contexts
from service.alerts.model import Alert
from service.alerts.policy import Policy
from service.alerts.site import Site

#: By tag, source or enterprise: place in the order in which entries were opened, and the entry.
_Index = dict[str, dict[int, Context]]


class LiveEntries:
    """Asks `Contexts` again whenever one of its entries began, ended or came."""

    def __init__(self, contexts: Contexts, site: Site, policy: Policy) -> None:
        self._contexts = contexts
        self._site = site
        self._within_m = policy.stop_work_m
        self._version = -1
        self._at: _Index = {}
        #: Permits by the sources that a gas alarm inside them may be of.
        self._near: _Index = {}
        #: Those in which a gas alarm means that work stops, in the order in which they were opened.
        self._permits: list[Context] = []

    @property
    def permits(self) -> list[Context]:
        """In which a gas alarm means that work stops, in the order in which they were opened."""
        self._refresh()
        return self._permits

    def covering(self, alert: Alert) -> list[Context]:
        """Those that an alert lies within, in the order in which they were opened."""
        self._refresh()
        found = self._candidates(alert)
        return [found[one] for one in sorted(found) if found[one].covers(alert, self._site)]

    def inside(self, gas: Alert) -> list[Context]:
        """The permits whose people must know of a gas alarm, in the order in which they were opened."""
        self._refresh()
        near = self._near.get(gas.source, {})
        found = {number: one for number, one in self._candidates(gas).items() if one.kind in STOP_WORK_PERMITS} | near
        return [found[one] for one in sorted(found) if one in near or found[one].covers(gas, self._site)]

    def _candidates(self, alert: Alert) -> dict[int, Context]:
        if not self._at:
            return {}
        # Whatever covers it covers each of its tags, so any one will do.
        part = next(iter(self._site.parts(alert.target)), "")
        keys = (part, self._site.source_of.get(part, ""), alert.source, alert.enterprise)
        return {number: entry for key in keys if key for number, entry in self._at.get(key, {}).items()}

    def _refresh(self) -> None:
        if self._version == self._contexts.version:
            return
        self._version = self._contexts.version
        self._at, self._near, self._permits = {}, {}, []
        for number, entry in enumerate(self._contexts):
            if entry.state == "live":
                self._add(number, entry)

    def _add(self, number: int, entry: Context) -> None:
        _put(self._at, entry.tags or [entry.source or entry.enterprise], number, entry)
        if entry.kind in STOP_WORK_PERMITS:
            self._permits.append(entry)
            if entry.tags or entry.source:
                _put(self._near, self._site.near(entry.sources(self._site), self._within_m), number, entry)


def _put(index: _Index, keys: Iterable[str], number: int, entry: Context) -> None:
    for key in keys:
        index.setdefault(key, {})[number] = entry
