"""Records Keras 3 trainings in Epochal: `model.fit(…, callbacks=[EpochalCallback()])`, on any backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._callback import EpochalCallback

__all__ = ["EpochalCallback"]


def __getattr__(name: str) -> Any:
    if name != "EpochalCallback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._callback import EpochalCallback

    globals()[name] = EpochalCallback
    return EpochalCallback


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
