"""Whatever stands in a body or an address, a request is answered, and the service goes on."""

import uuid
from typing import Any

import httpx
import pytest

from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import sample, until

LONE = "\\ud800"
#: Texts as they may stand between the quotes of a JSON body.
TEXTS = [
    "",
    "x",
    LONE,
    "\\u0000",
    "a" * 3_000,
    "\\n\\r",
    "漢\\u2028",
    "'; DROP TABLE alert; --",
    "{",
    "- &a [*a]",
    "!!python/name:os",
]
TIMES = [
    "2026-11-01T00:00:00Z",
    "1971-01-01T00:00:00Z",
    "2099-12-31T23:59:59.999999-14:00",
    "1970-01-01T00:00:00Z",
    "now",
    "",
]
NUMBERS = ["0", "-1", "1e400", "123456789012345678901234567890", "null", "true", '"1"', "[]", "NaN"]


def requests(alert: str, entry: str) -> list[tuple[str, str, str]]:
    """Method, path, body."""
    found: list[tuple[str, str, str]] = []
    strange = str(uuid.uuid4())
    for text in TEXTS:
        files = f'[{{"name": "a.yaml", "text": "{text}"}}]'
        named = f'[{{"name": "{text}", "text": "rules: []"}}]'
        for dry in ("true", "false"):
            found += [
                ("PUT", "rules", f'{{"reason": "r", "dry_run": {dry}, "files": {one}}}') for one in (files, named)
            ]
        found += [
            ("PUT", "rules", f'{{"reason": "{text}", "version": 1, "author": "{text}"}}'),
            ("POST", "rules/reload", f'{{"reason": "{text}"}}'),
            ("POST", "rules/tag-limits/confirm", f'{{"by": "{text}", "note": "{text}"}}'),
            ("POST", "rules/%00/confirm", '{"by": "li wei"}'),
            ("POST", "rules/%ed%a0%80/confirm", '{"by": "li wei"}'),
            ("POST", f"alerts/{alert}/shelve", f'{{"reason": "{text}", "duration": "{text}"}}'),
            ("POST", f"alerts/{alert}/shelve", f'{{"reason": "r", "duration": "{text}1h"}}'),
            ("POST", f"alerts/{alert}/take-out", f'{{"reason": "{text}", "work_order": "{text}", "duration": "1h"}}'),
            ("POST", f"alerts/{alert}/unshelve", f'{{"reason": "{text}"}}'),
            ("POST", f"alerts/{alert}/put-back", f'{{"reason": "{text}"}}'),
            ("POST", f"alerts/{alert}/reset", f'{{"reason": "{text}"}}'),
            ("POST", f"alerts/{strange}/shelve", f'{{"reason": "{text}", "duration": "1h"}}'),
            ("POST", f"contexts/{entry}/end", f'{{"reason": "{text}", "at": "{text}"}}'),
            ("POST", f"contexts/{strange}/end", f'{{"reason": "{text}"}}'),
            ("POST", "backtests", _backtest(rules=text)),
            ("POST", "backtests", _backtest(tags=f'["{text}"]')),
        ]
        for kind, where in (
            ("calibration", ""),
            ("hot_work", f', "source": "{text}"'),
            (text, f', "tags": ["{text}"]'),
        ):
            body = (
                f'{{"kind": "{kind}", "enterprise": "acme", "to": "2026-11-01T00:00:00Z", "reason": "{text}"{where}}}'
            )
            found.append(("POST", "contexts", body))
    for time in TIMES:
        found += [
            ("POST", f"alerts/{alert}/shelve", f'{{"reason": "r", "until": "{time}"}}'),
            ("POST", f"contexts/{entry}/end", f'{{"reason": "r", "at": "{time}"}}'),
            ("POST", "backtests", _backtest(since=time)),
            ("POST", "backtests", _backtest(since=f"{time}{LONE}")),
        ]
        for other in TIMES:
            span = f'"from": "{time}", "to": "{other}"'
            found.append(("POST", "contexts", f'{{"kind": "overhaul", "enterprise": "acme", "reason": "r", {span}}}'))
            found += [("GET", f"{one}?from={time}&to={other}", "") for one in ("kpi", "risk/history", "contexts")]
    for number in NUMBERS:
        found += [
            ("PUT", "rules", f'{{"reason": "r", "version": {number}}}'),
            ("PUT", "rules", f'{{"reason": "r", "base": {number}, "files": [{{"name": "a", "text": "rules: []"}}]}}'),
            ("POST", "backtests", _backtest(more=f', "tick": {number}')),
            ("POST", "backtests", _backtest(more=f', "settle": {number}')),
            ("POST", f"alerts/{alert}/shelve", f'{{"reason": {number}, "duration": {number}}}'),
            ("GET", f"rules/versions/{number}", ""),
            ("GET", f"rules/versions?limit={number}&cursor={number}", ""),
            ("GET", f"kpi?by={number}", ""),
            ("GET", f"risk/history?subject={number}&cursor={number}&limit={number}", ""),
            ("GET", f"contexts?history=true&kind={number}&cursor={number}", ""),
            ("GET", f"backtests/{strange}/transitions?cursor={number}", ""),
        ]
    cursors = ("WzAsMF0", "Wzk5OTk5OTk5OTk5OTk5OTk5OTldIA", "WzAsInh4Il0", "W10", "bnVsbA")
    lists = ("rules/versions", "risk/history", "contexts", "contexts?history=true", "alerts?history=true")
    found += [("GET", f"{one}{'&' if '?' in one else '?'}cursor={cursor}", "") for one in lists for cursor in cursors]
    found += [("GET", f"alerts/{one}/explain", "") for one in (alert, strange, entry)]
    return found


def _backtest(rules: str = "rules: []", since: str = "2026-11-01T00:00:00Z", tags: str = "[]", more: str = "") -> str:
    return f'{{"rules": "{rules}", "from": "{since}", "to": "2026-11-01T00:00:01Z", "tags": {tags}{more}}}'


async def _raised(rig: Rig) -> str:
    await rig.gateway.send(sample(95.0))

    async def holds() -> object:
        return (await rig.get("alerts"))["items"]

    await until(holds)
    return str((await rig.get("alerts"))["items"][0]["id"])


async def _entry(client: httpx.AsyncClient) -> str:
    body = {"kind": "hot_work", "enterprise": "acme", "source": "acme.tank", "permit": "P", "reason": "r"}
    answer = await client.post("contexts", json=body | {"to": "2026-11-01T00:00:00Z"})
    return str(answer.json().get("id", uuid.uuid4()))


@pytest.mark.parametrize("enterprise", [None, "acme"])
async def test_every_request_is_answered_and_the_service_goes_on(serving: Serving, enterprise: str | None) -> None:
    async with serving() as rig:
        alert = await _raised(rig)
        async with rig.client(rig.park.key(enterprise=enterprise)) as client:
            failed: list[Any] = []
            for method, path, body in requests(alert, await _entry(client)):
                headers = {"content-type": "application/json"} if body else {}
                answer = await client.request(method, path, content=body.encode(), headers=headers)
                if answer.status_code >= 500 and answer.status_code != 503:
                    failed.append((method, path, body[:200], answer.status_code))
        assert failed == []
        status = await rig.get("status")
        assert status["problems"] == []
        await rig.gateway.send(sample(50.0))

        async def holds() -> bool:
            return str((await rig.get(f"alerts/{alert}"))["alert"]["state"]) in ("rtnun", "norm")

        await until(holds)
        await rig.until_stored(2)
