"""Settings of the Trainer that change what is trained, searches before a fit, and what the config says of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import L, Tiny, data, loader, trainer  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


class Sized(Tiny):
    """Has the learning rate and batch size that Lightning's tuner looks for."""

    def __init__(self) -> None:
        super().__init__()
        self.lr, self.batch_size = 0.1, 2

    def train_dataloader(self) -> Any:
        return torch.utils.data.DataLoader(data(), batch_size=self.batch_size)

    val_dataloader = train_dataloader


def steps(run: Any, name: str = "train_loss_step") -> list[int]:
    return run.history(name, abandoned=True, duplicates=True).steps.tolist()


def test_searches_while_a_run_is_open_record_none_of_their_steps(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    logger.log_hyperparams({"mine": 1})
    fit, made = trainer(logger, max_epochs=1, default_root_dir=tmp_path), Sized()
    tuner = L.tuner.Tuner(fit)
    tuner.scale_batch_size(made, steps_per_trial=1, max_trials=1)
    tuner.lr_find(made, num_training=5, min_lr=1e-4)
    fit.fit(made)
    batches = len(made.train_dataloader())
    run = only_run(runs)
    assert steps(run) == list(range(batches))
    assert run.config["trainer"]["steps"] == batches
    assert run.config["mine"] == 1


def test_a_barebones_trainer_takes_no_logger_and_leaves_nothing(runs: Path) -> None:
    bare = {"barebones": True, "log_every_n_steps": None, "enable_progress_bar": None, "enable_model_summary": None}
    with pytest.raises(ValueError, match="barebones"):
        trainer(EpochalLogger(), **bare)
    trainer(None, max_epochs=1, **bare).fit(Tiny(), loader())
    assert not runs.exists()


def test_a_fit_without_batches_is_a_finished_run(runs: Path) -> None:
    logger = EpochalLogger()
    trainer(logger, limit_train_batches=0).fit(Tiny(), loader())
    logger.finish()
    assert [run.state for run in epochal.runs(runs)] in ([], ["finished"])


def test_overfitting_a_few_batches_says_so(runs: Path) -> None:
    trainer(EpochalLogger(), overfit_batches=1, max_epochs=2).fit(Tiny(), loader())
    run = only_run(runs)
    assert steps(run) == [0, 1]
    assert (run.config["trainer"]["overfit_batches"], run.config["trainer"]["steps"]) == (1, 2)


def test_settings_that_are_off_are_left_out(runs: Path) -> None:
    trainer(EpochalLogger(), max_epochs=1).fit(Tiny(), loader())
    off = {"min_epochs", "min_steps", "max_steps", "overfit_batches", "limit_train_batches", "limit_val_batches"}
    assert not off & set(only_run(runs).config["trainer"])


def test_settings_that_limit_are_there(runs: Path) -> None:
    limits = {"limit_train_batches": 1, "limit_val_batches": 0.5, "max_steps": 2, "min_epochs": 1}
    trainer(EpochalLogger(), **limits).fit(Tiny(), loader(), loader(9))
    known = only_run(runs).config["trainer"]
    assert {name: known[name] for name in limits} == limits


def test_an_axis_that_the_user_chose_stays(runs: Path) -> None:
    class Stepwise(Tiny):
        def validation_step(self, batch: Any, at: int) -> None:
            for name in ("mine", "val/mine", "judged", "plain"):
                self.log(name, self.loss(batch), on_step=True, on_epoch=False)

    logger = EpochalLogger()
    logger.experiment.define_metric("mine", step="epoch")
    logger.experiment.define_metric("val/*", step="epoch")
    logger.experiment.define_metric("judged", summary="min")
    trainer(logger, max_epochs=1).fit(Stepwise(), loader(), loader(9))
    run = only_run(runs)
    axes = {name: run.axis(name) for name in ("mine", "val/mine", "judged", "plain")}
    own = "validation_batch"
    assert axes == {"mine": "epoch", "val/mine": "epoch", "judged": own, "plain": own}
    assert run.summary["judged"] == min(run.history("judged").values)


def test_a_long_hyperparameter_is_kept_whole(runs: Path) -> None:
    logger = EpochalLogger()
    logger.log_hyperparams({"prompt": "word " * 400, "nested": {"list": list(range(500))}})
    assert only_run(runs).config["prompt"] == "word " * 400
    assert only_run(runs).config["nested"]["list"] == list(range(500))


def test_step_zero_stays_zero(runs: Path) -> None:
    logger = EpochalLogger()
    logger.log_metrics({"a": 1.0}, step=0)
    logger.log_metrics({"a": 2.0}, step=1)
    assert only_run(runs).history("a").steps.tolist() == [0, 1]
