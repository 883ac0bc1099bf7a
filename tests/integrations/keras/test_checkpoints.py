"""What `ModelCheckpoint` writes is recorded as it is: file, step, epoch, and what it is judged by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import data, fail_at, fit, keras, points, stop_at, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def saver(folder: Path, name: str, **how: Any) -> Any:
    return keras.callbacks.ModelCheckpoint(os.fspath(folder / name), **how)


def written(runs: Path) -> list[tuple[str, int]]:
    """Return (name, step) of the recorded checkpoints."""
    return [(os.path.basename(each.path), each.step) for each in only_run(runs).checkpoints()]


@pytest.mark.parametrize("ours_first", [True, False])
def test_each_epochs_file_is_recorded_with_what_it_is_judged_by(runs: Path, tmp_path: Path, ours_first: bool) -> None:
    each = [EpochalCallback(), saver(tmp_path, "{epoch:02d}-{val_loss:.2f}.keras", monitor="val_accuracy", mode="max")]
    fit(tiny_model(), each if ours_first else each[::-1], epochs=2, validation_data=data(9))
    run = only_run(runs)
    one, two = run.checkpoints()
    assert sorted(os.listdir(tmp_path))[:2] == [os.path.basename(one.path), os.path.basename(two.path)]
    assert (one.step, two.step) == (4, 8)
    assert two.metrics == {"val_accuracy": points(run, "val_accuracy")[8]}
    assert two.data == {"epoch": 1, "weights_only": False}
    assert two.bytes == os.path.getsize(two.path)
    assert [one.best, two.best].count(True) == 1


@pytest.mark.parametrize("ours_first", [True, False])
def test_of_the_best_only_those_epochs_count_that_were_written(runs: Path, tmp_path: Path, ours_first: bool) -> None:
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: [0.1, 500.0, 500.0][epoch])  # it gets worse
    best = saver(tmp_path, "best.weights.h5", monitor="loss", save_best_only=True, save_weights_only=True)
    callbacks = [EpochalCallback(), best] if ours_first else [best, EpochalCallback()]
    fit(tiny_model(optimizer=keras.optimizers.SGD(0.1)), [rates, *callbacks])
    run = only_run(runs)
    losses = list(points(run, "loss").values())
    improved = [4 * (at + 1) for at, loss in enumerate(losses) if loss == min(losses[: at + 1])]
    assert len(improved) < 3
    assert written(runs) == [("best.weights.h5", step) for step in improved]
    newest = run.checkpoints()[-1]
    assert (newest.state, newest.best) == ("present", True)
    assert newest.data["weights_only"] is True


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("name", ["{epoch}-{batch}.keras", "same.keras"])
def test_files_that_are_written_within_an_epoch_have_their_own_steps(
    runs: Path, tmp_path: Path, name: str, ours_first: bool
) -> None:
    callbacks = [EpochalCallback(), saver(tmp_path, name, save_freq=3)]
    fit(tiny_model(), callbacks if ours_first else callbacks[::-1], epochs=2)
    assert written(runs) == [(name.format(epoch=1, batch=3), 3), (name.format(epoch=2, batch=2), 6)]


def test_no_batch_hook_is_left_when_nothing_is_written_within_epochs(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    fit(tiny_model(), [callback, saver(tmp_path, "a.keras", save_freq=3)], epochs=1)
    assert "on_train_batch_end" in vars(callback)
    fit(tiny_model(), [callback, saver(tmp_path, "a.keras")], epochs=1)
    assert "on_train_batch_end" not in vars(callback)
    assert "loss" in only_run(runs).metrics
    assert only_run(runs).history("loss").steps.tolist() == [4, 8]


def test_files_that_were_there_before_are_not_recorded(runs: Path, tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        (tmp_path / f"{epoch}.keras").write_bytes(b"old")
    checkpoint = saver(tmp_path, "{epoch}.keras", monitor="loss", save_best_only=True, initial_value_threshold=-1.0)
    fit(tiny_model(), [EpochalCallback(), checkpoint])
    assert written(runs) == []


def test_files_that_were_deleted_since_are_known_to_be_gone(runs: Path, tmp_path: Path) -> None:
    fit(tiny_model(), [EpochalCallback(), saver(tmp_path, "{epoch}.keras")], epochs=2)
    (tmp_path / "1.keras").unlink()
    assert [each.state for each in only_run(runs).checkpoints()] == ["vanished", "present"]


def test_without_its_metric_a_checkpoint_is_recorded_without_a_judgement(runs: Path, tmp_path: Path) -> None:
    fit(tiny_model(), [saver(tmp_path, "a.keras"), EpochalCallback()], epochs=1)  # val_loss, and no validation
    (checkpoint,) = only_run(runs).checkpoints()
    assert (checkpoint.metrics, checkpoint.best) == ({}, False)


def test_a_companion_hashes_what_was_written(runs: Path, tmp_path: Path) -> None:
    import hashlib

    callback = EpochalCallback()
    fit(tiny_model(), [callback, saver(tmp_path, "a.keras")], epochs=1)
    callback.finish()
    run = only_run(runs)
    (checkpoint,) = run.checkpoints(verify=True)
    if checkpoint.sha256 is not None:  # it is worked out in another process, which may still be at it
        assert checkpoint.sha256 == hashlib.sha256((tmp_path / "a.keras").read_bytes()).hexdigest()


def test_what_was_written_before_an_exception_is_recorded(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="meant to fail"):
        fit(tiny_model(), [EpochalCallback(), saver(tmp_path, "{epoch}.keras"), fail_at(6)])
    assert written(runs) == [("1.keras", 4)]


def test_a_stopped_training_has_its_last_file_recorded(runs: Path, tmp_path: Path) -> None:
    fit(tiny_model(), [EpochalCallback(), saver(tmp_path, "{epoch}.keras"), stop_at(6)])
    assert [name for name, _ in written(runs)] == ["1.keras", "2.keras"]


def test_a_derived_saver_is_seen_too(runs: Path, tmp_path: Path) -> None:
    class Mine(keras.callbacks.ModelCheckpoint):
        pass

    fit(tiny_model(), [EpochalCallback(), Mine(os.fspath(tmp_path / "a.keras"))], epochs=1)
    assert written(runs) == [("a.keras", 4)]
