"""`Later`: a part of an application that is made in a thread, while the other parts answer already."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

#: While imports keep the interpreter busy, the thread that answers gets it back after so long, in seconds.
_SWITCH_S: Final = 0.0002
#: How it is otherwise; read once, since two parts may be made at a time.
_USUAL_S: Final = sys.getswitchinterval()


class Later:
    """An ASGI application; requests wait until it is made."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        """`make` is called once, in a thread."""
        self._make = make
        self._making: asyncio.Future[Starlette] | None = None

    def begin(self) -> asyncio.Future[Starlette]:
        """Begin to make it, unless that was begun before; return what will be it."""
        if self._making is None:
            self._making = asyncio.get_running_loop().run_in_executor(None, self._made_politely)
            self._making.add_done_callback(_go_on)
        return self._making

    async def made(self) -> Starlette:
        """Return it.

        Raises:
            Exception: what making it raised.
        """
        # a request that is broken off must not break off what the others wait for
        return await asyncio.shield(self.begin())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (await self.made())(scope, receive, send)

    def _made_politely(self) -> Starlette:
        sys.setswitchinterval(min(_USUAL_S, _SWITCH_S))
        try:
            return self._make()
        finally:
            sys.setswitchinterval(_USUAL_S)


def _go_on(made: asyncio.Future[Starlette]) -> None:
    """Begin with what an application names as its `state.next`."""
    following = None if made.cancelled() or made.exception() else getattr(made.result().state, "next", None)
    if isinstance(following, Later):
        following.begin()
