"""The Keras adapter under the suite that every adapter passes, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from epochal.testing import AdapterSuite, Reported
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import AtStep, data, keras, tiny_model  # noqa: E402


class TestEpochalCallback(AdapterSuite):
    framework = ("keras", "torch", "jax", "tensorflow")
    plugin = "epochal_keras.plugin"
    needs_id = True
    middle = 6

    def make(self, **opening: Any) -> Any:
        return EpochalCallback(**opening)

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = lambda step: None,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        inputs, targets = data(seed)
        model = tiny_model()
        backup = keras.callbacks.BackupAndRestore(os.fspath(folder / "backup"), delete_checkpoint=False)
        callbacks = [*([] if adapter is None else [adapter]), backup, AtStep(at_step)]
        history = model.fit(
            inputs,
            targets,
            batch_size=4,
            epochs=3,
            shuffle=False,
            callbacks=callbacks,
            verbose=0,
        )
        reported = {
            name: {4 * (epoch + 1): value for epoch, value in zip(history.epoch, values, strict=True)}
            for name, values in history.history.items()
        }
        return {**reported, "epoch": {4 * (epoch + 1): epoch for epoch in history.epoch}}

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        adapter.set_model(tiny_model(step))
        adapter.on_epoch_end(step, metrics)
