"""One enterprise never sees another: every route of the interface, held against a park full of both."""

import asyncio
import json
import uuid
from datetime import date

import httpx
import pytest
from fastapi import FastAPI

from connectors.base import RawFrame
from service.alerts.asked import OpenContext
from service.api.live_stream import LiveStream
from service.api.rights import RIGHTS
from service.duty.config import Duty, DutyPolicy
from service.store.scope import Scope
from tests.integration.api.conftest import Stored
from tests.unit.api.service_in_memory import START_US, Callers, ServiceInMemory, client

MINE, THEIRS = "acme.tank-1.li-101", "borealis.outlet.cod"
#: What must not appear in anything that acme is told: ids, names, values, addresses, reasons of another enterprise.
SECRETS = ("borealis", "北极星", "总排口", "77.125", '"cod"', "their-node")
SPAN = "from=2026-11-01T08:00:00%2B08:00&to=2026-11-01T09:00:00%2B08:00"

THEIR_EXCEEDANCE, THEIR_MARK = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
#: Every route, and how it is asked so that it could show another enterprise's data. `{theirs}` is their alert.
ASKED = {
    ("GET", "/api/v1/enterprises"): ["", "?"],
    ("GET", "/api/v1/sources"): ["", "?enterprise=borealis", "?prefix=bo"],
    ("GET", "/api/v1/enterprises/{enterprise_id}"): ["/api/v1/enterprises/borealis"],
    ("GET", "/api/v1/sources/{source_id}"): ["/api/v1/sources/borealis.outlet"],
    ("GET", "/api/v1/trends"): [f"?tag={THEIRS}&{SPAN}", f"?tag={MINE}&tag={THEIRS}&{SPAN}"],
    ("GET", "/api/v1/duties"): ["", "?enterprise=borealis"],
    ("GET", "/api/v1/inspections"): ["", "?enterprise=borealis"],
    ("GET", "/api/v1/standings"): ["", "?enterprise=borealis"],
    ("GET", "/api/v1/tags"): ["", "?enterprise=borealis", "?source=borealis.outlet", "?prefix=bo", "?quantity=cod"],
    ("GET", "/api/v1/tags/{tag_id}"): [f"/api/v1/tags/{THEIRS}"],
    ("GET", "/api/v1/samples"): [f"?tag={THEIRS}&{SPAN}", f"?tag={MINE}&tag={THEIRS}&{SPAN}&format=csv"],
    ("GET", "/api/v1/samples/{tag_id}/raw"): [f"/api/v1/samples/{THEIRS}/raw?time=2026-11-01T00:00:00.000001Z"],
    ("GET", "/api/v1/raw-frames"): [f"?{SPAN}", f"?{SPAN}&device=their-mn", f"?{SPAN}&connector=loggers"],
    ("GET", "/api/v1/alerts"): [
        *("", "?enterprise=borealis", "?history=true", "?history=true&enterprise=borealis"),
        *("?state=norm&state=unack", f"?target={THEIRS}", f"?history=true&target={THEIRS}", "?source=borealis.outlet"),
    ],
    ("GET", "/api/v1/alerts/{alert_id}"): ["/api/v1/alerts/{theirs}", "/api/v1/alerts/{theirs_stored}"],
    ("GET", "/api/v1/risk"): [""],
    ("GET", "/api/v1/risk/history"): ["", "?subject=park", "?subject=borealis", "?subject=borealis.outlet"],
    ("GET", "/api/v1/kpi"): [f"?{SPAN}", *(f"?{SPAN}&by={one}" for one in ("enterprise", "source", "operator"))],
    ("GET", "/api/v1/alerts/{alert_id}/explain"): [
        *("/api/v1/alerts/{theirs}/explain", "/api/v1/alerts/{theirs_stored}/explain"),
    ],
    ("GET", "/api/v1/alerts/{alert_id}/trace"): [
        *("/api/v1/alerts/{theirs}/trace", "/api/v1/alerts/{theirs_stored}/trace"),
    ],
    ("GET", "/api/v1/traces"): [
        *(f"?tag={one}&at=2026-11-01T00:00:00Z" for one in (THEIRS, "borealis.outlet")),
    ],
    ("GET", "/api/v1/connectors"): [""],
    ("GET", "/api/v1/devices"): ["", "?enterprise=borealis", "?connector=loggers"],
    ("GET", "/api/v1/devices/{connector}/{device}/commands"): ["/api/v1/devices/loggers/BOREALIS-1/commands"],
    ("POST", "/api/v1/devices/{connector}/{device}/commands"): ["/api/v1/devices/loggers/BOREALIS-1/commands"],
    ("GET", "/api/v1/dead-letters"): ["", "?connector=loggers", "?reason=undecodable"],
    ("GET", "/api/v1/emissions/outlets"): ["", "?enterprise=borealis", "?source=borealis.outlet"],
    ("GET", "/api/v1/emissions/means"): [
        *(f"?period=hour&tag={THEIRS}&{SPAN}", f"?period=hour&source=borealis.outlet&{SPAN}"),
    ],
    ("GET", "/api/v1/emissions/minutes"): [f"?tag={THEIRS}&{SPAN}", f"?source=borealis.outlet&{SPAN}"],
    ("GET", "/api/v1/emissions/exceedances"): ["", "?enterprise=borealis", "?source=borealis.outlet"],
    ("GET", "/api/v1/emissions/exceedances/{exceedance_id}/history"): [
        "/api/v1/emissions/exceedances/{their_exceedance}/history",
    ],
    ("GET", "/api/v1/emissions/timeline"): [f"?tag={THEIRS}&{SPAN}", f"?source=borealis.outlet&{SPAN}"],
    ("GET", "/api/v1/emissions/rates"): [f"?{SPAN}", f"?{SPAN}&by=tag", f"?{SPAN}&by=enterprise&enterprise=borealis"],
    ("GET", "/api/v1/emissions/marks"): ["", "?enterprise=borealis", "?source=borealis.outlet"],
    ("POST", "/api/v1/emissions/marks"): ["/api/v1/emissions/marks"],
    ("POST", "/api/v1/emissions/marks/{mark_id}/withdraw"): ["/api/v1/emissions/marks/{their_mark}/withdraw"],
    ("GET", "/api/v1/reports/outlet"): ["?source=borealis.outlet&day=2026-11-01&format=csv"],
    ("GET", "/api/v1/reports/exceedances"): [f"?{SPAN}&format=csv", f"?{SPAN}&format=csv&enterprise=borealis"],
    ("GET", "/api/v1/reports/online"): [f"?{SPAN}&format=csv", f"?{SPAN}&format=csv&by=tag"],
    ("GET", "/api/v1/audit"): ["", "?kind=device_command", "?by=borealis", "?subject=loggers/BOREALIS-1"],
    ("GET", "/api/v1/keys"): [""],
    ("GET", "/api/v1/cases"): ["", "?enterprise=borealis", "?source=borealis.outlet"],
    ("GET", "/api/v1/cases/{case_id}"): ["/api/v1/cases/{their_case}"],
    ("GET", "/api/v1/cases/{case_id}/attachments/{attachment_id}"): [
        "/api/v1/cases/{their_case}/attachments/{their_file}",
    ],
    ("POST", "/api/v1/cases/{case_id}/messages"): ["/api/v1/cases/{their_case}/messages"],
    ("GET", "/api/v1/incidents/timeline"): [
        *("?around={theirs}&before=1d&after=7d", "?around={theirs_stored}&before=1d"),
        "?source=borealis.outlet&at=2026-11-01T00:00:00Z&before=1d&after=1d",
        "?area=121.4,30.7,121.6,30.9&at=2026-11-01T00:00:00Z&before=1d&after=1d",
    ],
    ("GET", "/api/v1/status"): [""],
    ("GET", "/api/v1/session"): [""],
    ("GET", "/metrics"): [""],
    ("POST", "/api/v1/alerts/{alert_id}/ack"): ["/api/v1/alerts/{theirs}/ack", "/api/v1/alerts/{theirs_stored}/ack"],
    ("POST", "/api/v1/alerts/{alert_id}/comment"): ["/api/v1/alerts/{theirs}/comment"],
    ("POST", "/api/v1/alerts/{alert_id}/shelve"): ["/api/v1/alerts/{theirs}/shelve"],
    ("POST", "/api/v1/alerts/{alert_id}/unshelve"): ["/api/v1/alerts/{theirs}/unshelve"],
    ("POST", "/api/v1/alerts/{alert_id}/take-out"): ["/api/v1/alerts/{theirs}/take-out"],
    ("POST", "/api/v1/alerts/{alert_id}/put-back"): ["/api/v1/alerts/{theirs}/put-back"],
    ("POST", "/api/v1/alerts/{alert_id}/reset"): ["/api/v1/alerts/{theirs}/reset"],
    ("GET", "/api/v1/ledger"): [""],
    ("GET", "/api/v1/contexts"): ["", "?enterprise=borealis", "?history=true", "?history=true&enterprise=borealis"],
    ("POST", "/api/v1/contexts"): ["/api/v1/contexts"],
    ("POST", "/api/v1/contexts/{context_id}/end"): ["/api/v1/contexts/{their_context}/end"],
}  # fmt: skip
#: Routes with a proof of their own, or without any enterprise's data.
ELSEWHERE = {
    ("GET", "/api/v1/live"): "test_the_live_stream_is_silent_about_others, and the unit tests",
    ("POST", "/api/v1/samples"): "takes data, says nothing but of what was sent: test_push",
    ("POST", "/api/v1/session"): "opens, shows nothing",
    ("DELETE", "/api/v1/session"): "closes, shows nothing",
    ("POST", "/api/v1/backtests"): "of the whole park alone: test_backtests",
    ("GET", "/api/v1/backtests"): "of the whole park alone: test_backtests",
    ("GET", "/api/v1/backtests/{backtest_id}"): "of the whole park alone: test_backtests",
    ("GET", "/api/v1/backtests/{backtest_id}/transitions"): "of the whole park alone: test_backtests",
    ("DELETE", "/api/v1/backtests/{backtest_id}"): "of the whole park alone: test_backtests",
    ("GET", "/api/v1/rules"): "of the whole park alone: tests/integration/service/test_rules",
    ("PUT", "/api/v1/rules"): "of the whole park alone: tests/integration/service/test_rules",
    ("POST", "/api/v1/rules/reload"): "of the whole park alone: tests/integration/service/test_rules",
    ("POST", "/api/v1/rules/{rule_id}/confirm"): "of the whole park alone: tests/integration/service/test_rules",
    ("GET", "/api/v1/rules/versions"): "of the whole park alone: tests/integration/service/test_rules",
    ("GET", "/api/v1/rules/versions/{number}"): "of the whole park alone: tests/integration/service/test_rules",
    ("POST", "/api/v1/session/password"): "of the caller alone: tests/unit/api/test_identities.py",
    ("GET", "/api/v1/users"): "administrators alone: test_rights",
    ("POST", "/api/v1/users"): "administrators alone: test_rights",
    ("PATCH", "/api/v1/users/{name}"): "administrators alone: test_rights",
    ("POST", "/api/v1/users/{name}/reset-password"): "administrators alone: test_rights",
    ("POST", "/api/v1/keys"): "tests/unit/api/test_identities.py",
    ("DELETE", "/api/v1/keys/{name}"): "tests/unit/api/test_identities.py",
    ("POST", "/api/v1/incidents/evidence"): "tests/integration/incidents",
    ("GET", "/api/v1/incidents/evidence/key"): "no enterprise's data",
    ("GET", "/api/v1/incidents/evidence/{pack_id}"): "tests/integration/incidents",
    ("GET", "/api/v1/incidents/evidence/{pack_id}/file"): "tests/integration/incidents",
    ("GET", "/api/v1/cases/counts"): "tests/integration/cases",
    ("GET", "/api/v1/cases/{case_id}/order"): "a PDF: tests/integration/cases",
    ("POST", "/api/v1/cases"): "the park's to do: tests/integration/cases",
    **{
        ("POST", f"/api/v1/cases/{{case_id}}/{step}"): "tests/integration/cases"
        for step in ("receive", "answer", "verify", "close", "reopen", "cause", "alerts", "attachments")
    },
    ("GET", "/api/v1/notifications"): "tests/integration/notify/test_desk.py",
    ("GET", "/api/v1/notifications/channels"): "of the whole park alone",
    ("POST", "/api/v1/notifications/test"): "of the whole park alone",
    ("GET", "/api/v1/park/plan"): "no enterprise's data",
    **{
        key: "of the park alone: tests/integration/duty"
        for key in RIGHTS
        if "/shift/" in key[1] or key[1].endswith("/rating") or key == ("POST", "/api/v1/inspections")
    },
    ("POST", "/api/v1/duties/{duty_id}/report"): "tests/integration/duty",
    ("GET", "/healthz"): "no data",
    ("GET", "/readyz"): "no enterprise's data",
}


