"""PyTorch in Epochal: tensors as values, datasets by their hash, models described; its trainers' adapters use it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._describe import describe_model, describe_optimizer

__all__ = ["describe_model", "describe_optimizer"]

_PLACES: Final = {"describe_model": "._describe", "describe_optimizer": "._describe"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
