"""The callback that an `EpochalLogger` adds to its trainer: it hears what Lightning tells no logger."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._namespaces import namespace_of

if TYPE_CHECKING:
    from ._logger import EpochalLogger


def watch(trainer: Any, logger: EpochalLogger) -> None:
    """Add the callback for a logger to a trainer, unless it is there already."""
    if not any(getattr(each, "epochal_logger", None) is logger for each in trainer.callbacks):
        trainer.callbacks.append(_rebuild(namespace_of(trainer), logger))


def _rebuild(namespace: str, logger: EpochalLogger) -> Any:
    return _class_of(namespace)(namespace, logger)


@lru_cache
def _class_of(namespace: str) -> type:
    """Return the callback's class for a namespace, derived from the `Callback` of that namespace."""
    base = import_module(f"{namespace}.callbacks").Callback

    class EpochalWatch(base):  # type: ignore[misc,valid-type]
        """Tells the logger when stages start and checkpoints are written; has no state of its own."""

        def __init__(self, namespace: str, logger: EpochalLogger) -> None:
            self._namespace = namespace
            self.epochal_logger = logger

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self._start(trainer, pl_module, "train")

        def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
            if trainer.state.fn.value == "validate":
                self._start(trainer, pl_module, "validation")
            else:
                self._settle()

        def on_test_start(self, trainer: Any, pl_module: Any) -> None:
            self._start(trainer, pl_module, "test")

        def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
            self._start(trainer, pl_module, "predict")

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            self._settle()

        def on_train_batch_start(self, trainer: Any, pl_module: Any, *args: Any, **kwargs: Any) -> None:
            self._settle()

        def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
            self.epochal_logger._checkpoint_being_written(trainer, checkpoint)

        def _start(self, trainer: Any, pl_module: Any, stage: str) -> None:
            if any(each is self.epochal_logger for each in trainer.loggers):
                self.epochal_logger._stage_started(trainer, pl_module, stage)

        def _settle(self) -> None:
            self.epochal_logger._pending.settle()

        def __reduce__(self) -> tuple[Any, ...]:
            return _rebuild, (self._namespace, self.epochal_logger)

    return EpochalWatch
