"""The dashboard of Epochal: `epochal ui` shows the runs of a folder as web pages on this machine.

    from epochal_server import create_app      # an ASGI application, for those who serve it themselves

Nothing of Starlette is imported before it is needed: plugins are found without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from .app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
