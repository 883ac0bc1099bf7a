"""Answers with the bytes of a file that is open already: whole or a range of it, and never as an active document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE: Final = 1 << 20
_RANGE: Final = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\Z")
#: What a training has recorded may be anybody's page: it runs no script, loads nothing from anywhere, has no origin,
#: and stands in frames of our own pages alone.
SANDBOX: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:; "
    "frame-ancestors 'self'"
)
#: The same for a page whose scripts somebody has asked for: they run, in a page that has no origin, no cookie and no
#: network. Without allow-same-origin it is nobody's page; nothing may be loaded but what it brings itself.
SCRIPTS: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' data: blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src data: blob:; font-src data:; worker-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
#: What is not known to be anything else.
BINARY: Final = "application/octet-stream"


class Served(NamedTuple):
    """How a file is served.

    Attributes:
        type: its media type.
        name: what it is called when it is saved.
        tag: changes whenever its bytes do, None where nothing tells.
        attachment: it is to be saved and not to be shown.
        forever: its address never stands for other bytes.
        scripts: its own scripts may run.
    """

    type: str
    name: str
    tag: str | None = None
    attachment: bool = True
    forever: bool = False
    scripts: bool = False


def serve(request: Request, file: BinaryIO, size: int, how: Served) -> Response:
    """Return the answer to a request for a file; the file is closed when it has been sent.

    One range is served as such; of several the whole file, as RFC 9110 allows.
    """
    tag = None if how.tag is None else f'"{how.tag}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable" if how.forever else "private, no-cache",
        "Content-Disposition": disposition(how),
        "Content-Security-Policy": SCRIPTS if how.scripts else SANDBOX,
        # no name of another machine is looked up, which would tell who looks
        "X-DNS-Prefetch-Control": "off",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        **({} if tag is None else {"ETag": tag}),
    }
    if tag is not None and tag in [each.strip() for each in request.headers.get("if-none-match", "").split(",")]:
        file.close()
        return Response(None, 304, {name: text for name, text in headers.items() if name != "Content-Disposition"})
    asked = request.headers.get("range")
    if asked is not None and request.headers.get("if-range") in {None, tag}:
        found = _range(asked, size)
        if found is not None:
            first, last = found
            if first > last:
                file.close()
                return Response(None, 416, {"Content-Range": f"bytes */{size}"})
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
            return _FileResponse(request, file, first, last + 1 - first, 206, headers, how.type)
    return _FileResponse(request, file, 0, size, 200, headers, how.type)


def serve_text(text: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in plain text, which is UTF-8 or nearly so."""
    return Response(text, 200, {"X-Content-Type-Options": "nosniff", **(headers or {})}, "text/plain; charset=utf-8")


class _FileResponse(StreamingResponse):
    """Sends a part of a file, and closes it whatever happens."""

    def __init__(
        self, request: Request, file: BinaryIO, first: int, size: int, status: int, headers: dict[str, str], type: str
    ) -> None:
        self._file = file
        whole = request.method != "HEAD"
        super().__init__(
            _pieces(file, first, size) if whole else iter(()), status, {**headers, "Content-Length": str(size)}, type
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _pieces(file: BinaryIO, first: int, size: int) -> Iterator[bytes]:
    file.seek(first)
    while size > 0:
        piece = file.read(min(size, _PIECE))
        if not piece:  # it became shorter meanwhile: the length that was announced tells the client so
            return
        size -= len(piece)
        yield piece


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """Return first and last byte of one range, the first beyond the last where there is no such; None for others."""
    found = _RANGE.match(asked.strip())
    if found is None:
        return None
    if found[3] is not None:
        count = int(found[3])
        return (max(size - count, 0), size - 1) if count and size else (1, 0)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None  # that is no range at all
    return (first, last) if first < size else (1, 0)


def disposition(how: Served) -> str:
    """Return the header that says whether a file is to be saved, and under which name."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", how.name) or "file"
    return (
        f'{"attachment" if how.attachment else "inline"}; filename="{plain}"; '
        f"filename*=UTF-8''{quote(how.name.encode('utf-8', 'replace'), safe='')}"
    )
