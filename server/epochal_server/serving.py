"""`Server`: uvicorn for the dashboard, which ends the streams of events before it waits for what is under way."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette

#: What is still being answered gets so long, in seconds.
_GRACE_S = 1


class Server(uvicorn.Server):
    """Serves one application."""

    def __init__(self, app: Starlette, started: Callable[[], object] = lambda: None, **options: Any) -> None:
        """`started` is called once it listens; further options are uvicorn's."""
        self._app, self._started = app, started
        super().__init__(
            uvicorn.Config(
                app, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_S, server_header=False,
                ws="none", **options,
            )
        )  # fmt: skip

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: a stream has no end of its own, and uvicorn would cancel it with a traceback for each open page."""
        self._app.state.ending.set()
        await super().shutdown(sockets=sockets)