@pytest.fixture
def full(service: ServiceInMemory, store: Stored) -> dict[str, str]:
    """Data of both enterprises everywhere; returns ids of alerts."""
    for tag, value in ((MINE, 8.5), (THEIRS, 77.125), ("park.weather.wind", 3.0)):
        service.measure(tag, value)
        store.samples(tag, [START_US + 1], value)
    mine, theirs = service.raise_alert(MINE), service.raise_alert(THEIRS)
    service.duty.policy = DutyPolicy(duties=(Duty(id="daily", name="日管控", every="day", since=date(2026, 10, 1)),))
    store.execute(
        "INSERT INTO inspection (id, enterprise, at, by, defects, text) "
        "VALUES (gen_random_uuid(), 'borealis', '2026-11-01', 'li', 1, '总排口')"
    )
    old = service.raise_alert(THEIRS, onset_us=START_US - 5)
    their_context = "7d9f2c1e-54b0-4f3c-9d0e-0a8b1f6c2d11"
    service.do(
        OpenContext(
            id=their_context,
            kind="overhaul",
            enterprise="borealis",
            from_us=START_US + 3_600_000_000,
            to_us=START_US + 7_200_000_000,
            reason="their-node is exchanged",
            by="borealis-hse",
        )
    )
    for enterprise, device in (("acme", "my-mn"), ("borealis", "their-mn")):
        text = f"##0101ST=32;CN=2011;MN={device};{enterprise}"
        store.frames("loggers", START_US + 120_000, RawFrame(enterprise=enterprise, device=device, data=text.encode()))
    store.events(service.live.since(0))
    store.risks(list(service.risk.unstored))
    del service.book.active[old]
    service.book.use(service.facts)
    dcs, loggers, _ = service.healths
    loggers.last_error, loggers.bad_addresses = "their-node unknown", {"cod": "no such node"}
    service.problems += ["connector borealis-dcs is disconnected", "the database does not take rows: 77.125"]
    for enterprise in ("acme", "borealis"):
        store.execute(
            "INSERT INTO dead_letter (received_at, origin, enterprise, address, reason, detail, raw) VALUES"
            f" ('2026-11-01T00:00:00Z', 'loggers', '{enterprise}', '{enterprise}/x', 'undecodable', 'x', 'x')"
        )
    store.execute(
        "INSERT INTO connector_gap VALUES"
        " ('loggers/BOREALIS-1', '2026-10-31T23:00:00Z', '2026-10-31T23:05:00Z', 'their-node', NULL),"
        " ('loggers/ACME-1', '2026-10-31T23:00:00Z', '2026-10-31T23:05:00Z', 'silent', 5)"
    )
    service.link.add("ACME-1", "acme")
    service.link.add("BOREALIS-1", "borealis", last_error="their-node", peer="10.1.2.3:4")
    store.execute(
        "INSERT INTO audit_note VALUES (gen_random_uuid(), gen_random_uuid(), '2026-11-01T00:00:00Z', 'device_command',"
        """ 'borealis', 'borealis', 'loggers/BOREALIS-1', '{"command": "get-clock", "parameters": {}}')"""
    )
    service.healths.append(type(dcs)(connector="borealis-dcs", kind="opcua"))
    store.execute(
        "INSERT INTO connector_gap VALUES ('borealis-dcs', '2026-10-31T23:00:00Z', '2026-10-31T23:05:00Z', 'cut', NULL)"
    )
    _judged(store)
    their_case, their_file = str(uuid.uuid4()), str(uuid.uuid4())
    store.execute(
        "INSERT INTO case_file (id, year, number, title, state, colour, cause, enterprise, source, alerts,"
        " instructions, opened, opened_by, handed, due, updated, seq) VALUES"
        f" ('{their_case}', 2026, 1, 'their-node', 'dispatched', 'red', 'real', 'borealis', 'borealis.outlet',"
        " '{}', '', now(), 'x', now(), now(), now(), 1)"
    )
    store.execute(
        f"INSERT INTO case_attachment VALUES ('{their_file}', '{their_case}', 'borealis', now(), 'x', 'their-node',"
        " 'text/plain', 10, '', 'their-node')"
    )
    ids = {"mine": mine, "theirs": theirs, "theirs_stored": old, "their_context": their_context}
    ids |= {"their_case": their_case, "their_file": their_file}
    return ids | {"their_exceedance": THEIR_EXCEEDANCE, "their_mark": THEIR_MARK}


