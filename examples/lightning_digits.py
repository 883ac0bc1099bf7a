"""Classify handwritten digits with Lightning, and read back what was recorded.

pip install "epochal[lightning]" scikit-learn
"""

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

import epochal
from epochal_lightning import EpochalLogger


class Digits(pl.LightningModule):
    """A small multilayer perceptron."""

    def __init__(self, hidden: int = 64, lr: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()  # recorded as config.hidden and config.lr
        self.lr = lr
        self.net = torch.nn.Sequential(torch.nn.Linear(64, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))

    def _loss_and_accuracy(self, batch: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        scores = self.net(batch[0])
        return torch.nn.functional.cross_entropy(scores, batch[1]), (scores.argmax(1) == batch[1]).float().mean()

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        loss, accuracy = self._loss_and_accuracy(batch)
        self.log_dict({"train/loss": loss, "train/acc": accuracy})
        return loss

    def validation_step(self, batch: list[torch.Tensor]) -> None:
        loss, accuracy = self._loss_and_accuracy(batch)
        self.log_dict({"val/loss": loss, "val/acc": accuracy})

    def test_step(self, batch: list[torch.Tensor]) -> None:
        self.log("test/acc", self._loss_and_accuracy(batch)[1])

    def configure_optimizers(self) -> dict[str, object]:
        optimizer = torch.optim.Adam(self.parameters(), lr=self.lr)
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)}


pl.seed_everything(0)
pixels, labels = load_digits(return_X_y=True)
whole = TensorDataset(torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(labels))
train, val, test = random_split(whole, [0.7, 0.15, 0.15], generator=torch.Generator().manual_seed(0))

logger = EpochalLogger(project="examples", name="lightning digits", tags=["digits"])
trainer = pl.Trainer(
    logger=logger,
    max_epochs=5,
    accelerator="cpu",
    log_every_n_steps=5,
    enable_progress_bar=False,
    enable_model_summary=False,
    callbacks=[LearningRateMonitor(), ModelCheckpoint(monitor="val/acc", mode="max")],
)
model = Digits()
trainer.fit(model, DataLoader(train, batch_size=64, shuffle=True), DataLoader(val, batch_size=256))
trainer.test(model, DataLoader(test, batch_size=256), verbose=False)
logger.finish()  # not needed at the end of a script

run = epochal.get_run("lightning digits")
accuracy = run.history("val/acc")
print(f"{run.name}: {run.state}, {run.config['model']['parameters']} parameters, lr {run.config['lr']}")
print(
    "validation accuracy by step:", dict(zip(accuracy.steps.tolist(), accuracy.values.round(3).tolist(), strict=True))
)
print(f"test accuracy {run.summary['test/acc']:.3f}, trained on {run.datasets['train']['sha256'][:12]}…")
assert run.summary["test/acc"] > 0.9
