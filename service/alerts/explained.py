"""What explains an alarm, so that it is suppressed by design; and what keeps it on the list all the same."""

from collections.abc import Callable, Iterator

import msgspec

from service.alerts.asked import Facts
from service.alerts.contexts import Contexts
from service.alerts.law import COMM_EXPLAINS, is_process, protection
from service.alerts.live_entries import LiveEntries
from service.alerts.model import Alert
from service.alerts.site import Site
from service.alerts.standing import Standing


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why an alert is suppressed."""

    #: ``context:<id>`` or ``comm:<alert id>``.
    actor: str
    reason: str
    since_us: int
    #: None: until it is over.
    until_us: int | None


class Explained:
    """Looks at context entries, communication alarms and permits as they stand."""

    def __init__(
        self,
        site: Site,
        facts: Callable[[Alert], Facts],
        contexts: Contexts,
        live: LiveEntries,
        standing: Standing,
    ) -> None:
        self._site = site
        self._facts = facts
        self._contexts = contexts
        self._live = live
        self._standing = standing

    def protection(self, alert: Alert) -> str:
        """Why it must not be put aside; empty where it may."""
        facts = self._facts(alert)
        if found := protection(facts, alert.peak_level):
            return found
        if facts.gas and is_process(facts.kind):
            for permit in self._live.inside(alert):
                return f"a gas alarm inside a live permit is never put aside: {permit.words()}"
        return ""

    def causes(self, alert: Alert) -> Iterator[Cause]:
        """All that explains it: context entries in the order in which they were opened, then communication alarms."""
        kind = self._facts(alert).kind
        for entry in self._live.covering(alert):
            if entry.explains(kind):
                yield Cause(actor=entry.actor, reason=entry.words(), since_us=entry.from_us, until_us=entry.to_us)
        if kind in COMM_EXPLAINS:
            own = () if kind == "stale" else (alert.target,)
            for line in (*own, *self._site.lines(alert.target)):
                yield from self._silences(line)

    def _silences(self, line: str) -> Iterator[Cause]:
        for other in self._standing.about(line):
            if self._facts(other).kind == "stale":
                reason = f"explained by the communication alarm of {line}: {other.why}"
                yield Cause(actor=f"comm:{other.id}", reason=reason, since_us=other.raised_us, until_us=None)

    def over_us(self, actor: str, now_us: int) -> int:
        """When what explained an alert was over."""
        what, _, one = actor.partition(":")
        if what == "context":
            entry = self._contexts.get(one)
            return (entry and entry.over_us) or now_us
        other = self._standing.get(one)
        return (other and other.cleared_us) or now_us

    def behind(self, alert: Alert) -> Iterator[str]:
        """Ids of the alerts that this one may explain."""
        if self._facts(alert).kind == "stale":
            yield from self._standing.of((alert.target, *self._site.behind(alert.target)))
