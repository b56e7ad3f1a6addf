"""Entries found by place are the entries that looking at every one would find, and few have to be looked at."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.transition import Change
from service.alerts.asked import EndContext, OpenContext
from service.alerts.contexts import KINDS, STOP_WORK_PERMITS, Context, Contexts
from service.alerts.live_entries import LiveEntries
from service.alerts.model import Alert
from service.alerts.policy import Policy
from service.alerts.site import Site
from tests.unit.service.making import NOON_US, S_US
from tests.unit.service.plant import SITE, TAGS, Plant, found

TARGETS = [
    *(info.id for info in TAGS.infos),
    "acme.T1",
    "acme.GD",
    "acme",
    "zeta",
    "dcs",
    "dcs/plc-1",
    "vote",
    "gone.x.y",
]
SOURCES = ["acme.T1", "acme.T2", "acme.GD", "acme.FAR", "zeta.shed", "zeta.gas", "park.weather"]


@st.composite
def entries(draw: st.DrawFn) -> OpenContext:
    """Anywhere, planned or live."""
    source = draw(st.sampled_from(SOURCES))
    enterprise = source.partition(".")[0]
    tags = [info.id for info in TAGS.infos if info.enterprise == enterprise]
    where: dict[str, Any] = draw(
        st.sampled_from([{}, {"source": source}, {"tags": tuple(draw(st.lists(st.sampled_from(tags), min_size=1)))}])
    )
    return OpenContext(
        id=str(draw(st.uuids())),
        kind=draw(st.sampled_from(KINDS)),
        enterprise=enterprise,
        from_us=NOON_US + draw(st.sampled_from([0, 30])) * S_US,
        to_us=NOON_US + 3_600 * S_US,
        reason="r",
        permit="p",
        by="李",
        **where,
    )


def alert_about(target: str) -> Alert:
    plant = Plant()
    plant.row(0, one := found(0, target))
    return plant.alert(one)


ALERTS = [alert_about(target) for target in TARGETS]


def is_inside(gas: Alert, permit: Context, site: Site, within_m: float) -> bool:
    """As the semantics put it (7.15)."""
    return gas.source in site.near(permit.sources(site), within_m) or permit.covers(gas, site)


@settings(max_examples=100, deadline=None)
@given(asked=st.lists(entries(), max_size=8), over=st.sets(st.integers(0, 7)))
def test_entries_found_by_place_are_those_found_by_looking_at_each(asked: list[OpenContext], over: set[int]) -> None:
    policy, contexts = Policy(), Contexts()
    live = LiveEntries(contexts, SITE, policy)
    for one in asked:
        contexts.open(one, NOON_US, site=SITE, policy=policy)
        assert live.permits == [one for one in contexts if one.state == "live" and one.kind in STOP_WORK_PERMITS]
    for entry in contexts.beginning(NOON_US):
        contexts.begin(entry)
    for number in over & set(range(len(asked))):
        contexts.end(EndContext(id="e", context_id=asked[number].id, by="王"), NOON_US)
    standing = [one for one in contexts if one.state == "live"]
    for alert in ALERTS:
        assert live.covering(alert) == [one for one in standing if one.covers(alert, SITE)]
        permits = [one for one in standing if one.kind in STOP_WORK_PERMITS]
        assert live.inside(alert) == [one for one in permits if is_inside(alert, one, SITE, policy.stop_work_m)]


def test_flood_does_not_ask_every_entry_of_the_park(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = Plant()
    plant.row(0, *(plant.context("calibration", source="acme.T2") for _ in range(300)))
    asked: list[str] = []
    covers = Context.covers

    def counted(entry: Context, alert: Alert, site: Site) -> bool:
        asked.append(entry.id)
        return covers(entry, alert, site)

    monkeypatch.setattr(Context, "covers", counted)
    for second in range(1, 21):
        plant.row(second, found(second, "zeta.shed.temp"), found(second, "acme.T1.level"))
    assert asked == []


def test_work_is_judged_where_gas_alarms_or_permits_have_changed_and_not_with_every_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant = Plant()
    plant.row(0, plant.context("hot_work", source="acme.T2"), found(0, "acme.FAR.ga-9"))
    judged: list[Alert] = []
    inside = LiveEntries.inside

    def counted(live: LiveEntries, gas: Alert) -> list[Context]:
        judged.append(gas)
        return inside(live, gas)

    monkeypatch.setattr(LiveEntries, "inside", counted)
    for second in range(1, 100):
        plant.row(second)
    assert judged == []
    plant.row(100, found(100, "acme.GD.ga-1"))
    assert plant.only("stop-work").target == "acme.T2"


def test_restored_book_judges_work_again() -> None:
    plant = Plant()
    plant.row(0, plant.context("hot_work", source="acme.T2"), one := found(0, "acme.GD.ga-1"))
    order = plant.only("stop-work").id
    snapshot = plant.book.snapshot()
    plant.book = plant.fresh()
    plant.book.restore(snapshot)
    assert plant.row(1) == [], "nothing has changed"
    plant.row(2, found(2, "acme.GD.ga-1", change=Change.CLEARED, onset=0))
    assert plant.alert(order).cleared_us is not None
    assert plant.alert(one).cleared_us is not None
