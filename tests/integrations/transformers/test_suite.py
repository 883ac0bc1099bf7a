"""The adapter for Hugging Face's Trainer under the suite that every adapter passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from epochal.testing import AdapterSuite, Reported
from tests.needs import need

need("transformers")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from transformers import TrainerState  # noqa: E402

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import AtStep, Sentences, arguments, reported, tiny_model, trainer  # noqa: E402


class TestEpochalCallback(AdapterSuite):
    framework = ("transformers", "torch", "datasets")
    plugin = "epochal_transformers.plugin"
    repeated = ("epoch",)
    middle = 6
    of_one_call = ("train_loss",)
    processes = 2
    new_run_each_fit = True
    step_metrics = ("loss", "grad_norm", "learning_rate")
    common = ("train/loss", "val/loss", "lr", "grad_norm", "epoch")

    def make(self, **opening: Any) -> EpochalCallback:
        return EpochalCallback(**opening)

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = lambda step: None,
        seed: int = 0,
        resume: bool = False,
        processes: int = 1,
    ) -> Reported:
        callbacks = [*([] if adapter is None else [adapter]), AtStep(at_step)]
        # how many processes there are, the Trainer learns from the launcher's variables
        made = trainer(folder, callbacks, train=Sentences(seed))
        made.train(resume_from_checkpoint=resume)
        return reported(made)

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        state = TrainerState(global_step=step, max_steps=12, num_train_epochs=3)
        adapter.on_log(arguments(Path("unused")), state, None, logs=metrics, model=tiny_model())

    def numbers(self) -> dict[str, Any]:
        return {"tensor": torch.tensor(0.25), "one_element": torch.tensor([0.25]), "numpy": np.float32(0.25)}
