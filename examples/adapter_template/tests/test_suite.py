"""The recorder under the suite that every adapter of Epochal passes: this file is all that it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from epochal.testing import AdapterSuite, Reported
from epochal_sklearn import EpochalRecorder

EPOCHS, BATCH, ROWS = 3, 4, 16


def made_data(seed: int) -> tuple[Any, Any]:
    x = np.random.default_rng(seed).normal(size=(ROWS, 4))
    return x, (x[:, 0] > 0).astype(int)


class TestEpochalRecorder(AdapterSuite):
    framework = ("sklearn", "scipy")
    plugin = "epochal_sklearn.plugin"
    middle = 6  # steps are 1 to 12, and a checkpoint is written behind 4, 8 and 12
    step_metrics = ("loss",)
    common = ("train/loss", "val/accuracy", "epoch")

    def make(self, **opening: Any) -> EpochalRecorder:
        return EpochalRecorder(**opening)

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = lambda step: None,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        folder.mkdir(parents=True, exist_ok=True)
        x, y = made_data(seed)
        model = SGDClassifier(loss="log_loss", random_state=1)
        if resume:
            model = adapter.load(folder / "model.pickle")
        if adapter is not None:
            adapter.begin(model, train=(x, y), epochs=EPOCHS, batch_size=BATCH)
        begin = adapter.epochs_done if resume else 0
        reported: Reported = {"loss": {}, "val_accuracy": {}}
        for epoch in range(begin, EPOCHS):
            for batch in range(ROWS // BATCH):
                rows = slice(BATCH * batch, BATCH * (batch + 1))
                model.partial_fit(x[rows], y[rows], classes=[0, 1])
                step = ROWS // BATCH * epoch + batch + 1
                loss = float(log_loss(y[rows], model.predict_proba(x[rows]), labels=[0, 1]))
                reported["loss"][step] = loss
                if adapter is not None:
                    adapter.step({"loss": loss})
                at_step(step)
            reported["val_accuracy"][step] = float(model.score(*made_data(9)))
            if adapter is not None:
                adapter.epoch({"val_accuracy": reported["val_accuracy"][step]})
                adapter.save(folder / "model.pickle")
        if adapter is not None:
            adapter.end()
        return reported

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        adapter._step = step - 1  # the recorder counts steps itself
        adapter.step(metrics)
