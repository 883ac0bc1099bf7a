"""What Lightning does with a logger, beyond what every adapter must get right."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import SWALLOWS_CTRL_C, AtStep, L, Memory, Tiny, loader, trainer  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def points(run: Any, name: str) -> dict[int, float]:
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def test_fit_validate_test_and_predict_are_one_run(runs: Path) -> None:
    memory, logger = Memory(), EpochalLogger()
    fit = trainer([logger, memory])
    fit.fit(Tiny(), loader(), loader(9))
    fit.validate(fit.lightning_module, loader(9), verbose=False)
    fit.test(fit.lightning_module, loader(8), verbose=False)
    fit.predict(fit.lightning_module, loader(7))
    run = only_run(runs)
    assert {name: points(run, name) for name in run.metrics} == memory.points
    assert set(run.datasets) == {"train", "validation", "test", "predict"}
    assert len({each["sha256"] for each in run.datasets.values()}) == 4


def test_a_test_with_another_trainer_leaves_the_trainings_settings(runs: Path) -> None:
    logger = EpochalLogger()
    fit = trainer(logger)
    fit.fit(Tiny(), loader())
    trainer(logger, max_epochs=77).test(fit.lightning_module, loader(8), verbose=False)
    assert only_run(runs).config["trainer"]["max_epochs"] == 3


def test_a_second_fit_goes_on_in_the_run(runs: Path) -> None:
    memory, logger = Memory(), EpochalLogger()
    fit = trainer([logger, memory], max_epochs=1)
    fit.fit(Tiny(), loader())
    fit.fit_loop.max_epochs = 2
    fit.fit(fit.lightning_module, loader())
    run = only_run(runs)
    assert {name: points(run, name) for name in run.metrics} == memory.points
    assert run.history("train_loss_step").steps.tolist() == list(range(8))


def test_hyperparameters_can_be_read(runs: Path) -> None:
    class Odd(Tiny):
        def __init__(self, lr: float, act: Any, options: Any, inner: Any, model: str) -> None:
            super().__init__(lr)
            self.save_hyperparameters()

    class Data(L.LightningDataModule):
        def __init__(self, batch: int) -> None:
            super().__init__()
            self.save_hyperparameters()

        def train_dataloader(self) -> Any:
            return loader()

    made = Odd(0.5, torch.nn.functional.relu, Namespace(depth=2, wide=True), torch.nn.ReLU(), "resnet")
    trainer(EpochalLogger(), max_epochs=1).fit(made, datamodule=Data(4))
    config = only_run(runs).config
    assert config["lr"] == 0.5
    assert config["act"] == "torch.nn.functional.relu"
    assert config["options"] == {"depth": 2, "wide": True}
    assert config["inner"] == "ReLU()"
    assert config["batch"] == 4
    assert config["model"] == "resnet", "a hyperparameter gave way to our description"
    assert config["model_info"]["class"] == "Odd"


def test_hyperparameters_are_taken_as_namespaces_and_attribute_dicts(runs: Path) -> None:
    from lightning_utilities.core.apply_func import apply_to_collection  # noqa: F401 - its package has AttributeDict

    utilities = sys.modules[L.__name__ + ".utilities.parsing"]
    logger = EpochalLogger()
    logger.log_hyperparams(Namespace(a=1))
    logger.log_hyperparams(utilities.AttributeDict(b={"c": 2}))
    assert {key: only_run(runs).config[key] for key in "ab"} == {"a": 1, "b": {"c": 2}}


def test_the_config_names_strategy_precision_optimizer_and_scheduler(runs: Path) -> None:
    class Scheduled(Tiny):
        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.5, momentum=0.9)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    fit = trainer(EpochalLogger(), callbacks=[L.callbacks.LearningRateMonitor()])
    fit.fit(Scheduled(), loader())
    run = only_run(runs)
    assert run.config["trainer"]["framework"] == "lightning"
    assert run.config["trainer"]["precision"] == "32-true"
    assert run.config["trainer"]["strategy"] == "SingleDeviceStrategy"
    optimizer = run.config["optimizer"]
    assert (optimizer["class"], optimizer["learning_rate"], optimizer["momentum"]) == ("SGD", 0.5, 0.9)
    assert optimizer["scheduler"] == "StepLR"
    assert run.config["environment"]["torch"] == str(torch.__version__)
    rates = run.history("lr-SGD")
    assert rates.values.tolist() == pytest.approx([0.5, 0.05, 0.005])


@pytest.mark.parametrize("dry", [{"fast_dev_run": True}, {"logger": False}])
def test_a_dry_run_leaves_nothing_behind(runs: Path, tmp_path: Path, dry: dict[str, Any]) -> None:
    logger = EpochalLogger()
    trainer(dry.pop("logger", logger), default_root_dir=tmp_path, **dry).fit(Tiny(), loader())
    assert not runs.exists()


def test_the_learning_rate_finder_records_none_of_its_steps(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    fit = trainer(logger, max_epochs=1, default_root_dir=tmp_path)
    made = Tiny()
    L.tuner.Tuner(fit).lr_find(made, loader(), num_training=5, min_lr=1e-4)
    fit.fit(made, loader())
    run = only_run(runs)
    assert run.history("train_loss_step", abandoned=True, duplicates=True).steps.tolist() == [0, 1, 2, 3]
    assert run.history("train_loss_step").steps.tolist() == [0, 1, 2, 3]


def test_accumulated_batches_count_as_one_step(runs: Path) -> None:
    memory = Memory()
    trainer([EpochalLogger(), memory], accumulate_grad_batches=2, max_epochs=2).fit(Tiny(), loader())
    run = only_run(runs)
    assert {name: points(run, name) for name in run.metrics} == memory.points
    assert run.history("train_loss_step").steps.tolist() == [0, 1, 2, 3]


def test_tensors_that_a_script_logs_itself_become_numbers(runs: Path) -> None:
    logger = EpochalLogger()
    logger.log_metrics({"a": torch.tensor(1.5, requires_grad=True), "b": torch.tensor([2], dtype=torch.bfloat16)})
    logger.log_metrics({"a": torch.tensor(2.5)})
    run = only_run(runs)
    assert points(run, "a") == {0: 1.5, 1: 2.5}
    assert points(run, "b") == {0: 2.0}


def test_checkpoints_lie_in_the_runs_folder_and_stand_in_its_record(runs: Path) -> None:
    logger = EpochalLogger()
    saving = L.callbacks.ModelCheckpoint(monitor="val_loss", save_top_k=1)
    fit = trainer(logger, callbacks=[saving])
    fit.fit(Tiny(), loader(), loader(9))
    run = only_run(runs)
    best = Path(saving.best_model_path)
    assert best.parent == Path(run.path) / "checkpoints"
    found = run.checkpoints()
    assert [each.step for each in found] == [4, 8, 12]
    (chosen,) = (each for each in found if each.best)
    assert (chosen.path, chosen.state) == (str(best), "present")
    assert chosen.metrics == {"val_loss": pytest.approx(float(saving.best_model_score))}
    assert chosen.bytes == best.stat().st_size
    assert [each.state for each in found if not each.best] == ["vanished", "vanished"]  # `save_top_k`


def test_checkpoints_of_weights_alone_stand_in_the_record_too(runs: Path) -> None:
    saving = L.callbacks.ModelCheckpoint(save_weights_only=True, save_top_k=-1)
    trainer(EpochalLogger(), callbacks=[saving], max_epochs=2).fit(Tiny(), loader())
    found = only_run(runs).checkpoints()
    assert [each.step for each in found] == [4, 8]
    assert found[-1].path == saving.best_model_path


def test_two_runs_do_not_share_a_log_dir(tmp_path: Path) -> None:
    # LightningCLI writes config.yaml into trainer.log_dir, and refuses where one is
    folders = []
    for _ in range(2):
        fit = trainer(EpochalLogger(), max_epochs=1)
        fit.fit(Tiny(), loader())
        folders.append(fit.log_dir)
    assert len(set(folders)) == 2
    assert all((Path(folder) / "journal").is_dir() for folder in folders)


def test_an_exception_fails_the_run_at_once_and_a_later_test_goes_on_in_it(runs: Path) -> None:
    def fail(step: int) -> None:
        raise ValueError("meant to fail")

    logger = EpochalLogger()
    fit = trainer(logger, callbacks=[AtStep(fail)])
    with pytest.raises(ValueError, match="meant to fail"):
        fit.fit(Tiny(), loader())
    run = only_run(runs)
    assert run.state == "failed"
    trainer(logger).test(Tiny(), loader(8), verbose=False)
    logger.finish()
    run = only_run(runs)
    assert run.state == "finished"
    assert "test_loss" in run.metrics


def test_sigterm_interrupts_the_run(runs: Path) -> None:
    fit = trainer(EpochalLogger(), callbacks=[AtStep(lambda step: os.kill(os.getpid(), signal.SIGTERM))])
    with pytest.raises(SystemExit):
        fit.fit(Tiny(), loader())
    assert only_run(runs).state == "interrupted"


def test_a_checkpoint_that_is_still_being_written_has_no_size_yet(runs: Path) -> None:
    plugin = L.plugins.io.AsyncCheckpointIO()
    trainer(EpochalLogger(), plugins=[plugin], max_epochs=1).fit(Tiny(), loader())
    (record,) = (frame.payload for frame in only_run(runs)._journals.recording()[0].records("checkpoint"))
    assert record["writing"] is True
    assert record["path"]
    assert "bytes" not in record


def test_an_interrupt_in_a_given_run_is_its_givers_affair(runs: Path) -> None:
    def interrupt(step: int) -> None:
        raise KeyboardInterrupt

    def train() -> None:
        with epochal.init() as run:
            trainer(EpochalLogger(run), callbacks=[AtStep(interrupt)]).fit(Tiny(), loader())

    if SWALLOWS_CTRL_C:
        train()
        assert only_run(runs).state == "finished"
    else:
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            train()
        assert only_run(runs).state == "interrupted"
