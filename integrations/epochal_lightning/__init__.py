"""Records Lightning trainings in Epochal: `Trainer(logger=EpochalLogger())`, for either of Lightning's namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._logger import EpochalLogger

__all__ = ["EpochalLogger"]


def __getattr__(name: str) -> Any:
    if name != "EpochalLogger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._logger import EpochalLogger
    from ._namespaces import make_known

    # not kept here: whoever asks after importing the other namespace shall have it known there too
    make_known(EpochalLogger)
    return EpochalLogger


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
