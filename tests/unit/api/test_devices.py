"""Devices and the commands to them: who may, what is recorded, and what is said where it does not work."""

import asyncio
import json
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from connectors.devices import (
    Command,
    CommandForbidden,
    CommandInvalid,
    DeviceAway,
    DeviceSilent,
    Outcome,
    Result,
)
from tests.unit.api.service_in_memory import START_US, ServiceInMemory

URL = "/api/v1/devices/loggers/MN1/commands"
BODY = {"command": "get-clock", "parameters": {"pollutant": "w01018"}}


@pytest.fixture(autouse=True)
def _devices(service: ServiceInMemory) -> None:
    service.link.add("MN1", "acme", connected=True, connected_us=START_US, deviations={"lf_only": 3}, clock_ahead_s=1.5)
    service.link.add("MN2", "borealis", last_received_us=START_US - 2_500_000, last_error="bad_crc")


def _notes(service: ServiceInMemory) -> list[tuple[str, dict[str, Any]]]:
    return [(note.kind, json.loads(note.body)) for note in service.notes]


async def test_an_enterprise_sees_its_own_devices_and_what_departs_from_the_standard(acme: httpx.AsyncClient) -> None:
    (one,) = (await acme.get("/api/v1/devices")).json()["items"]
    assert (one["device"], one["connected"], one["deviations"], one["clock_ahead_s"]) == (
        "MN1",
        True,
        {"lf_only": 3},
        1.5,
    )


async def test_the_park_sees_all_page_by_page_and_by_filter(park: httpx.AsyncClient) -> None:
    first = (await park.get("/api/v1/devices?limit=1")).json()
    second = (await park.get(f"/api/v1/devices?limit=1&cursor={first['next']}")).json()
    assert [page["items"][0]["device"] for page in (first, second)] == ["MN1", "MN2"]
    assert second["next"] is None
    assert second["items"][0]["silent_s"] == 2.5
    for asked, expected in (("enterprise=borealis", ["MN2"]), ("connected=true", ["MN1"]), ("connector=dcs", [])):
        items = (await park.get(f"/api/v1/devices?{asked}")).json()["items"]
        assert [one["device"] for one in items] == expected


async def test_how_many_are_connected_is_a_metric(park: httpx.AsyncClient) -> None:
    told = (await park.get("/metrics")).text
    for connected in ("yes", "no"):
        assert f'parkwatch_connector_devices{{connected="{connected}",connector="loggers",kind="mqtt"}} 1.0' in told


async def test_a_command_and_its_outcome_are_told_and_recorded(
    park: httpx.AsyncClient, service: ServiceInMemory, app: FastAPI
) -> None:
    service.link.outcome = Outcome(
        result=Result.DONE, words="done", code="1011", answer=1, data=({"SystemTime": "20261101080000"},), packets=1
    )
    answer = await park.post(URL, json=BODY)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["result"], told["words"], told["by"]) == ("done", "done", "control-room")
    assert told["data"] == [{"SystemTime": "20261101080000"}]
    (asked, command), (answered, outcome) = _notes(service)
    assert (asked, command) == ("device_command", {"command": "get-clock", "parameters": {"pollutant": "w01018"}})
    assert (answered, outcome["result"], outcome["command_id"]) == ("device_answer", "done", told["id"])
    assert {(note.by, note.enterprise, note.subject) for note in service.notes} == {
        ("control-room", "acme", "loggers/MN1")
    }
    document = app.openapi()
    shape = {"$ref": "#/components/schemas/CommandShape", "components": document["components"]}
    jsonschema.validate(told, shape)


