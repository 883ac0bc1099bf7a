"""The Lightning adapter under the suite that every adapter passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from epochal.testing import AdapterSuite, Reported
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import AtStep, L, Memory, Tiny, loader, newest, trainer  # noqa: E402


class TestEpochalLogger(AdapterSuite):
    framework = ("lightning", "pytorch_lightning", "torch")
    plugin = "epochal_torch.plugin"
    repeated = ("epoch",)
    middle = 6
    processes = 2
    step_metrics = ("train_loss_step",)
    common = ("train/loss", "val/loss", "epoch")

    def make(self, **opening: Any) -> EpochalLogger:
        return EpochalLogger(**opening)

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
        memory = Memory()
        loggers = [memory] if adapter is None else [adapter, memory]
        saving = L.pytorch.callbacks.ModelCheckpoint if hasattr(L, "pytorch") else L.callbacks.ModelCheckpoint
        several = {"strategy": "ddp", "devices": processes} if processes > 1 else {}
        callbacks = [saving(dirpath=str(folder / "checkpoints"), save_top_k=-1), AtStep(at_step)]
        fit = trainer(loggers, callbacks=callbacks, **several)
        fit.fit(Tiny(), loader(seed), loader(9), ckpt_path=newest(folder / "checkpoints") if resume else None)
        return memory.points

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        adapter.log_metrics(metrics=metrics, step=step)

    def numbers(self) -> dict[str, Any]:
        quarter = torch.tensor(0.25)
        return {
            "tensor": quarter,
            "one_element": quarter.reshape(1),
            "half": quarter.half(),
            "double": quarter.double(),
        }
