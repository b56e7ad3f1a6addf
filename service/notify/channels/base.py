"""What every channel is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx

from service.clock import Clock
from service.notify.message import Message


class NotSent(Exception):
    """The other side did not take the message."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        #: Whether trying again may help; a wrong address or key does not become right by itself.
        self.again = again


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What channels share."""

    http: httpx.AsyncClient
    clock: Clock
    #: Name of the park, as messages carry it.
    park: str


class Channel(Protocol):
    """Sends messages; constructing never connects."""

    async def send(self, message: Message) -> str:
        """Returns what the other side answered, in a few words. Raises NotSent."""


async def post(
    sending: Sending, url: str, within_us: int, *, content: bytes, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """POST JSON. Raises NotSent, whose text never shows the address: robots carry their token in it."""
    try:
        answer = await sending.http.post(
            url,
            content=content,
            headers={"Content-Type": "application/json", **(headers or {})},
            timeout=within_us / 1e6,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"{type(error).__name__}: {_without(str(error), url)}") from None
    if not answer.is_success:
        again = answer.status_code >= 500 or answer.status_code in (408, 429)
        raise NotSent(f"HTTP {answer.status_code}: {_without(answer.text[:200], url)}", again=again)
    return answer


def _without(text: str, url: str) -> str:
    parts = urlsplit(url)
    for secret in (url, parts.query, *(one for values in parse_qs(parts.query).values() for one in values)):
        if secret:
            text = text.replace(secret, "…")
    return text


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """The object in an answer. Raises NotSent where there is none."""
    try:
        told = answer.json()
    except ValueError:
        raise NotSent(f"the answer is no JSON: {answer.text[:100]!r}") from None
    if not isinstance(told, dict):
        raise NotSent(f"the answer is no object: {answer.text[:100]!r}")
    return told
