"""Two enterprises and people of the park around a real database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.api.keys import Keys
from service.identity.roles import OF_AN_ENTERPRISE, Role
from tests.integration.api.conftest import Stored, service, store
from tests.unit.api.service_in_memory import ServiceInMemory, client, make_app

__all__ = ["service", "store"]

LEVEL, COD = "acme.tank-1.li-101", "borealis.outlet.cod"


class People:
    """Named clients: a role each, of the park or of an enterprise."""

    def __init__(self, view: ServiceInMemory, directory: Path) -> None:
        self._keys = Keys(directory)
        self._app = make_app(view, self._keys)
        self._open: dict[str, httpx.AsyncClient] = {}

    def __call__(self, name: str, role: Role = Role.OPERATOR, enterprise: str | None = None) -> httpx.AsyncClient:
        if name not in self._open:
            enterprise = (enterprise or "acme") if role in OF_AN_ENTERPRISE else None
            text = self._keys.create(name, role=role, enterprise=enterprise)[1]
            self._open[name] = client(self._app, text)
            self._open[name].base_url = httpx.URL("http://park.test/api/v1/")
        return self._open[name]

    async def close(self) -> None:
        for one in self._open.values():
            await one.aclose()


@pytest.fixture
async def people(service: ServiceInMemory, store: Stored, tmp_path: Path) -> AsyncIterator[People]:
    made = People(service, tmp_path)
    yield made
    await made.close()


Dispatch = Callable[..., Any]


@pytest.fixture
def dispatched(people: People, service: ServiceInMemory) -> Dispatch:
    """A case of an alert of acme's tank, dispatched by the operator wang."""

    async def make(**more: Any) -> dict[str, Any]:
        alert = service.raise_alert(more.pop("tag", LEVEL), onset_us=service.now_us - more.pop("ago", 0))
        answer = await people("wang").post("cases", json={"alerts": [alert], **more})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    return make
