"""A Keras model and its data, and what tests of the Keras adapter look at."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

BACKEND = keras.config.backend()
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def data(seed: int = 0, rows: int = 16) -> tuple[Any, Any]:
    made = np.random.default_rng(seed)
    inputs = made.normal(size=(rows, 4)).astype("float32")
    return inputs, (inputs[:, 0] > 0).astype("int64")


def tiny_model(iterations: int = 0, **compiled: Any) -> Any:
    """Return a compiled linear classifier, the same each time, whose optimizer has stepped so often."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(**{"optimizer": keras.optimizers.Adam(0.1), "loss": loss, "metrics": ["accuracy"], **compiled})
    if iterations:
        model.optimizer.iterations.assign(iterations)
    return model


class AtStep(keras.callbacks.Callback):
    """Calls a function after each optimizer step."""

    def __init__(self, hook: Callable[[int], None]) -> None:
        super().__init__()
        self.hook = hook
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.hook(self.epoch * self.params["steps"] + batch + 1)


def stop_at(step: int) -> AtStep:
    """Return a callback that ends the training after a step, as a user's `stop_training` does."""

    def stop(done: int) -> None:
        if done == step:
            callback.model.stop_training = True

    callback = AtStep(stop)
    return callback


def fail_at(step: int, error: BaseException | None = None) -> AtStep:
    """Return a callback that raises after a step."""

    def fail(done: int) -> None:
        if done == step:
            raise error or ValueError("meant to fail")

    return AtStep(fail)


def fit(model: Any, callbacks: Any, **more: Any) -> Any:
    """Train three epochs of four steps."""
    inputs, targets = data()
    settings = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0, **more}
    return model.fit(inputs, targets, callbacks=callbacks, **settings)


def points(run: Any, name: str, **how: Any) -> dict[int, float]:
    """Return a metric's recorded points, step to value."""
    history = run.history(name, **how)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))