def _judged(store: Stored) -> None:
    """What the judge says of their outlet: an hour, its minute, an exceedance with its record, a mark."""
    cod, start = store.ix(THEIRS), "2026-11-01T00:00:00Z"
    numbers = ", ".join(["77.125"] * 3)
    store.execute(
        "INSERT INTO emission_mean VALUES"
        f" ({cod}, 'hour', '{start}', 1, now(), {numbers}, 1, 60, 1, 77.125, 1, 77.125, 1, false, 10, 0.7, 1,"
        " 60, 60, 0, 0, 0, 0, 0, 77.125, 77.125, 'N', 0, 0, 'first')"
    )
    store.execute(f"INSERT INTO emission_minute VALUES ({cod}, '{start}', 77.125, 2, 1, 1, false, false, 77.125)")
    store.execute(
        "INSERT INTO emission_exceedance (id, kind, tag, enterprise, source, quantity, start, side, value, limit_value,"
        " unit, provenance, unmarked, state, revision, judged, why) VALUES"
        f" ('{THEIR_EXCEEDANCE}', 'hour', {cod}, 'borealis', 'borealis.outlet', 'cod', '{start}', 'high', 77.125, 50,"
        " 'mg/L', '{}', true, 'standing', 1, now(), '77.125')"
    )
    store.execute(
        "INSERT INTO emission_exceedance_event VALUES"
        f" ('{THEIR_EXCEEDANCE}', 1, now(), 'standing', 77.125, 50, true, '77.125')"
    )
    store.execute(
        "INSERT INTO emission_mark VALUES"
        f" ('{THEIR_MARK}', 'borealis', 'borealis.outlet', ARRAY['{THEIRS}'], '{start}', '2026-11-01T01:00:00Z',"
        " 'anomaly', 'calibration', 'their-node', 'borealis-hse', now(), 'manual')"
    )


