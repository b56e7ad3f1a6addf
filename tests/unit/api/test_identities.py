"""People log in with a name and a password; administrators make accounts; enterprises the keys of their devices."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.identity.accounts import Accounts
from service.identity.roles import Role
from tests.unit.api.service_in_memory import ServiceInMemory, client

GOOD, OTHER = "correct horse battery", "another staple of words"


@pytest.fixture
def accounts(tmp_path: Path, keys_and_callers: Any) -> Accounts:
    """Beside the keys."""
    return Accounts(tmp_path)


async def logged_in(app: FastAPI, name: str, password: str) -> httpx.AsyncClient:
    """A browser; the answer to its login is in ``.headers``'s session."""
    browser = client(app, None)
    browser.headers["Origin"] = "http://park.test"
    answer = await browser.post("/api/v1/session", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return browser


async def test_a_person_logs_in_and_is_who_it_is(app: FastAPI, accounts: Accounts, service: ServiceInMemory) -> None:
    accounts.create("wang.fang", role=Role.OPERATOR, display="王芳", by="admin", password=GOOD)
    browser = await logged_in(app, "wang.fang", GOOD)
    who = (await browser.get("/api/v1/session")).json()
    assert who | {"name": "wang.fang", "display": "王芳", "role": "operator", "enterprise": None} == who
    (note,) = service.notes
    assert (note.kind, note.by) == ("login", "wang.fang")


async def test_a_wrong_password_is_recorded_and_after_a_few_the_account_waits(
    app: FastAPI, accounts: Accounts, service: ServiceInMemory
) -> None:
    accounts.create("wang.fang", role=Role.OPERATOR, by="admin", password=GOOD)
    async with client(app, None) as guesser:
        codes = [
            (await guesser.post("/api/v1/session", json={"name": "wang.fang", "password": f"guess {n}"})).status_code
            for n in range(6)
        ]
    assert codes == [401] * 5 + [429]
    assert [note.kind for note in service.notes] == ["login_failed"] * 5


@pytest.mark.parametrize("body", [{}, {"name": "a"}, {"key": "x", "name": "a", "password": "b"}, {"password": "b"}])
async def test_a_login_is_one_way_or_the_other(anyone: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await anyone.post("/api/v1/session", json=body)).status_code == 422


async def test_with_a_one_time_password_nothing_works_but_changing_it(app: FastAPI, accounts: Accounts) -> None:
    _, once = accounts.create("wang.fang", role=Role.OPERATOR, by="admin")
    browser = await logged_in(app, "wang.fang", once)
    refused = await browser.get("/api/v1/alerts")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:parkwatch:problem:password-change")
    assert (await browser.get("/api/v1/session")).json()["must_change_password"] is True
    weak = await browser.post("/api/v1/session/password", json={"old": once, "new": "short"})
    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (422, "new")
    changed = await browser.post("/api/v1/session/password", json={"old": once, "new": GOOD})
    assert changed.json()["must_change_password"] is False
    assert (await browser.get("/api/v1/alerts")).status_code == 200


async def test_an_administrator_makes_an_account_and_takes_it_away(app: FastAPI, park: httpx.AsyncClient) -> None:
    made = await park.post("/api/v1/users", json={"name": "li.na", "role": "enterprise", "enterprise": "acme"})
    assert made.status_code == 201
    browser = await logged_in(app, "li.na", made.json()["password"])
    await browser.post("/api/v1/session/password", json={"old": made.json()["password"], "new": GOOD})
    assert {one["enterprise"] for one in (await browser.get("/api/v1/sources")).json()["items"]} == {"acme", "park"}
    assert (await park.patch("/api/v1/users/li.na", json={"disabled": True})).json()["disabled"] is True
    assert (await browser.get("/api/v1/sources")).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "role": "enterprise"}, 409),
        ({"name": "x", "role": "enterprise", "enterprise": "nobody"}, 422),
        ({"name": "x", "role": "king"}, 422),
        ({"name": "", "role": "operator"}, 422),
        ({"name": "a/b", "role": "operator"}, 409),
    ],
)
async def test_an_account_that_cannot_be_is_refused(park: httpx.AsyncClient, body: dict[str, str], status: int) -> None:
    answer = await park.post("/api/v1/users", json=body)
    assert answer.status_code == status, answer.text


async def test_an_enterprise_makes_and_revokes_the_keys_of_its_devices_alone(
    app: FastAPI, acme: httpx.AsyncClient, park: httpx.AsyncClient
) -> None:
    made = (await acme.post("/api/v1/keys", json={"name": "gateway"})).json()
    assert made["key"] | {"role": "device", "enterprise": "acme"} == made["key"]
    async with client(app, made["text"]) as device:
        assert (await device.get("/api/v1/session")).json()["role"] == "device"
        assert (await device.get("/api/v1/alerts")).status_code == 403
    for body in ({"name": "b", "role": "admin"}, {"name": "c", "enterprise": "borealis"}):
        assert (await acme.post("/api/v1/keys", json=body)).status_code == 403
    await park.post("/api/v1/keys", json={"name": "theirs", "enterprise": "borealis"})
    assert [one["name"] for one in (await acme.get("/api/v1/keys")).json()["items"]] == ["gateway"]
    assert (await acme.delete("/api/v1/keys/theirs")).status_code == 404
    assert (await acme.delete("/api/v1/keys/gateway")).status_code == 204
    async with client(app, made["text"]) as device:
        assert (await device.get("/api/v1/session")).status_code == 401


async def test_what_cannot_be_recorded_is_not_done(park: httpx.AsyncClient, service: ServiceInMemory) -> None:
    service.refuses_notes = True
    assert (await park.post("/api/v1/users", json={"name": "li.na", "role": "operator"})).status_code == 503
    assert (await park.get("/api/v1/users")).json()["items"] == []


async def test_a_full_disk_does_not_lock_the_control_room_out(
    app: FastAPI, accounts: Accounts, service: ServiceInMemory
) -> None:
    accounts.create("wang.fang", role=Role.OPERATOR, by="admin", password=GOOD)
    service.refuses_notes = True
    await logged_in(app, "wang.fang", GOOD)
