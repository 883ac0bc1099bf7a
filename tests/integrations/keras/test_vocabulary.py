"""Names: Keras' own by default, common words where they are asked for; told apart by where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import data, fit, keras, points, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def named(name: str) -> Any:
    return keras.metrics.SparseCategoricalAccuracy(name=name)


def test_names_are_as_keras_gives_them_by_default(runs: Path) -> None:
    model, callback = tiny_model(metrics=[named("val_gap"), named("a b/c")]), EpochalCallback()
    history = fit(model, [callback], validation_data=data(9))
    run = only_run(runs)
    assert set(run.metrics) == {*history.history, "learning_rate", "epoch"}


@pytest.mark.parametrize("prefix", ["", "mine/"])
def test_common_words_say_where_a_metric_comes_from(runs: Path, prefix: str) -> None:
    model, callback = tiny_model(), EpochalCallback(vocabulary="common", prefix=prefix, log_every=2)
    inputs, targets = data(8)
    history = fit(model, [callback], validation_data=data(9)).history
    model.evaluate(inputs, targets, verbose=0, callbacks=[callback])
    run = only_run(runs)
    words = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "test/loss", "test/accuracy", "lr", "epoch")
    assert set(run.metrics) == {f"{prefix}{word}" for word in words}
    assert list(points(run, f"{prefix}val/loss").values()) == history["val_loss"]
    assert run.history(f"{prefix}train/loss").steps.tolist() == [2, 4, 6, 8, 10, 12]


def test_a_metric_that_is_called_like_a_validations_stays_one_of_the_training(runs: Path) -> None:
    names = ("val_gap", "test_gap", "epoch", "lr")
    fit(tiny_model(metrics=[named(name) for name in names]), [EpochalCallback(vocabulary="common")], epochs=1)
    run = only_run(runs)
    assert set(run.metrics) == {"train/loss", *(f"train/{name}" for name in names), "lr", "epoch"}
    assert points(run, "epoch") == {4: 0}


def test_its_validation_is_told_apart(runs: Path) -> None:
    callback = EpochalCallback(vocabulary="common")
    fit(tiny_model(metrics=[named("val_gap")]), [callback], epochs=1, validation_data=data(9))
    assert {"train/val_gap", "val/val_gap"} <= set(only_run(runs).metrics)


def test_an_epoch_without_validation_has_none(runs: Path) -> None:
    callback = EpochalCallback(vocabulary="common")
    fit(tiny_model(), [callback], epochs=2, validation_data=data(9), validation_freq=2)
    assert list(points(only_run(runs), "val/loss")) == [8]


def test_a_learning_rate_that_keras_reports_has_the_common_word(runs: Path) -> None:
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))
    history = fit(tiny_model(), [scheduler, EpochalCallback(vocabulary="common")]).history
    run = only_run(runs)
    assert list(points(run, "lr").values()) == pytest.approx([float(each) for each in history["learning_rate"]])
    assert "learning_rate" not in run.metrics


def test_a_checkpoint_is_judged_by_the_recorded_name(runs: Path, tmp_path: Path) -> None:
    saver = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="val_accuracy", mode="max")
    callback = EpochalCallback(vocabulary="common", prefix="mine/")
    fit(tiny_model(), [callback, saver], epochs=1, validation_data=data(9))
    run = only_run(runs)
    (checkpoint,) = run.checkpoints()
    assert checkpoint.metrics == {"mine/val/accuracy": points(run, "mine/val/accuracy")[4]}
    assert checkpoint.best
