"""A Lightning module, its data, and a logger that remembers what Lightning itself reports."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

with warnings.catch_warnings():  # about what its own dependencies have deprecated
    warnings.simplefilter("ignore")
    try:
        import lightning.pytorch as L
    except ImportError:
        import pytorch_lightning as L

#: Up to 2.3 a fit that Ctrl-C ends returns as if nothing had happened; from 2.4 on it ends the script with SystemExit.
SWALLOWS_CTRL_C = tuple(map(int, L.__version__.split(".")[:2])) < (2, 4)

CallbackHook = Callable[[int], None]


class Tiny(L.LightningModule):
    """A linear classifier that logs by step and by epoch."""

    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 2)

    def loss(self, batch: Any) -> Any:
        return torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

    def training_step(self, batch: Any, at: int) -> Any:
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, at: int) -> None:
        self.log("val_loss", self.loss(batch))

    def test_step(self, batch: Any, at: int) -> None:
        self.log("test_loss", self.loss(batch))

    def predict_step(self, batch: Any, at: int) -> Any:
        return self.layer(batch[0])

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


class Memory(L.loggers.Logger):
    """Remembers what the Trainer logs."""

    def __init__(self) -> None:
        super().__init__()
        self.points: dict[str, dict[int, float]] = {}
        self.name_, self.version_ = "memory", 0

    name = property(lambda self: self.name_)
    version = property(lambda self: self.version_)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        for name, value in metrics.items():
            self.points.setdefault(name, {})[step if step is not None else -1] = value

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None: ...


class AtStep(L.Callback):
    """Calls a function after each optimizer step."""

    def __init__(self, hook: CallbackHook) -> None:
        self.hook = hook

    def on_train_batch_end(self, trainer: Any, *args: Any) -> None:
        self.hook(trainer.global_step)


def data(seed: int = 0, rows: int = 16) -> TensorDataset:
    made = torch.Generator().manual_seed(seed)
    inputs = torch.randn(rows, 4, generator=made)
    return TensorDataset(inputs, (inputs[:, 0] > 0).long())


def loader(seed: int = 0) -> DataLoader:
    return DataLoader(data(seed), batch_size=4)


def trainer(loggers: Any, **more: Any) -> L.Trainer:
    """A trainer of three epochs of four batches that prints nothing."""
    warnings.filterwarnings("ignore")
    L.seed_everything(1)
    settings: dict[str, Any] = {
        "max_epochs": 3,
        "accelerator": "cpu",
        "devices": 1,
        "log_every_n_steps": 1,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return L.Trainer(logger=loggers, **{**settings, **more})


def newest(folder: Path) -> Path:
    return max(folder.glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
