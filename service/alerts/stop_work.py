"""Stop work: a gas alarm inside a live permit for hot work or a confined space (GB 30871-2022, 5.2.6 and 6.5)."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rules.transition import Change, Transition, alert_id
from service.alerts.contexts import Context
from service.alerts.law import STOP_WORK
from service.alerts.live_entries import LiveEntries
from service.alerts.model import Alert
from service.alerts.site import Site


class Order(msgspec.Struct, kw_only=True):
    """The last order to stop the work of one permit."""

    alert_id: str
    target: str
    onset_us: int
    standing: bool


class StopWork:
    """One alert for each permit, which stands while any gas alarm stands inside it."""

    def __init__(self, live: LiveEntries, site: Site) -> None:
        self._live = live
        self._site = site
        #: By id of the permit, from its first order until it is over.
        self._orders: dict[str, Order] = {}

    def judge(self, gas: Iterable[Alert], now_us: int) -> Iterator[Transition]:
        """What is to be raised and cleared, given all gas alarms whose condition stands. Where these and the permits
        are as they were, nothing is.
        """
        live = {one.id: one for one in self._live.permits}
        first: dict[str, Alert] = {}
        for alarm in sorted(gas, key=lambda one: (one.raised_us, one.id)) if live else ():
            if len(first) == len(live):
                break
            for permit in self._live.inside(alarm):
                first.setdefault(permit.id, alarm)
        for permit in live.values():
            inside, order = first.get(permit.id), self._orders.get(permit.id)
            if inside is not None and (order is None or not order.standing):
                yield self._raise(permit, inside, now_us)
            elif inside is None and order is not None and order.standing:
                yield _cleared(order, "no gas alarm stands inside the permit any more", now_us)
        for permit_id in [one for one in self._orders if one not in live]:
            order = self._orders.pop(permit_id)
            if order.standing:
                yield _cleared(order, "the permit is over", now_us)

    def _raise(self, permit: Context, gas: Alert, now_us: int) -> Transition:
        before = self._orders.get(permit.id)
        onset_us = max(gas.raised_us, permit.from_us, before.onset_us + 1 if before else 0)
        target = min(permit.sources(self._site), default=permit.enterprise) if permit.tags else permit.place()
        # The permit takes the place of the side: two permits of one source are two orders.
        identity = alert_id(STOP_WORK, target, permit.id, onset_us)
        self._orders[permit.id] = Order(alert_id=identity, target=target, onset_us=onset_us, standing=True)
        what = permit.kind.replace("_", " ")
        why = f"stop work: {what} {permit.permit} at {permit.place()}, and a gas alarm inside it: {gas.why}"
        return _transition(identity, Change.RAISED, target, onset_us, onset_us, now_us, why)

    def state(self) -> Any:
        """For a snapshot."""
        return list(self._orders.items())

    def load(self, state: Any) -> None:
        """The inverse of `state`."""
        self._orders = dict(msgspec.convert(state, list[tuple[str, Order]]))


def _cleared(order: Order, why: str, now_us: int) -> Transition:
    order.standing = False
    effective_us = max(now_us, order.onset_us)
    return _transition(order.alert_id, Change.CLEARED, order.target, order.onset_us, effective_us, now_us, why)


def _transition(
    identity: str, change: Change, target: str, onset_us: int, effective_us: int, now_us: int, why: str
) -> Transition:
    return Transition(
        alert_id=identity,
        change=change,
        rule=STOP_WORK,
        target=target,
        side="",
        level="",
        onset_us=onset_us,
        effective_us=effective_us,
        detected_us=now_us,
        value=None,
        limit=None,
        peak=None,
        quality="good",
        unverified=False,
        why=why,
    )
