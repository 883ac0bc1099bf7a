"""Records scikit-learn's `partial_fit` loops in Epochal: `EpochalRecorder`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._recorder import EpochalRecorder

__all__ = ["EpochalRecorder"]


# Epochal imports `epochal_sklearn.plugin`, and with it this module, in each process that opens a run: it must be light.
def __getattr__(name: str) -> Any:
    if name != "EpochalRecorder":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._recorder import EpochalRecorder

    return EpochalRecorder
