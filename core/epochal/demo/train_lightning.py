"""A Lightning training, recorded by passing a logger."""

from __future__ import annotations

from typing import Any

try:
    import lightning.pytorch as pl
except ImportError:  # the older namespace, installed alone
    import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

import epochal
from epochal.demo import data, options
from epochal_lightning import EpochalLogger


class Classifier(pl.LightningModule):
    """A small network with one hidden layer."""

    def __init__(self, *, inputs: int, hidden: int, classes: int, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.lr = lr
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(hidden, classes)
        )

    def _judge(self, batch: Any, stage: str) -> Any:
        x, y = batch
        scores = self.layers(x)
        loss = torch.nn.functional.cross_entropy(scores, y)
        self.log_dict({f"{stage}/loss": loss, f"{stage}/acc": (scores.argmax(dim=1) == y).float().mean()})
        return loss

    def training_step(self, batch: Any) -> Any:
        """Return the loss of a batch."""
        return self._judge(batch, "train")

    def validation_step(self, batch: Any) -> None:
        """Judge a batch that was kept."""
        self._judge(batch, "val")

    def configure_optimizers(self) -> Any:
        """Return the optimizer."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def main() -> None:
    """Read the command line and train."""
    parser = options.parser("epochal.demo.train_lightning", __doc__, steps=460)
    told = parser.parse_args()
    pl.seed_everything(0)
    split = data.load()
    train = TensorDataset(torch.from_numpy(split.x), torch.from_numpy(split.y))
    kept = TensorDataset(torch.from_numpy(split.val_x), torch.from_numpy(split.val_y))
    with epochal.init("demo", id=told.id, name=told.name, group=told.group) as run:
        trainer = pl.Trainer(
            max_steps=told.steps,
            accelerator="cpu",
            logger=EpochalLogger(run),
            log_every_n_steps=1,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        model = Classifier(inputs=split.x.shape[1], hidden=128, classes=split.classes, lr=0.002)
        trainer.fit(model, DataLoader(train, 64, shuffle=True), DataLoader(kept, 64))


if __name__ == "__main__":
    main()
