"""Train with two processes (ddp, on the CPU) and record one run: each step once, the mean of both.

pip install "epochal[lightning]" scikit-learn
"""

import lightning.pytorch as pl
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

import epochal
from epochal_lightning import EpochalLogger


class Digits(pl.LightningModule):
    """A small multilayer perceptron."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))

    def judge(self, batch: list[torch.Tensor], stage: str) -> torch.Tensor:
        scores = self.net(batch[0])
        loss = torch.nn.functional.cross_entropy(scores, batch[1])
        accuracy = (scores.argmax(1) == batch[1]).float().mean()
        # sync_dist: the mean of all processes; without it, what process 0 saw of its half of the data
        self.log_dict({f"{stage}_loss": loss, f"{stage}_accuracy": accuracy}, sync_dist=True)
        return loss

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        return self.judge(batch, "train")

    def validation_step(self, batch: list[torch.Tensor]) -> None:
        self.judge(batch, "val")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


# Lightning starts this script once more for the second process, so both come by here.
if __name__ == "__main__":
    pl.seed_everything(0, verbose=False)
    pixels, labels = load_digits(return_X_y=True)
    whole = TensorDataset(torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(labels))
    train, val = random_split(whole, [1536, 261], generator=torch.Generator().manual_seed(0))

    logger = EpochalLogger(project="ddp")
    trainer = pl.Trainer(
        logger=logger,
        strategy="ddp",  # processes on one CPU talk by gloo, GPUs by nccl: nothing else changes
        accelerator="cpu",
        devices=2,
        max_epochs=4,
        log_every_n_steps=4,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Digits(), DataLoader(train, batch_size=32, shuffle=True), DataLoader(val, batch_size=256))

    if trainer.is_global_zero:
        run = epochal.get_run(logger.run.id)
        settings, loss = run.config["trainer"], run.history("train_loss")
        print(f"{run.name}: {settings['world_size']} processes, one run, train_loss at steps {loss.steps.tolist()}")
        print(
            f"validation accuracy {run.summary['val_accuracy']:.3f} after {trainer.global_step} steps of 2 x 32 digits"
        )
        assert len(set(loss.steps.tolist())) == len(loss.steps)
        assert run.summary["val_accuracy"] > 0.9
