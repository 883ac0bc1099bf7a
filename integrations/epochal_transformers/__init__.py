"""Records trainings of Hugging Face's Trainer in Epochal: `Trainer(…, callbacks=[EpochalCallback()])`.

Importing this package also makes `TrainingArguments(report_to="epochal")` work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._report_to import make_known

if TYPE_CHECKING:
    from ._callback import EpochalCallback

__all__ = ["EpochalCallback"]

make_known()


def __getattr__(name: str) -> Any:
    if name != "EpochalCallback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._callback import EpochalCallback

    globals()[name] = EpochalCallback
    return EpochalCallback


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
