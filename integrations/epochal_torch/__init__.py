"""PyTorch in Epochal: tensors as values, datasets by their hash, models described; its trainers' adapters use it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._checkpoints import checkpoint, load_checkpoint
    from ._defer import defer
    from ._describe import describe, describe_model, describe_optimizer
    from ._watch import watch

__all__ = ["checkpoint", "defer", "describe", "describe_model", "describe_optimizer", "load_checkpoint", "watch"]

_PLACES: Final = {
    "checkpoint": "._checkpoints",
    "defer": "._defer",
    "describe": "._describe",
    "describe_model": "._describe",
    "describe_optimizer": "._describe",
    "load_checkpoint": "._checkpoints",
    "watch": "._watch",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
