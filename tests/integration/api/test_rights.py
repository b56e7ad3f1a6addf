"""Routes × roles: every cell of the table is tried, over HTTP, with a key of that role."""

import re
import uuid

import httpx
import pytest
from fastapi import APIRouter

from service.api import rights
from service.api.keys import Keys
from service.api.rights import PUBLIC, RIGHTS, check_complete
from service.identity.roles import OF_AN_ENTERPRISE, Role
from tests.integration.service.conftest import Serving, serving, small_park
from tests.integration.service.rig import Rig

__all__ = ["serving", "small_park"]

#: What stands in a path where the route wants something.
_FILLED = {
    **{"tag_id": "acme.tank.LT", "enterprise_id": "acme", "source_id": "acme.tank", "duty_id": "daily"},
    **{"number": "1", "connector": "loggers", "device": "ACME-1", "name": "nobody"},
}


def _url(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: _FILLED.get(found[1], str(uuid.uuid4())), path)


def _keys(rig: Rig) -> dict[Role, str]:
    """One of every role."""
    keys = Keys(rig.park.data_dir)
    return {
        role: keys.create(role.value, role=role, enterprise="acme" if role in OF_AN_ENTERPRISE else None)[1]
        for role in Role
    }


async def _asked(one: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    """With a body that no route can use: whoever may call it is told so, or that nothing is there."""
    body = {"nonsense": True} if method in ("POST", "PUT", "PATCH") else None
    # The live stream has no end: the door is what counts.
    url = f"{_url(path)}?after=nonsense" if path.endswith("/live") else _url(path)
    return await one.request(method, url, json=body)


def rig_path(path: str) -> str:
    return _url(path)


async def test_every_cell_of_the_table(serving: Serving) -> None:
    wrong: list[str] = []
    async with serving() as rig:
        for role, text in _keys(rig).items():
            async with rig.client(text) as one:
                for (method, path), allowed in sorted(RIGHTS.items()):
                    answer = await _asked(one, method, rig.url + path)
                    refused = answer.status_code == 403 and answer.json()["type"].endswith(":role")
                    if refused == (role in allowed) or answer.status_code in (401, 500):
                        wrong.append(f"{method} {path} as {role.value}: {answer.status_code} {answer.text[:120]}")
    assert not wrong


async def test_without_a_key_every_route_is_closed(serving: Serving) -> None:
    async with serving() as rig, httpx.AsyncClient(trust_env=False) as nobody:
        codes = {key: (await _asked(nobody, key[0], rig.url + key[1])).status_code for key in RIGHTS}
    assert {key: code for key, code in codes.items() if code != 401} == {}


def test_what_is_public_is_little() -> None:
    assert {("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/api/v1/session")} == PUBLIC


def test_a_route_that_is_not_in_the_table_stops_the_service_from_starting() -> None:
    router = APIRouter()
    router.add_api_route("/api/v1/new", lambda: None, methods=["GET"])
    with pytest.raises(LookupError, match="/api/v1/new"):
        check_complete([router])


def test_only_administrators_say_who_may_do_what() -> None:
    for (_, path), roles in RIGHTS.items():
        if path.startswith("/api/v1/users"):
            assert roles == rights.ADMINS


def test_who_only_reads_changes_nothing() -> None:
    changing = {
        (method, path) for (method, path), roles in RIGHTS.items() if method != "GET" and Role.REVIEWER in roles
    }
    own = {("DELETE", "/api/v1/session"), ("POST", "/api/v1/session/password")}
    assert changing == own | {("POST", "/api/v1/incidents/evidence")}  # an export
