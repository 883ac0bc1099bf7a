"""Kill a training with SIGKILL in its middle, go on from its checkpoint, and find one run without a seam.

pip install "epochal[lightning]" scikit-learn
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import lightning.pytorch as pl
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

import epochal
from epochal_lightning import EpochalLogger

STEPS_PER_EPOCH, KILLED_AT = 20, 50
PROJECT = "interrupted and resumed"


class Digits(pl.LightningModule):
    """A linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(64, 10)

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        loss = torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])
        self.log("loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.5)


class Kill(pl.Callback):
    """Stands for the power cut, the preempted job, the kernel that runs out of memory."""

    def on_train_batch_start(self, trainer: pl.Trainer, *_: object) -> None:
        if trainer.global_step == KILLED_AT:
            os.kill(os.getpid(), signal.SIGKILL)


def train(*callbacks: pl.Callback, checkpoint: Path | None = None) -> None:
    """Train four epochs, from a checkpoint on if there is one; a checkpoint is written after each."""
    pl.seed_everything(0, verbose=False)
    pixels, labels = load_digits(return_X_y=True)
    data = TensorDataset(torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(labels))
    trainer = pl.Trainer(
        logger=EpochalLogger(project=PROJECT),  # no id: the checkpoint knows the run and the place in it
        max_epochs=4,
        limit_train_batches=STEPS_PER_EPOCH,
        log_every_n_steps=1,
        callbacks=list(callbacks),
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Digits(), DataLoader(data, batch_size=64), ckpt_path=checkpoint)


if "first" in sys.argv:
    train(Kill())

# The first try, in a process of its own, which dies.
first = subprocess.run([sys.executable, __file__, "first"], stderr=subprocess.DEVNULL, check=False)
assert first.returncode == -signal.SIGKILL
killed = epochal.runs(project=PROJECT, sort="-started")[0]
before = killed.history("loss").steps
print(f"{killed.name}: {killed.state}, {len(before)} steps recorded, the last one is {before[-1]}")

# The second try, in this process. It knows nothing but the checkpoint, which lies in the run's folder.
(checkpoint,) = Path(killed.path).rglob("*.ckpt")
print(f"going on from {checkpoint.name}")
train(checkpoint=checkpoint)

run = epochal.get_run(killed.id)
loss, everything = run.history("loss"), run.history("loss", abandoned=True, duplicates=True)
hidden = len(everything.steps) - len(loss.steps)
print(f"{run.name}: steps {loss.steps[0]} to {loss.steps[-1]}, each once")
print(
    f"{hidden} steps of the first try lay behind its checkpoint: they are hidden, and kept (epochal plot --abandoned)"
)
assert len(epochal.runs(project=PROJECT, where=f'id == "{killed.id}"')) == 1
assert loss.steps.tolist() == list(range(4 * STEPS_PER_EPOCH))
assert hidden == KILLED_AT % STEPS_PER_EPOCH
