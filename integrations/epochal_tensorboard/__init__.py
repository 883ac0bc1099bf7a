"""TensorBoard's event files in Epochal: read, imported whole, followed while they are written, and given back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._importing import import_logdir
    from ._read import DamageWarning, Event, read, read_scalars

__all__ = ["DamageWarning", "Event", "import_logdir", "read", "read_scalars"]

_HOMES: Final = {
    "DamageWarning": "_read",
    "Event": "_read",
    "read": "_read",
    "read_scalars": "_read",
    "import_logdir": "_importing",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
