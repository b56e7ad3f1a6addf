"""Why an alert is there: found again from stored samples, told in plain words, honest where it cannot be."""

from collections.abc import Sequence
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from park.batch import SampleBatch
from rules.engine import Engine
from rules.spec import RuleSet
from service.alerts.asked import Command
from service.alerts.states import Trigger
from service.explain.told import rule_text
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import SECOND_US, START_US, Callers, ServiceInMemory

LEVEL, TEMPERATURE = "acme.tank-1.li-101", "acme.tank-1.ti-101"
RULES = RuleSet.model_validate(
    {
        "rules": [
            {
                "id": "levels",
                "kind": "limit",
                "name": "液位高",
                "applies_to": {"quantity": ["level"]},
                "limits": {"H": {"limit": 9, "on_delay": "10s", "off_delay": "5s", "deadband": 0.2}, "HH": 10},
                "standard": "GB 50160-2008",
                "clause": "5.1.2",
                "guidance": "停进料泵",
            },
            {"id": "silence", "kind": "stale", "applies_to": {"enterprise": ["acme"]}},
        ]
    }
)
#: (second, level)
Told = Sequence[tuple[int, float]]


@pytest.fixture
def service(service: ServiceInMemory, monkeypatch: pytest.MonkeyPatch) -> ServiceInMemory:
    """With a limit that waits, and a rule about silence."""
    monkeypatch.setattr(service, "live_rules", lambda: RULES)
    return service


def live(service: ServiceInMemory, store: Stored | None, told: Told, until_s: int) -> dict[str, str]:
    """The plant lives through it: engine, alert book, and (or not) the store. Returns the alerts raised: target to id.

    The temperature is measured with the level, and is never of interest.
    """
    engine = Engine(service.tags, RULES)
    engine.advance(START_US)
    rows = dict(told)
    raised: dict[str, str] = {}
    ix = [service.tags.ix_of[LEVEL], service.tags.ix_of[TEMPERATURE]]
    for second in range(1, until_s + 1):
        now_us = START_US + second * SECOND_US
        if second in rows:
            columns: dict[str, Any] = {"tag": ix, "time_us": [now_us] * 2, "quality": [0, 0]}
            engine.step(SampleBatch(**columns, value=[rows[second], 20.0], received_us=now_us, origin="test"))  # type: ignore[arg-type]
        for one in engine.advance(now_us):
            events = service.book.apply([one], now_us)
            service.live.publish(events)
            raised |= {
                str(event.alert["target"]): event.alert_id for event in events if event.trigger is Trigger.RAISED
            }
    service.now_us = START_US + until_s * SECOND_US
    if store is not None:
        times = [START_US + second * SECOND_US for second in rows]
        store.samples(LEVEL, times, list(rows.values()))
        store.samples(TEMPERATURE, times, 20.0)
    return raised


def a_rise(high: range, until: int = 120) -> Told:
    return [(second, 9.5 if second in high else 8.0) for second in range(1, until)]