def test_every_route_is_in_the_table(app_and_callers: tuple[FastAPI, Callers]) -> None:
    paths = app_and_callers[0].openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes == set(ASKED) | set(ELSEWHERE)


def _urls(ids: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (method, (how if how.startswith("/") else path + how).format(**ids))
        for (method, path), ways in ASKED.items()
        for how in ways
    ]


BODIES: dict[str, dict[str, object]] = {
    "ack": {"level": "H"},
    "comment": {"comment": "seen"},
    "messages": {"text": "seen"},
    "shelve": {"reason": "seen", "duration": "10m"},
    "take-out": {"reason": "seen", "duration": "10m", "work_order": "WO-1"},
    "commands": {"command": "get-clock"},
    "marks": {
        **{"source": "borealis.outlet", "kind": "anomaly", "type": "fault", "reason": "seen"},
        **{"from": "2026-11-01T00:00:00Z", "to": "2026-11-01T01:00:00Z"},
    },
    "contexts": {"kind": "overhaul", "enterprise": "borealis", "to": "2026-11-01T01:00:00Z", "reason": "seen"},
}


async def _ask(one: httpx.AsyncClient, method: str, url: str) -> httpx.Response:
    body = BODIES.get(url.rpartition("/")[2], {"reason": "seen"})
    return await one.request(method, url, json=body if method == "POST" else None)


