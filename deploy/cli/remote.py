"""Commands that talk to a running service: where it is, and by which key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from deploy.cli.common import fail

Url = Annotated[str, typer.Option("--url", help="Of the running service.", envvar="PARKWATCH_URL")]
Key = Annotated[
    str, typer.Option("--key", help="API key for the whole park.", envvar="PARKWATCH_KEY", show_default=False)
]
DEFAULT_URL = "http://127.0.0.1:8470"
#: Checking and compiling thousands of rules takes seconds; under load, more of them.
_TIMEOUT_S = 120.0


def ask(method: str, url: str, key: str, path: str, *, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
    """JSON of the REST interface, below ``/api/v1``. What it refuses is told on stderr, and the command ends."""
    return _answer(method, url, key, path, body, params).json()


def fetch(url: str, key: str, path: str, **params: Any) -> bytes:
    """A file of the REST interface. Refusals as with `ask`."""
    data: bytes = _answer("GET", url, key, path, None, params).content
    return data


def _answer(
    method: str, url: str, key: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> Any:
    import httpx

    if not key:
        fail("give an API key for the whole park: --key, or PARKWATCH_KEY in the environment")
    wanted = {name: value for name, value in params.items() if value is not None}
    try:
        answer = httpx.request(
            method,
            f"{url.rstrip('/')}/api/v1/{path}",
            headers={"X-API-Key": key},
            json=body,
            params=wanted,
            timeout=_TIMEOUT_S,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(f"no service answers at {url}: {error}; is it running, and is --url right?")
    if not answer.is_success:
        fail(_said(answer))
    return answer


def _said(answer: Any) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"{answer.status_code}: {answer.text[:200]}"
    errors = [f"{one['field']}: {one['problem']}" for one in problem.get("errors") or ()]
    return "\n".join(errors) or str(problem.get("detail", problem))
