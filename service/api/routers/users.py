"""Accounts of people: administrators make, change and disable them."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.models_identity import (
    AccountChangeBody,
    AccountList,
    AccountShape,
    NewAccountBody,
    OneTimePassword,
)
from service.api.problems import Problem, documented, invalid, not_found
from service.api.recorded import record
from service.api.state import State
from service.api.times import rfc3339
from service.identity.accounts import Account, AccountRefused

router = APIRouter(prefix=f"{PREFIX}/users", tags=["identities"])

AccountName = Annotated[str, Path(description="The account's name", max_length=64)]
_Done = TypeVar("_Done")


@router.get("", response_model=AccountList, responses=documented())
async def list_users(state: StateDep, caller: CallerDep) -> Json:
    """All accounts, the disabled too."""
    return Json({"items": [_shape(one) for one in state.accounts.list()]})


@router.post("", response_model=OneTimePassword, status_code=201, responses=documented(409, 413, 503))
async def add_user(state: StateDep, caller: CallerDep, body: NewAccountBody) -> Json:
    """Make an account; the answer holds its one-time password, which is not shown again."""
    check_enterprise(state, body.enterprise)
    await record(state, caller.name, "account", body.name, {"change": "added", **body.model_dump(mode="json")})
    account, once = await _beside(
        state,
        lambda: state.accounts.create(
            body.name,
            role=body.role,
            enterprise=body.enterprise,
            display=body.display,
            contact=body.contact,
            by=caller.name,
        ),
    )
    return Json({"name": account.name, "password": once}, status_code=201)


@router.patch("/{name}", response_model=AccountShape, responses=documented(404, 409, 413, 503))
async def change_user(state: StateDep, caller: CallerDep, name: AccountName, body: AccountChangeBody) -> Json:
    """Change what is given. A change of role, enterprise or `disabled` ends the person's sessions at once."""
    changes = body.model_dump(exclude_unset=True)
    for field in ("display", "role", "contact", "disabled"):
        if field in changes and changes[field] is None:
            raise invalid(field, None, "cannot be null", "leave it out, or give a value")
    _known(state, name)
    check_enterprise(state, changes.get("enterprise"))
    await record(
        state, caller.name, "account", name, {"change": "changed", **body.model_dump(mode="json", exclude_unset=True)}
    )
    return Json(_shape(await _beside(state, lambda: state.accounts.update(name, **changes))))


@router.post("/{name}/reset-password", response_model=OneTimePassword, responses=documented(404, 409, 413, 503))
async def reset_password(state: StateDep, caller: CallerDep, name: AccountName) -> Json:
    """A new one-time password; ends all sessions of the account."""
    _known(state, name)
    await record(state, caller.name, "account", name, {"change": "password reset"})
    once = await _beside(state, lambda: state.accounts.reset_password(name))
    return Json({"name": name, "password": once})


def check_enterprise(state: State, enterprise: str | None) -> None:
    """Raises Problem 422 where the park has none of this id."""
    known = [one.id for one in state.view.tags.park.enterprises]
    if enterprise is not None and enterprise not in known:
        raise invalid(
            "enterprise", enterprise, "the park has no such enterprise", f"use one of {', '.join(known[:20])}"
        )


def _known(state: State, name: str) -> None:
    if state.accounts.get(name) is None:
        raise not_found(f"account {name!r}")


async def _beside(state: State, work: Callable[[], _Done]) -> _Done:
    try:
        async with state.hashing:
            return await asyncio.to_thread(work)
    except AccountRefused as error:
        raise Problem(409, "conflict", str(error)) from None


def _shape(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "display": account.display,
        "role": account.role.value,
        "enterprise": account.enterprise,
        "contact": account.contact,
        "disabled": account.disabled,
        "must_change_password": account.must_change,
        "created": rfc3339(round(account.created.timestamp() * 1e6)),
        "created_by": account.created_by,
    }
