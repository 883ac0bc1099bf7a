"""Of which step, batch or epoch a value is, and which of them `log_every` and `vocabulary` mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from epochal_lightning._vocabulary import common_name  # noqa: E402
from tests.integrations.lightning.tiny import L, Memory, Tiny, loader, newest, trainer  # noqa: E402


class Stepwise(Tiny):
    """Logs each batch of its evaluations."""

    def validation_step(self, batch: Any, at: int, dataloader_idx: int = 0) -> None:
        self.log("v", self.loss(batch), on_step=True, on_epoch=False)
        self.log("val_loss", self.loss(batch))

    def test_step(self, batch: Any, at: int) -> None:
        self.log("t", self.loss(batch), on_step=True, on_epoch=False)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def points(run: Any, name: str) -> dict[int, float]:
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def test_batches_of_evaluations_have_an_axis_of_their_own(runs: Path) -> None:
    memory = Memory()
    trainer([EpochalLogger(), memory]).fit(Stepwise(), loader(), loader(9))
    run = only_run(runs)
    assert points(run, "v") == memory.points["v"]
    assert (run.axis("v"), run.axis("val_loss")) == ("validation_batch", "step")
    assert run.history("v", x="validation_batch").x.tolist() == list(range(12))
    assert run.history("val_loss").steps.tolist() == [3, 7, 11]


def test_the_axis_goes_on_where_lightnings_counter_begins_anew(runs: Path) -> None:
    logger = EpochalLogger()
    fit = trainer(logger, max_epochs=1)
    fit.fit(Stepwise(), loader(), loader(9))
    fit.validate(fit.lightning_module, loader(9), verbose=False)
    fit.test(fit.lightning_module, loader(9), verbose=False)
    run = only_run(runs)
    assert run.history("v", x="validation_batch").x.tolist() == list(range(8))
    assert run.axis("t") == "test_batch"
    assert run.history("t", x="test_batch").x.tolist() == list(range(4))


def test_each_data_loader_has_its_own_count(runs: Path) -> None:
    trainer(EpochalLogger(), max_epochs=2).fit(Stepwise(), loader(), [loader(9), loader(8)])
    run = only_run(runs)
    for at in (0, 1):
        assert run.history(f"v/dataloader_idx_{at}", x="validation_batch").x.tolist() == list(range(8))
        assert f"val_loss/dataloader_idx_{at}" in run.metrics


def test_the_axis_goes_on_after_a_resume(runs: Path, tmp_path: Path) -> None:
    saving = L.callbacks.ModelCheckpoint(dirpath=str(tmp_path / "c"), save_top_k=-1)
    logger = EpochalLogger()
    trainer(logger, callbacks=[saving], max_epochs=2).fit(Stepwise(), loader(), loader(9))
    logger.finish()
    early = min((tmp_path / "c").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    trainer(EpochalLogger()).fit(Stepwise(), loader(), loader(9), ckpt_path=early)
    history = only_run(runs).history("v", x="validation_batch")
    assert history.x.tolist() == history.steps.tolist() == list(range(12))
    assert newest(tmp_path / "c") != early


def test_a_step_that_the_user_logs_is_the_step(runs: Path) -> None:
    class Own(Tiny):
        def training_step(self, batch: Any, at: int) -> Any:
            loss = self.loss(batch)
            self.log_dict({"loss": loss, "step": float(100 + self.global_step)})
            return loss

    trainer(EpochalLogger(), max_epochs=1).fit(Own(), loader())
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [100, 101, 102, 103]
    assert "epoch" not in run.metrics


def test_log_every_takes_whole_training_steps_and_leaves_all_else(runs: Path) -> None:
    class Talks(Stepwise):
        def training_step(self, batch: Any, at: int) -> Any:
            self.logger.log_metrics({"mine": 1.0})
            return super().training_step(batch, at)

    monitor = L.callbacks.LearningRateMonitor(logging_interval="step")
    trainer(EpochalLogger(log_every=3), callbacks=[monitor]).fit(Talks(), loader(), loader(9))
    run = only_run(runs)
    for name in ("train_loss_step", "lr-Adam", "mine"):
        assert run.history(name).steps.tolist() == [2, 5, 8, 11], name
    assert run.history("train_loss_epoch").steps.tolist() == [3, 7, 11]
    assert run.history("val_loss").steps.tolist() == [3, 7, 11]
    assert len(run.history("v")) == 12


def test_learning_rates_stand_at_the_step_that_they_are_of(runs: Path) -> None:
    class Scheduled(Tiny):
        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
            each = {"scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5), "interval": "step"}
            return {"optimizer": optimizer, "lr_scheduler": each}

    monitor = L.callbacks.LearningRateMonitor(logging_interval="step")
    trainer(EpochalLogger(vocabulary="common"), callbacks=[monitor], max_epochs=1).fit(Scheduled(), loader())
    assert points(only_run(runs), "lr") == {0: 1.0, 1: 0.5, 2: 0.25, 3: 0.125}


def test_the_common_vocabulary(runs: Path) -> None:
    memory = Memory()
    trainer([EpochalLogger(vocabulary="common"), memory]).fit(Stepwise(), loader(), loader(9))
    run = only_run(runs)
    assert points(run, "val/loss") == memory.points["val_loss"]
    assert points(run, "train/loss") == memory.points["train_loss_epoch"]
    assert points(run, "train/loss_step") == memory.points["train_loss_step"]
    assert run.axis("v") == "val/batch"


@pytest.mark.parametrize(
    ("name", "common"),
    [
        ("loss", "train/loss"),
        ("train_acc", "train/acc"),
        ("train_loss_step", "train/loss_step"),
        ("train_loss_epoch", "train/loss"),
        ("valid_loss", "val/loss"),
        ("validation/acc_epoch", "val/acc"),
        ("val_loss/dataloader_idx_1", "val/1/loss"),
        ("test_loss_epoch/dataloader_idx_0", "test/0/loss"),
        ("lr-Adam", "lr"),
        ("lr-Adam/pg2", "lr/pg2"),
        ("lr-Adam-1/pg1", "lr/Adam-1/pg1"),
        ("lr-SGD-momentum", "lr-SGD-momentum"),
        ("grad_2.0_norm_total", "grad_norm"),
        ("train|samples_per_sec", "train/samples_per_second"),
        ("validate|time", "val/seconds"),
        ("epoch", "epoch"),
        ("trainable", "trainable"),
        ("my metric", "my metric"),
    ],
)
def test_words_of_the_common_vocabulary(name: str, common: str) -> None:
    assert common_name(name) == common


def test_optimizers_by_hand_count_batches_as_lightning_does(runs: Path) -> None:
    class TwoByHand(Tiny):
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch: Any, at: int) -> None:
            for optimizer in self.optimizers():
                optimizer.zero_grad()
                loss = self.loss(batch)
                self.manual_backward(loss)
                optimizer.step()
            self.log("loss", loss)

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD([each], lr=0.1) for each in self.parameters()]

    memory = Memory()
    trainer([EpochalLogger(), memory], max_epochs=1).fit(TwoByHand(), loader())
    run = only_run(runs)
    assert points(run, "loss") == memory.points["loss"]
    assert {"0", "1"} <= set(run.config["optimizer"])


def test_the_config_has_the_words_of_all_frameworks(runs: Path) -> None:
    settings = {"accumulate_grad_batches": 2, "max_epochs": 2, "limit_train_batches": 3}
    trainer(EpochalLogger(), **settings).fit(Tiny(), loader())
    known = only_run(runs).config["trainer"]
    expected = {"epochs": 2, "steps": 4, "batch_size": 4, "accumulate": 2, "world_size": 1, "precision": "32-true"}
    assert {key: known[key] for key in expected} == expected


def test_iterable_and_combined_data_is_recorded_without_being_read(runs: Path) -> None:
    begun = []

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self) -> Any:
            begun.append(self)
            return iter([(torch.ones(4), torch.tensor(1))])

    class Data(L.LightningDataModule):
        def train_dataloader(self) -> Any:
            return {"a": loader(), "b": loader(1)}

        def test_dataloader(self) -> Any:
            return [torch.utils.data.DataLoader(Stream())]

    class Both(Tiny):
        def training_step(self, batch: Any, at: int) -> Any:
            return self.loss(batch["a"]) + self.loss(batch["b"])

    logger = EpochalLogger()
    trainer(logger, max_epochs=1).fit(Both(), datamodule=Data())
    trainer(logger).test(Both(), datamodule=Data(), verbose=False)
    run = only_run(runs)
    assert set(run.datasets) == {"train/a", "train/b", "test"}
    assert run.config["trainer"]["batch_size"] == {"a": 4, "b": 4}
    assert len(begun) == 1, "read by somebody else than Lightning"
