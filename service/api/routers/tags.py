"""Tags with their latest values."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from service.api import PREFIX
from service.api.access import CallerDep, StateDep
from service.api.answer import Json
from service.api.cursors import from_cursor, to_cursor
from service.api.latest_tags import behind, choose, tag_shapes
from service.api.models import Tags, TagShape
from service.api.problems import documented, not_found

router = APIRouter(prefix=PREFIX, tags=["tags"])


@router.get("/tags", response_model=Tags, responses=documented())
async def list_tags(
    state: StateDep,
    caller: CallerDep,
    enterprise: Annotated[str | None, Query(description="Only of this enterprise")] = None,
    source: Annotated[str | None, Query(description="Only of this source, `enterprise.source`")] = None,
    quantity: Annotated[str | None, Query(description="Only of this quantity")] = None,
    prefix: Annotated[str | None, Query(description="Only those whose id begins so")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="Tags a page")] = 500,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Json:
    """Tags by id, with latest value, quality and age. From memory: works while the database does not."""
    view = state.view
    place = from_cursor(cursor, tuple[str])
    found = choose(view.tags, caller.scope, enterprise=enterprise, source=source, quantity=quantity, prefix=prefix)
    rest = behind(found, place[0] if place else None)
    page = rest[:limit]
    following = to_cursor((page[-1].id,)) if len(rest) > limit else None
    return Json({"items": tag_shapes(view, page), "next": following})


@router.get("/tags/{tag_id}", response_model=TagShape, responses=documented(404))
async def get_tag(
    state: StateDep,
    caller: CallerDep,
    tag_id: Annotated[str, Path(description="Full id, `enterprise.source.tag`")],
) -> Json:
    """One tag, with latest value, quality and age."""
    info = state.view.tags.by_id(tag_id)
    if info is None or not caller.scope.sees(info.enterprise):
        raise not_found(f"tag {tag_id!r}")
    return Json(tag_shapes(state.view, [info])[0])
