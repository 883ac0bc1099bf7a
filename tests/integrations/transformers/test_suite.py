"""The adapter for Hugging Face's Trainer under the suite that every adapter passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from epochal.testing import AdapterSuite, Reported
from tests.needs import need

need("transformers")

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import AtStep, Sentences, arguments, reported, tiny_model, trainer  # noqa: E402


class TestEpochalCallback(AdapterSuite):
    framework = ("transformers", "torch", "datasets")
    plugin = "epochal_transformers.plugin"
    middle = 6
    of_one_call = ("train_loss",)

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
    ) -> Reported:
        callbacks = [*([] if adapter is None else [adapter]), AtStep(at_step)]
        made = trainer(folder, callbacks, train=Sentences(seed))
        made.train(resume_from_checkpoint=resume)
        return reported(made)

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        state = SimpleNamespace(is_world_process_zero=True, global_step=step, total_flos=0)
        adapter.on_log(arguments(Path("unused")), state, None, logs=metrics, model=tiny_model())
