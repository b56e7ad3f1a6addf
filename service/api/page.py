"""The page at ``/``: the files of ``service/web``, as they are; no build, nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MEDIA_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}


def install(app: FastAPI) -> None:
    """Add a route for every file, read once; the page itself stands at the root."""
    for entry in files("service.web").iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            path = "/" if entry.name == "index.html" else f"/{entry.name}"
            app.router.routes.append(Route(path, _serve(entry.read_bytes(), media_type), methods=["GET"]))


def _serve(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        # Asked for anew each time: the page of one version must not run with the script of another.
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return serve
