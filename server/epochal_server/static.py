"""The pages themselves: one HTML file for all addresses, scripts and styles under one that changes with them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import mimetypes
import os
import posixpath
import stat
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .openapi import Handler
from .packs import FOLDER, pack
from .pages_ahead import PAGES, ahead, text_of
from .problems import not_found

#: Addresses that the one page serves, and what its scripts show there.
ADDRESSES: Final = {
    "/": "runs",
    "/run/{rest:path}": "run",
    "/compare": "compare",
    "/reports": "reports",
    "/report/{rest:path}": "report",
}

_KINDS: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".css": "text/css"}
_FOREVER: Final = "private, max-age=31536000, immutable"


def routes() -> list[Route]:
    """Return the routes of pages, scripts and styles."""
    build = _build()
    return [
        *(Route(address, _page("index.html", build, shows)) for address, shows in ADDRESSES.items()),
        Route("/api/docs", _page("api.html", build)),
        Route(f"/static/{build}/{{name:path}}", _file, name="static"),
    ]


def prepare(page: str) -> None:
    """Put together what a page asks for first, before it does."""
    _packed(f"{page}.css")
    _packed(f"{page}.js")


def _page(name: str, build: str, shows: str | None = None) -> Handler:
    @functools.cache
    def text() -> str:
        found = text_of(name).replace("{{build}}", build)
        return found if shows is None else found.replace("{{ahead}}", ahead(shows, f"/static/{build}"))

    async def page(request: Request) -> Response:
        return HTMLResponse(text().replace("{{nonce}}", escape(request.state.nonce)))

    return page


async def _file(request: Request) -> Response:
    """Serve a file from memory, or a pack of them."""
    name = request.path_params["name"]
    found = _packed(name.removeprefix(FOLDER)) if name.startswith(FOLDER) else None
    if found is None and name in _files():
        found = _content(name)
    if found is None:
        raise not_found(f"there is no {name}: reload the page, it is of another version")
    content, kind = found
    return Response(content, media_type=kind, headers={"Cache-Control": _FOREVER})


@functools.cache
def _files() -> dict[str, os.stat_result]:
    """Return the files that are served, by what their addresses end with."""
    found: dict[str, os.stat_result] = {}
    for folder, _, names in os.walk(PAGES):
        below = "" if folder == str(PAGES) else os.path.relpath(folder, PAGES).replace(os.sep, "/") + "/"
        for name in names:
            with contextlib.suppress(OSError):  # an editor's link to nowhere, or gone again
                status = os.stat(os.path.join(folder, name))
                if stat.S_ISREG(status.st_mode):
                    found[below + name] = status
    return found


@functools.cache
def _content(name: str) -> tuple[bytes, str]:
    """Return a file and its media type."""
    path = PAGES / name
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return path.read_bytes(), kind


@functools.lru_cache(64)
def _packed(name: str) -> tuple[bytes, str] | None:
    text = pack(name)
    return None if text is None else (text.encode(), _KINDS[posixpath.splitext(name)[1]])


def _build() -> str:
    """Return a name for all files together: another name as soon as one of them has changed."""
    digest = hashlib.sha256()
    for name, status in sorted(_files().items()):
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:12]