async def test_an_enterprise_may_tell_a_device_nothing(acme: httpx.AsyncClient, service: ServiceInMemory) -> None:
    assert (await acme.post(URL, json=BODY)).status_code == 403
    assert (service.link.told, service.notes) == ([], [])


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        pytest.param(CommandForbidden("needs allow_control"), 403, "not-enabled", id="not allowed here"),
        pytest.param(DeviceAway("not connected"), 503, "device-away", id="not connected"),
        pytest.param(CommandInvalid("parameters.seconds", 5, "too few", "use 30"), 422, "invalid-request", id="wrong"),
    ],
)
async def test_what_cannot_be_sent_is_explained_and_not_recorded(
    park: httpx.AsyncClient, service: ServiceInMemory, error: Exception, status: int, kind: str
) -> None:
    service.link.refuses = error
    answer = await park.post(URL, json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:parkwatch:problem:{kind}")
    assert (service.link.told, service.notes) == ([], [])


async def test_a_device_that_does_not_answer_is_504_and_recorded(
    park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    service.link.fails = DeviceSilent("the device did not answer within 10 s, 4 times")
    answer = await park.post(URL, json=BODY)
    assert (answer.status_code, answer.json()["detail"]) == (504, str(service.link.fails))
    assert [(kind, body.get("result")) for kind, body in _notes(service)] == [
        ("device_command", None),
        ("device_answer", "silent"),
    ]


@pytest.mark.parametrize("url", ["/api/v1/devices/loggers/NOBODY/commands", "/api/v1/devices/nowhere/MN1/commands"])
async def test_unknown_devices_are_404(park: httpx.AsyncClient, url: str) -> None:
    assert (await park.post(url, json=BODY)).status_code == 404
    assert (await park.get(url)).status_code == 404


async def test_nothing_is_sent_that_cannot_be_recorded(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    service.refuses_notes = True
    answer = await park.post(URL, json=BODY)
    assert (answer.status_code, service.link.told) == (503, [])
    service.refuses_notes = False
    assert (await park.post(URL, json=BODY)).status_code == 200


async def test_the_same_key_sends_once(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    headers = {"Idempotency-Key": "k1"}
    both = await asyncio.gather(*(park.post(URL, json=BODY, headers=headers) for _ in range(2)))
    third = await park.post(URL, json=BODY, headers=headers)
    assert [one.status_code for one in (*both, third)] == [200] * 3
    assert len({one.json()["id"] for one in (*both, third)}) == 1
    assert (len(service.link.told), len(service.notes)) == (1, 2)
    other = await park.post(URL, json={"command": "set-clock"}, headers=headers)
    assert (other.status_code, len(service.link.told)) == (409, 1)


async def test_a_key_whose_command_was_never_sent_may_try_again(
    park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    headers = {"Idempotency-Key": "k1"}
    service.link.refuses = DeviceAway("not connected")
    assert (await park.post(URL, json=BODY, headers=headers)).status_code == 503
    service.link.refuses = None
    assert (await park.post(URL, json=BODY, headers=headers)).status_code == 200


async def test_a_command_that_takes_long_is_202_and_its_outcome_is_recorded(
    park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    service.devices.patience_s = 0.01
    service.link.ready.clear()
    answer = await park.post(URL, json=BODY, headers={"Idempotency-Key": "long"})
    assert (answer.status_code, answer.json()["result"]) == (202, None)
    service.link.ready.set()
    async with asyncio.timeout(5):
        while len(service.notes) < 2:
            await asyncio.sleep(0.01)
    assert _notes(service)[1][1]["command_id"] == answer.json()["id"]
    again = await park.post(URL, json=BODY, headers={"Idempotency-Key": "long"})
    assert (again.status_code, again.json()["result"], len(service.link.told)) == (200, "done", 1)


async def test_what_a_connector_tells_a_device_by_itself_is_recorded_too(
    park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    assert service.link.tell is not None
    service.link.tell(Command(device="MN1", name="history", parameters={"of": "minute"}), None)
    async with asyncio.timeout(5):
        while len(service.notes) < 2:
            await asyncio.sleep(0.01)
    assert [(note.kind, note.by) for note in service.notes] == [
        ("device_command", "service"),
        ("device_answer", "service"),
    ]


async def test_devices_of_other_connectors_take_no_commands(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    class Deaf:
        health = service.healths[0]

        async def run(self) -> None:
            """Nothing."""

    service.healths[0].devices["plc-1"] = service.link.add("plc-1", "acme")
    service.devices.open([Deaf()])
    answer = await park.post("/api/v1/devices/dcs/plc-1/commands", json=BODY)
    assert (answer.status_code, "take no commands" in answer.json()["detail"]) == (422, True)
