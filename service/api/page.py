"""The page at ``/``: three static files, served as they are."""

from importlib.resources import files

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FILES = {
    "/": ("index.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/style.css": ("style.css", "text/css"),
}


def install(app: FastAPI) -> None:
    """Add the routes of every file in ``service/web``."""
    web = files("service.web")
    for path, (name, media_type) in _FILES.items():
        content = web.joinpath(name).read_bytes()
        app.router.routes.append(Route(path, _serve(content, media_type), methods=["GET"]))


def _serve(content: bytes, media_type: str):  # type: ignore[no-untyped-def]
    async def serve(request: Request) -> Response:
        # The page of one version must not run with the script of another.
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return serve
