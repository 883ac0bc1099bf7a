"""`create_app`: the dashboard as an ASGI application: its pages at once, and the API as soon as it is loaded."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from . import static
from .later import Later
from .problems import HANDLERS, answer_problem
from .security import Security
from .tokens import Token


def create_app(
    root: str | os.PathLike[str],
    *,
    token: Token | None,
    read_only: bool = False,
    hosts: Collection[str] = (),
    ahead: Callable[[], object] | None = None,
) -> Starlette:
    """Return an application that shows the runs of a folder.

    Args:
        root: the runs folder; it may come later.
        token: what a browser must bring; None asks for none, which is for tests alone.
        read_only: refuse every change. It is the same where the folder cannot be written.
        hosts: host names beside this machine's own that requests may give.
        ahead: given, what the page of all runs needs is loaded at once, for a browser that is about to ask for it, and
            this is called when all of that is there; else it is loaded when a browser asks.
    """
    path = Path(os.path.abspath(root))
    unwritable = path.is_dir() and not os.access(path, os.W_OK)
    ending = asyncio.Event()

    def api() -> Starlette:
        if ahead:
            with contextlib.suppress(Exception):  # whoever asks for it is told
                static.prepare("runs")
                anyio.run(anyio.sleep, 0)  # loads what the first answer of a thread would load, while all others wait
        from .api import create_api  # NumPy and the catalog, which take longer than all that pages need

        return create_api(path, read_only=read_only or unwritable, ending=ending, ahead=ahead is not None)

    later = Later(api)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        later.begin()
        started = asyncio.create_task(_when_loaded(later, ahead)) if ahead else None
        try:
            yield
        finally:
            if started:
                started.cancel()
            (await later.made()).state.roster.close()

    app = Starlette(
        routes=[*static.routes(), Route("/api", later), Route("/api/{rest:path}", later)],
        middleware=[Middleware(Security, token=token, hosts=tuple(hosts))],
        exception_handlers={**HANDLERS, Exception: answer_problem},
        lifespan=lifespan,
    )
    app.state.ending = ending
    return app


async def _when_loaded(later: Later, tell: Callable[[], object]) -> None:
    """Tell once all is loaded that the first page needs; looks for garbage pass it over from then on."""
    with contextlib.suppress(Exception):  # whoever asks is told
        await (await later.made()).state.next.made()
    gc.freeze()
    tell()