async def test_no_route_tells_acme_anything_of_borealis(full: dict[str, str], acme: httpx.AsyncClient) -> None:
    for method, url in _urls(full):
        answer = await _ask(acme, method, url)
        told = answer.text.lower()
        if answer.status_code in (403, 404):  # naming what was asked for tells nothing
            assert answer.json()["type"].endswith(("forbidden", "not-found", "role")), url
            told = json.dumps({**answer.json(), "detail": ""})
        assert not [secret for secret in SECRETS if secret in told], (method, url, answer.text)


async def test_the_same_questions_do_show_it_to_the_park(full: dict[str, str], park: httpx.AsyncClient) -> None:
    silent = []
    for method, url in _urls(full):
        answer = await _ask(park, method, url)
        if answer.status_code != 409 and not any(secret in answer.text.lower() for secret in SECRETS):
            silent.append(url)
    assert silent == ["/api/v1/session"]


async def test_acme_sees_itself_and_what_is_shared(full: dict[str, str], acme: httpx.AsyncClient) -> None:
    for url, expected in (
        ("/api/v1/enterprises", ("acme", "park")),
        ("/api/v1/sources", ("acme.tank-1", "park.weather")),
        ("/api/v1/tags", (MINE, "park.weather.wind")),
        (f"/api/v1/samples?tag={MINE}&tag=park.weather.wind&{SPAN}", (MINE, "park.weather.wind")),
        ("/api/v1/alerts?history=true", (full["mine"],)),
        ("/api/v1/connectors", ("dcs", "loggers", "stations", "loggers/ACME-1")),
        ("/api/v1/devices", ("ACME-1",)),
        ("/api/v1/dead-letters", ("acme/x",)),
        (f"/api/v1/raw-frames?{SPAN}", ("my-mn",)),
    ):
        answer = (await acme.get(url)).text
        assert all(f'"{one}"' in answer for one in expected), (url, answer)


