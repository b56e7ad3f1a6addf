"""The page at ``/``: what ``make setup`` built into ``service/web/dist``; nothing comes from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MEDIA_TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "mp3": "audio/mpeg",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
}
#: The page of one version must not run with the script of another, so it is asked for anew each time; what it names
#: carries its hash in its name and never changes.
_ANEW, _FOR_EVER = "no-cache", "public, max-age=31536000, immutable"
_MISSING = "The page has not been built: run `make setup` in the checkout, or install the package anew.\n"


def install(app: FastAPI) -> None:
    """Add a route for every file, read once; the page itself stands at the root."""
    dist = files("service.web").joinpath("dist")
    if not dist.joinpath("index.html").is_file():
        app.router.routes.append(Route("/", _serve(_MISSING.encode(), "text/plain", _ANEW, status=503)))
        return
    _install(app, dist, "/", _ANEW)


def _install(app: FastAPI, directory: Traversable, path: str, caching: str) -> None:
    for entry in directory.iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if entry.is_dir():
            _install(app, entry, f"{path}{entry.name}/", _FOR_EVER if entry.name == "assets" else caching)
        elif media_type is not None:
            at = path if entry.name == "index.html" else path + entry.name
            app.router.routes.append(Route(at, _serve(entry.read_bytes(), media_type, caching), methods=["GET"]))


def _serve(
    content: bytes, media_type: str, caching: str, *, status: int = 200
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return Response(content, status, media_type=media_type, headers={"Cache-Control": caching})

    return serve