async def explained(one: httpx.AsyncClient, alert: str) -> dict[str, Any]:
    answer = await one.get(f"/api/v1/alerts/{alert}/explain")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_alarm_with_a_delay_is_found_again_and_told_with_its_times(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    (alert,) = live(service, store, a_rise(range(30, 60)), until_s=119).values()
    found = await explained(park, alert)
    assert found["proof"] == "exact"
    assert [one["state"] for one in found["transitions"]] == ["raised", "cleared"]
    assert [(one["timer"], one["began"][11:19], one["ended"][11:19]) for one in found["timers"]] == [
        ("on_delay", "00:00:30", "00:00:40"),
        ("off_delay", "00:01:00", "00:01:05"),
    ]
    assert [(one["level"], one["limit"], one["on_delay_s"], one["deadband"]) for one in found["limits"]] == [
        ("HH", 10.0, 0.0, 0.0),
        ("H", 9.0, 10.0, 0.2),
    ]
    english, chinese = " ".join(found["text"]["en"]), " ".join(found["text"]["zh"])
    for said in (
        "The condition began at 2026-11-01 08:00:30, held for 10s without a break, and raised at 2026-11-01 08:00:40.",
        "the limit 9 m",
        "The condition was over at 2026-11-01 08:01:00, stayed so for 5s, and the alarm cleared at 2026-11-01 08:01:05",
        "It comes from GB 50160-2008 5.1.2.",
        "this very alert",
        "neither shelved nor suppressed",
    ):
        assert said in english, found["text"]["en"]
    for said in ("连续保持 10s（延时）", "依据 GB 50160-2008 5.1.2", "停进料泵", "得到同一报警", "没有搁置"):
        assert said in chinese, found["text"]["zh"]


async def test_explanation_is_as_described(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    (alert,) = live(service, store, a_rise(range(30, 60)), until_s=119).values()
    described = app_and_callers[0].openapi()
    schema = {"$ref": "#/components/schemas/Explanation", "components": described["components"]}
    jsonschema.validate(await explained(park, alert), schema)


async def test_samples_are_those_that_were_stored(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    (alert,) = live(service, store, a_rise(range(30, 60)), until_s=119).values()
    (tag,) = (await explained(park, alert))["samples"]
    assert (tag["tag"], tag["count"], tag["left_out"]) == (LEVEL, 119, 0)
    assert [one["value"] for one in tag["samples"]][28:31] == [8.0, 9.5, 9.5]


async def test_alert_whose_samples_are_gone_says_so(
    service: ServiceInMemory, park: httpx.AsyncClient, store: Stored
) -> None:
    (alert,) = live(service, None, a_rise(range(30, 60)), until_s=119).values()
    found = await explained(park, alert)
    assert (found["proof"], found["samples_total"]) == ("gone", 0)
    assert "retention" in " ".join(found["text"]["en"])
    assert "已无该时段的样本" in " ".join(found["text"]["zh"])


async def test_alert_that_its_samples_do_not_bear_out_says_so(
    service: ServiceInMemory, park: httpx.AsyncClient, store: Stored
) -> None:
    (alert,) = live(service, None, a_rise(range(30, 60)), until_s=119).values()
    store.samples(LEVEL, [START_US + second * SECOND_US for second in range(1, 119)], 8.0)
    found = await explained(park, alert)
    assert (found["proof"], found["transitions"]) == ("other", [])
    assert "does not raise this alert" in " ".join(found["text"]["en"])


async def test_silence_of_a_device_is_explained_by_what_was_heard_last(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    (alert,) = live(service, store, [(second, 8.0) for second in range(1, 41)], until_s=100).values()
    found = await explained(park, alert)
    assert (found["target"], found["proof"]) == ("dcs/plc-1", "exact")
    assert [one["timer"] for one in found["timers"]] == ["timeout", "stale_delay"]
    assert "The last usable data were of 2026-11-01 08:00:40; the time allowed is 10s" in " ".join(found["text"]["en"])


async def test_what_people_did_is_part_of_it(service: ServiceInMemory, store: Stored, park: httpx.AsyncClient) -> None:
    (alert,) = live(service, store, a_rise(range(30, 119)), until_s=119).values()
    command = Command(id="k", trigger=Trigger.COMMENT, alert_id=alert, by="li", reason="仪表正常")
    service.live.publish(service.book.command(command, service.now_us))
    found = await explained(park, alert)
    assert [(one["trigger"], one["actor"], one["reason"]) for one in found["events"]] == [("comment", "li", "仪表正常")]
    assert "2026-11-01 08:01:59: commented by li: 仪表正常" in found["text"]["en"]
    assert "It still stands." in found["text"]["en"]


async def test_silence_that_stood_at_the_time_is_part_of_it(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    """The level falls silent in alarm: its connection has an alarm of its own, and the level's stays, unverified."""
    raised = live(service, store, a_rise(range(30, 60), until=60), until_s=119)
    found = await explained(park, raised[LEVEL])
    assert found["silences"] == []
    assert [one["state"] for one in found["transitions"]] == ["raised", "unverified"]
    assert "could not be trusted" in " ".join(found["text"]["en"])
    assert (await explained(park, raised["dcs/plc-1"]))["proof"] == "exact"


async def test_one_enterprise_sees_its_own_explanation_without_the_rules_text(
    service: ServiceInMemory, store: Stored, acme: httpx.AsyncClient, park: httpx.AsyncClient
) -> None:
    (alert,) = live(service, store, a_rise(range(30, 60)), until_s=119).values()
    mine, theirs = await explained(acme, alert), await explained(park, alert)
    assert mine["proof"] == "exact"
    assert mine["rule"]["text"] is None
    assert theirs["rule"]["text"] == rule_text(RULES.rules[0])
    assert "on_delay: 10s" in theirs["rule"]["text"]


async def test_alarm_of_the_service_itself_has_no_rule(
    service: ServiceInMemory, store: Stored, park: httpx.AsyncClient
) -> None:
    from service.alerts.asked import Raise

    alarm = Raise(
        id="7a1f0a52-0000-4000-8000-000000000001",
        target="service/journal",
        onset_us=START_US,
        effective_us=START_US,
        why="the journal is full",
    )
    service.live.publish(service.book.own_alarm(alarm, START_US))
    found = await explained(park, alarm.id)
    assert (found["rule"], found["proof"]) == (None, None)
    assert "no rule made it" in " ".join(found["text"]["en"])


async def test_unknown_alert_is_not_found(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    answer = await park.get("/api/v1/alerts/7a1f0a52-0000-4000-8000-000000000009/explain")
    assert answer.status_code == 404
