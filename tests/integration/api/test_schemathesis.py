"""Whatever is sent to any route, by whatever role: never a 5xx, and no answer that the description does not promise."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.keys import Keys
from service.identity.roles import OF_AN_ENTERPRISE, Role
from tests.integration.service.conftest import Serving, serving, small_park
from tests.integration.service.rig import Rig

__all__ = ["serving", "small_park"]

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
#: Without end; its door is tried in test_rights, its contents in the tests of the live stream.
ENDLESS = "GET /api/v1/live"
#: Examples an operation: of the short form, which `make test` runs, and of the long one.
SHORT, LONG = 3, 60


async def _try(rig: Rig, role: Role, examples: int) -> None:
    enterprise = "acme" if role in OF_AN_ENTERPRISE else None
    _, text = Keys(rig.park.data_dir).create(f"try-{role.value}", role=role, enterprise=enterprise)
    async with rig.client(text) as one:
        document = (await one.get("openapi.json")).json()
    found = await asyncio.to_thread(_try_all, document, rig.url, text, examples)
    assert not found, "\n\n".join(found)


def _try_all(document: dict[str, Any], url: str, key: str, examples: int) -> list[str]:
    """What went wrong, operation by operation."""
    wrong: list[str] = []
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.label == ENDLESS:
            continue

        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def probe(case: Any) -> None:
            answer = case.call(base_url=url, headers={"X-API-Key": key}, timeout=30)
            case.validate_response(answer, checks=CHECKS)

        try:
            probe()
        except (Exception, BaseExceptionGroup) as error:
            wrong.append(f"{operation.label}: {str(error)[:600]}")
    return wrong


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ENTERPRISE])
async def test_a_few_odd_requests_break_nothing(serving: Serving, role: Role) -> None:
    async with serving() as rig:
        await _try(rig, role, SHORT)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("role", list(Role))
async def test_many_odd_requests_break_nothing(serving: Serving, role: Role) -> None:
    async with serving() as rig:
        await _try(rig, role, LONG)
