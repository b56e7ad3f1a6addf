"""Context: dated statements of what is going on in the plant, for which alarms are suppressed by design, or raised.

::

    opened ──from──▶ live ──to, or ended by hand──▶ over
       │   ◀──clock put back──┘                       ▲
       └─────────ended by hand before it began────────┘
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec

from service.alerts.asked import ContextKind, EndContext, OpenContext
from service.alerts.law import HEALTH_KINDS, is_process
from service.alerts.model import Alert
from service.alerts.policy import Policy
from service.alerts.site import Site
from service.alerts.states import NotAllowed
from service.alerts.words import at

KINDS: tuple[ContextKind, ...] = get_args(ContextKind)
#: They suppress nothing; a gas alarm inside one of the first two raises "stop work".
PERMITS = frozenset({"hot_work", "confined_space", "special_work"})
STOP_WORK_PERMITS = frozenset({"hot_work", "confined_space"})
_OF_THE_INSTRUMENT = frozenset({"calibration", "maintenance"})
#: Entries that are not over, of one enterprise, so that none takes the room of others; and over ones kept in memory
#: (the store keeps all).
_MOST_STANDING = 1_000
_KEEP_OVER = 500
_NEVER_US = 2**62

ContextState = Literal["planned", "live", "over"]


class Context(msgspec.Struct, kw_only=True):
    """One entry as it stands. Times are epoch microseconds, UTC."""

    id: str
    kind: ContextKind
    enterprise: str
    #: ``enterprise.source``; empty: the whole enterprise, or the tags named.
    source: str
    tags: tuple[str, ...]
    from_us: int
    to_us: int
    reason: str
    permit: str
    opened_us: int
    opened_by: str
    state: ContextState = "planned"
    #: When it was over, and by whom and why where somebody ended it before its time.
    over_us: int | None = None
    ended_by: str = ""
    end_reason: str = ""
    #: Sequence number of the last event.
    seq: int = 0

    @property
    def actor(self) -> str:
        """As it stands in the record of the alerts that it suppresses."""
        return f"context:{self.id}"

    def place(self) -> str:
        """What it covers, in words."""
        if not self.tags:
            return self.source or self.enterprise
        return self.tags[0] if len(self.tags) == 1 else f"{self.tags[0]} and {len(self.tags) - 1} more"

    def words(self) -> str:
        """In one clause."""
        permit = f" {self.permit}" if self.permit else ""
        return f"{self.kind.replace('_', ' ')}{permit} at {self.place()} until {at(self.to_us)}: {self.reason}"

    def explains(self, kind: str) -> bool:
        """Whether alarms of this kind that it covers are expected because of it."""
        if self.state != "live" or self.kind in PERMITS:
            return False
        return is_process(kind) or (kind in HEALTH_KINDS and self.kind in _OF_THE_INSTRUMENT)

    def covers(self, alert: Alert, site: Site) -> bool:
        """Whether all that the alert is about lies within the entry."""
        if self.tags:
            parts = site.parts(alert.target)
            return bool(parts) and parts <= set(self.tags)
        if self.source:
            parts = site.parts(alert.target)
            return alert.source == self.source or (bool(parts) and parts <= site.parts(self.source))
        return alert.enterprise == self.enterprise

    def sources(self, site: Site) -> frozenset[str]:
        """The sources that it stands at."""
        if self.tags:
            return frozenset(site.source_of[tag] for tag in self.tags if tag in site.source_of)
        return frozenset({self.source}) if self.source else site.sources_of(self.enterprise)


class Contexts:
    """All entries that are not over, and some that are."""

    def __init__(self) -> None:
        self.standing: dict[str, Context] = {}
        self.over: OrderedDict[str, Context] = OrderedDict()
        #: Goes up whenever other entries are live, or may be.
        self.version = 0
        #: Nothing is due and nothing begins at times from the first of these on and before the second.
        self._quiet_us = (0, 0)

    def __iter__(self) -> Iterator[Context]:
        return iter(self.standing.values())

    def _changed(self) -> None:
        self.version += 1
        self._quiet_us = 0, 0

    def get(self, context_id: str) -> Context | None:
        """Standing or lately over."""
        return self.standing.get(context_id) or self.over.get(context_id)

    def open(self, asked: OpenContext, now_us: int, *, site: Site, policy: Policy) -> Context:
        """Raises NotAllowed."""
        _check(asked, now_us, policy)
        _check_place(asked, site)
        if self.get(asked.id) is not None:
            raise NotAllowed("this entry was opened long since; another one needs another idempotency key")
        if sum(one.enterprise == asked.enterprise for one in self) >= _MOST_STANDING:
            raise NotAllowed(f"there are {_MOST_STANDING} entries already; end those that are over in truth")
        entry = Context(
            id=asked.id,
            kind=asked.kind,
            enterprise=asked.enterprise,
            source=asked.source,
            tags=tuple(sorted(set(asked.tags))),
            from_us=asked.from_us,
            to_us=asked.to_us,
            reason=asked.reason.strip(),
            permit=asked.permit.strip(),
            opened_us=now_us,
            opened_by=asked.by,
        )
        self.standing[entry.id] = entry
        self._changed()
        return entry

    def end(self, asked: EndContext, now_us: int) -> tuple[Context, bool]:
        """Shorten it, or end it now; the entry, and whether it is over. Raises NotAllowed."""
        entry = self.standing.get(asked.context_id)
        if entry is None:
            raise NotAllowed("there is no such entry that is not over yet")
        if asked.at_us is not None and asked.at_us > now_us:
            if asked.at_us >= entry.to_us or asked.at_us <= entry.from_us:
                raise NotAllowed(
                    f"an entry can only be shortened: give an end after {at(entry.from_us)} and before"
                    f" {at(entry.to_us)}; to go on longer, open another with its own reason"
                )
            entry.to_us = asked.at_us
            self._quiet_us = 0, 0
            return entry, False
        entry.ended_by, entry.end_reason = asked.by, asked.reason.strip()
        self.close(entry, now_us)
        return entry, True

    def due(self, now_us: int, policy: Policy) -> list[Context]:
        """Those whose end has come, in order."""
        if self._is_quiet(now_us):
            return []
        found = [one for one in self if one.to_us <= now_us or _is_absurd(one, now_us, policy)]
        return sorted(found, key=lambda one: (one.to_us, one.id))

    def beginning(self, now_us: int) -> list[Context]:
        """Those that are to begin, in order."""
        if self._is_quiet(now_us):
            return []
        planned = [one for one in self if one.state == "planned"]
        found = [one for one in planned if one.from_us <= now_us]
        if not found:
            ahead_us = [*(one.to_us for one in self), *(one.from_us for one in planned)]
            self._quiet_us = now_us, min(ahead_us, default=_NEVER_US)
        return sorted(found, key=lambda one: (one.from_us, one.id))

    def _is_quiet(self, now_us: int) -> bool:
        return self._quiet_us[0] <= now_us < self._quiet_us[1]

    def begin(self, entry: Context) -> None:
        """It is live."""
        entry.state = "live"
        self._changed()

    def too_early(self, now_us: int) -> list[Context]:
        """Those that began by a clock that has been put back since. Permits are none of them: they hide nothing, and
        whoever is at work must be told of gas.
        """
        if self._is_quiet(now_us):
            return []
        return [one for one in self if one.state == "live" and one.kind not in PERMITS and one.from_us > now_us]

    def put_off(self, entry: Context) -> None:
        """It is not live yet."""
        entry.state = "planned"
        self._changed()

    def close(self, entry: Context, over_us: int) -> None:
        """It is over."""
        self._changed()
        entry.state, entry.over_us = "over", over_us
        del self.standing[entry.id]
        self.over[entry.id] = entry
        while len(self.over) > _KEEP_OVER:
            self.over.popitem(last=False)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        return {"standing": list(self.standing.values()), "over": list(self.over.values())}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.standing = {one.id: one for one in msgspec.convert(state["standing"], list[Context])}
        self.over = OrderedDict((one.id, one) for one in msgspec.convert(state["over"], list[Context]))
        self._changed()


def _is_absurd(entry: Context, now_us: int, policy: Policy) -> bool:
    # Live, and still longer to go than any entry may last: the clock had been ahead, and was put back.
    return entry.state == "live" and entry.to_us - now_us > policy.context_us[entry.kind]


def _check(asked: OpenContext, now_us: int, policy: Policy) -> None:
    if not asked.reason.strip():
        raise NotAllowed("give a reason: everybody can read in the ledger why alarms are expected")
    if asked.kind in PERMITS and not asked.permit.strip():
        raise NotAllowed("give the number of the permit")
    if asked.from_us >= asked.to_us or asked.to_us <= now_us:
        raise NotAllowed("the end must be after the beginning, and not be past")
    most_us = policy.context_us[asked.kind]
    if asked.to_us - asked.from_us > most_us:
        hours = most_us / 3_600_000_000
        raise NotAllowed(
            f"{asked.kind.replace('_', ' ')} lasts {hours:g} h at most; open another entry when it is over"
        )


def _check_place(asked: OpenContext, site: Site) -> None:
    if asked.enterprise not in site.enterprises:
        raise NotAllowed(f"there is no enterprise {asked.enterprise!r}")
    if asked.source and asked.tags:
        raise NotAllowed("give a source or tags, not both")
    if asked.source and site.enterprise_of(asked.source) != asked.enterprise:
        raise NotAllowed(f"{asked.enterprise} has no source {asked.source!r}")
    for tag in asked.tags:
        source = site.source_of.get(tag)
        if source is None or site.enterprise_of(source) != asked.enterprise:
            raise NotAllowed(f"{asked.enterprise} has no tag {tag!r}")
