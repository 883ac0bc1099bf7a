"""The callback that an `EpochalLogger` adds to its trainer: it hears what Lightning tells no logger."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._namespaces import namespace_of
from ._progress import STEP

if TYPE_CHECKING:
    from ._logger import EpochalLogger


def watch(trainer: Any, logger: EpochalLogger) -> None:
    """Add the callback for a logger to a trainer, before all others, unless it is there already.

    It hears first that a batch begins: what the others log then (`LearningRateMonitor`) is of that batch. The list is
    a new one, since Lightning may be walking along the old one.
    """
    if not any(getattr(each, "epochal_logger", None) is logger for each in trainer.callbacks):
        trainer.callbacks = [_rebuild(namespace_of(trainer), logger), *trainer.callbacks]


def _rebuild(namespace: str, logger: EpochalLogger) -> Any:
    return _class_of(namespace)(namespace, logger)


@lru_cache
def _class_of(namespace: str) -> type:
    """Return the callback's class for a namespace, derived from the `Callback` of that namespace."""
    base = import_module(f"{namespace}.callbacks").Callback

    class EpochalWatch(base):  # type: ignore[misc,valid-type]
        """Tells the logger where the trainer is and when checkpoints are written; has no state of its own."""

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
            if self._is_heard(trainer):
                self.epochal_logger._progress.kind = STEP

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self.epochal_logger._progress.kind = None

        def on_validation_batch_start(
            self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
        ) -> None:
            if self._is_heard(trainer):
                self.epochal_logger._progress.evaluating("validation", dataloader_idx)

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self.epochal_logger._progress.kind = None

        def on_test_batch_start(
            self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
        ) -> None:
            if self._is_heard(trainer):
                self.epochal_logger._progress.evaluating("test", dataloader_idx)

        def on_test_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self.epochal_logger._progress.kind = None

        def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
            self.epochal_logger._checkpoint_being_written(trainer, checkpoint)

        def _start(self, trainer: Any, pl_module: Any, stage: str) -> None:
            if self._is_heard(trainer):
                self.epochal_logger._stage_started(trainer, pl_module, stage)

        def _is_heard(self, trainer: Any) -> bool:
            """Whether the trainer logs to this logger now: its tuner takes the loggers away for a while."""
            return any(each is self.epochal_logger for each in trainer.loggers)

        def _settle(self) -> None:
            self.epochal_logger._pending.settle()

        def __reduce__(self) -> tuple[Any, ...]:
            return _rebuild, (self._namespace, self.epochal_logger)

    return EpochalWatch