async def test_nothing_that_acme_sends_changes_a_foreign_alert(
    full: dict[str, str], acme: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    for action in ("ack", "comment", "shelve", "unshelve", "take-out", "put-back", "reset"):
        answer = await _ask(acme, "POST", f"/api/v1/alerts/{full['theirs']}/{action}")
        assert answer.status_code == (404 if action == "comment" else 403)  # the rest is the park's to do
    for url in ("/api/v1/contexts", f"/api/v1/contexts/{full['their_context']}/end"):
        assert (await _ask(acme, "POST", url)).status_code == 404
    assert (service.commands, service.contexts) == ([], [])


async def test_an_alert_of_nobody_is_the_parks(
    full: dict[str, str], acme: httpx.AsyncClient, park: httpx.AsyncClient, service: ServiceInMemory
) -> None:
    alert = service.raise_alert("service/journal")
    assert alert in (await park.get("/api/v1/alerts")).text
    assert alert not in (await acme.get("/api/v1/alerts")).text


async def test_the_live_stream_is_silent_about_others(
    full: dict[str, str], service: ServiceInMemory, store: Stored, app_and_callers: tuple[FastAPI, Callers]
) -> None:
    """From the store, from memory, as it happens, and in a snapshot."""
    frames = app_and_callers[0].state.parkwatch.frames
    service.live._ring.clear()
    service.raise_alert(THEIRS, onset_us=START_US + 7)
    service.raise_alert(MINE, onset_us=START_US + 7)
    position = frames.standing("snapshot", Scope.everything())[1]._replace(seq=0)
    for after in (None, position):
        stream = LiveStream(service, frames, Scope.only("acme", park="park"), after=after).run()
        told = b""
        async with asyncio.timeout(5):
            while b"event: status" not in told:
                told += await anext(stream)
        service.raise_alert(THEIRS, onset_us=START_US + 8 + service.book.seq)
        told += await anext(stream)
        await stream.aclose()
        assert MINE.encode() in told
        assert not [secret for secret in SECRETS if secret.encode() in told.lower()]


async def test_without_a_key_nothing_is_told(full: dict[str, str], app_and_callers: tuple[FastAPI, Callers]) -> None:
    app, _ = app_and_callers
    async with client(app, None) as stranger:
        for method, url in [*_urls(full), ("GET", "/api/v1/live"), ("GET", "/api/v1/openapi.json")]:
            answer = await _ask(stranger, method, url)
            assert answer.status_code == 401, (method, url)
            assert answer.headers["content-type"] == "application/problem+json"
