"""Records trainings of Hugging Face's Trainer and of accelerate's loops: `EpochalCallback`, `EpochalTracker`.

Importing this package also makes `TrainingArguments(report_to="epochal")` and `Accelerator(log_with="epochal")` work.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._report_to import make_known

if TYPE_CHECKING:
    from ._callback import EpochalCallback
    from ._tracker import EpochalTracker

__all__ = ["EpochalCallback", "EpochalTracker"]

_PLACES: Final = {"EpochalCallback": "._callback", "EpochalTracker": "._tracker"}

make_known()


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
