"""Rules: which are live and why, their versions, and changing them. All of it needs a key for the whole park."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from park.yamlfile import FileInvalid
from service.api import PREFIX
from service.api.access import Caller, CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import from_cursor, to_cursor
from service.api.problems import Problem, documented, invalid, not_found
from service.api.rule_models import ConfirmBody, ReloadBody, Rules, RulesBody, RulesOutcome, Versions, VersionShape
from service.api.rule_shapes import outcome_shape, rule_shapes, version_head, version_shape
from service.api.state import State
from service.rules.active import Status
from service.rules.files import RuleFile
from service.rules.versions import RuleVersion
from service.store.errors import StoreUnavailable

router = APIRouter(prefix=PREFIX, tags=["rules"])

Number = Annotated[int, Path(ge=1, description="Number of a version")]
RuleIdPath = Annotated[str, Path(description="The rule's id")]


@router.get("/rules", response_model=Rules, responses=documented(403))
async def list_rules(
    app: StateDep,
    caller: CallerDep,
    status: Annotated[list[Status] | None, Query(description="Any of these")] = None,
    kind: Annotated[str | None, Query(description="Only of this kind")] = None,
) -> Json:
    """All rules of the version in force, in the order of their files: live or not today, and why."""
    desk = app.view.rules
    version, found = desk.version, desk.standings()
    found = [one for one in found if (not status or one.status in status) and kind in (None, one.rule.kind)]
    items = await asyncio.to_thread(rule_shapes, app.view.tags, version, found)
    return Json({"version": version.number, "sha256": version.sha256, "items": items})


@router.put("/rules", response_model=RulesOutcome, responses=documented(403, 404, 409, 413, 503))
async def put_rules(app: StateDep, caller: CallerDep, body: RulesBody) -> Json:
    """Put other rules into force while samples flow, or (`dry_run`) tell what that would change.

    Rules that do not change keep their state, and changed ones as far as the change allows it. 422 lists everything
    that is wrong with the files, with file, line and column.
    """
    if (body.files is None) == (body.version is None):
        raise invalid("files", None, "give files or version, one of them", "send the text of all rule files")
    if body.files is not None:
        files = tuple(RuleFile(name=one.name, text=one.text) for one in body.files)
    else:
        files = (await _version(app, caller, body.version or 0)).files
    desk = app.view.rules
    try:
        if body.dry_run:
            plan, trial = await desk.try_out(files)
            return Json(outcome_shape(plan, None, trial))
        by = _named(body.author, caller)
        plan, version = await desk.apply(files, by=by, reason=body.reason, base=body.base)
    except FileInvalid as error:
        raise _wrong(error) from error
    return Json(outcome_shape(plan, version, None))


@router.post("/rules/reload", response_model=RulesOutcome, responses=documented(403, 409, 413, 503))
async def reload_rules(app: StateDep, caller: CallerDep, body: ReloadBody | None = None) -> Json:
    """Read the configured rule files again and put them into force. Where nothing changed, nothing happens."""
    body = body or ReloadBody()
    try:
        plan, version = await app.view.rules.reload(by=_named(body.author, caller), reason=body.reason)
    except FileInvalid as error:
        raise _wrong(error) from error
    except OSError as error:
        raise Problem(409, "not-readable", f"the configured rules cannot be read: {error}") from error
    return Json(outcome_shape(plan, version, None))


@router.post("/rules/{rule_id}/confirm", response_model=VersionShape, responses=documented(403, 404, 409, 413, 503))
async def confirm_rule(app: StateDep, caller: CallerDep, rule_id: RuleIdPath, body: ConfirmBody) -> Json:
    """A named person answers for the numbers of a rule whose confidence is `secondary` or `unverified`: it goes live.

    The confirmation is of the rule as it is: where it changes, it must be confirmed anew.
    """
    try:
        version = await app.view.rules.confirm(rule_id, by=_named(body.by, caller), note=body.note)
    except KeyError:
        raise not_found(f"rule {rule_id}") from None
    except FileInvalid as error:
        raise _wrong(error) from error
    return Json(version_shape(version))


@router.get("/rules/versions", response_model=Versions, responses=documented(403))
async def list_versions(
    app: StateDep,
    caller: CallerDep,
    limit: Annotated[int, Query(ge=1, le=500, description="Versions a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Every set of rules that was live, newest first: since when, by whom, why."""
    view = app.view
    before = from_cursor(cursor, tuple[int])
    found = {one.number: version_head(one) for one in [*view.rules.unstored, view.rules.version]}
    complete = True
    try:
        stored = await view.queries.rule_versions(
            caller.scope, view.book.chain, limit=limit + 1, before=before[0] if before else None
        )
        found = {one.number: version_head(one) for one in stored} | found
    except StoreUnavailable:
        complete = False
    numbers = sorted((one for one in found if before is None or one < before[0]), reverse=True)
    page = numbers[:limit]
    following = to_cursor((page[-1],)) if len(numbers) > limit else None
    return Json({"items": [found[one] for one in page], "next": following, "complete": complete})


@router.get("/rules/versions/{number}", response_model=VersionShape, responses=documented(403, 404, 503))
async def get_version(app: StateDep, caller: CallerDep, number: Number) -> Json:
    """One version in full: the texts of its files, who confirmed what, what restarted."""
    return Json(version_shape(await _version(app, caller, number)))


async def _version(app: State, caller: Caller, number: int) -> RuleVersion:
    """In memory, else in the store. Raises Problem 404, StoreUnavailable."""
    view = app.view
    recent = {one.number: one for one in [*view.rules.unstored, view.rules.version]}
    found = recent.get(number) or await view.queries.rule_version(caller.scope, view.book.chain, number)
    if found is None:
        raise not_found(f"version {number}")
    return found


def _named(author: str | None, caller: Caller) -> str:
    """Who did it: the name given, and the key by which it came where that is another."""
    return caller.name if author in (None, caller.name) else f"{author} (key {caller.name})"


def _wrong(error: FileInvalid) -> Problem:
    errors = [
        {"field": f"{one.file}:{one.line}:{one.column}", "value": None, "problem": one.message, "fix": ""}
        for one in error.problems
    ]
    return Problem(422, "rules-invalid", f"{len(errors)} problems in the rules: {error.problems[0]}", errors=errors)
