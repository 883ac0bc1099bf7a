"""Going on in a new process: beside `BackupAndRestore` the run is found by itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import fail_at, fit, keras, points, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def backup(folder: Path, **how: Any) -> Any:
    return keras.callbacks.BackupAndRestore(os.fspath(folder / "backup"), **how)


def interrupted(folder: Path, step: int, *, ours_first: bool = True, **opening: Any) -> EpochalCallback:
    """Train until an exception; a run's end stands for that of its process."""
    callback = EpochalCallback(**opening)
    around = [callback, backup(folder, **({"save_freq": 3} if step == 7 else {}))]
    with pytest.raises(ValueError, match="meant to fail"):
        fit(tiny_model(), [*(around if ours_first else around[::-1]), fail_at(step)])
    callback.finish()
    return callback


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("named", [{}, {"prefix": "mine/"}, {"vocabulary": "common"}])
def test_the_run_of_the_backup_goes_on_with_what_was_abandoned_hidden(
    runs: Path, tmp_path: Path, ours_first: bool, named: dict[str, Any]
) -> None:
    whole = fit(tiny_model(), []).history["loss"]
    interrupted(tmp_path, 6, ours_first=ours_first, log_every=1, **named)
    again = [EpochalCallback(**named), backup(tmp_path)]
    fit(tiny_model(), again if ours_first else again[::-1])
    run = only_run(runs)
    name = f"{named.get('prefix', '')}{'train/' if 'vocabulary' in named else ''}loss"
    loss = points(run, name)
    assert list(loss) == [1, 2, 3, 4, 8, 12]
    assert [loss[step] for step in (4, 8, 12)] == pytest.approx(whole)
    assert max(run.history(name, abandoned=True, duplicates=True).steps) == 12
    assert 6 in run.history(name, abandoned=True).steps, "what was abandoned is kept"
    assert not (tmp_path / "backup").exists(), "Keras deletes it when all is done"


def test_a_backup_within_an_epoch_goes_on_from_there(runs: Path, tmp_path: Path) -> None:
    interrupted(tmp_path, 7, log_every=1)
    at = 6  # the epoch begins anew, with the weights and the count of step 6
    fit(tiny_model(), [EpochalCallback(log_every=1), backup(tmp_path, save_freq=3)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(1, at + 8 + 1))
    assert list(points(run, "epoch")) == [4, at + 4, at + 8]


def test_after_an_exception_the_same_process_goes_on_too(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback(log_every=1)
    with pytest.raises(ValueError, match="meant to fail"):
        fit(tiny_model(), [callback, backup(tmp_path), fail_at(6)])
    fit(tiny_model(), [EpochalCallback(), backup(tmp_path)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4, 8, 12]
    assert [notice.code for notice in run.notices] == ["training"]


def test_a_training_from_the_start_is_a_new_run(runs: Path, tmp_path: Path) -> None:
    for _ in range(2):
        fit(tiny_model(), [EpochalCallback(), backup(tmp_path)])
    assert len(list(epochal.runs(runs))) == 2


def test_one_that_failed_before_its_first_backup_is_left_alone(runs: Path, tmp_path: Path) -> None:
    interrupted(tmp_path, 2)
    fit(tiny_model(), [EpochalCallback(), backup(tmp_path)])
    assert len(list(epochal.runs(runs))) == 2


def test_a_kept_backup_goes_on_with_more_epochs(runs: Path, tmp_path: Path) -> None:
    for epochs in (2, 3):
        callback = EpochalCallback()
        fit(tiny_model(), [callback, backup(tmp_path, delete_checkpoint=False)], epochs=epochs)
        callback.finish()
    assert only_run(runs).history("loss").steps.tolist() == [4, 8, 12]


def test_an_id_that_was_asked_for_counts_before_the_backups(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = interrupted(tmp_path, 6)
    fit(tiny_model(), [EpochalCallback(id="other"), backup(tmp_path)])
    assert "is recorded as other" in caplog.text
    run = epochal.get_run("other", dir=runs)
    assert run.history("loss").steps.tolist() == [8, 12]
    assert first.run.id != "other"


def test_a_run_that_was_deleted_is_told_and_another_opened(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    interrupted(tmp_path, 6)
    shutil.rmtree(only_run(runs).path)
    fit(tiny_model(), [EpochalCallback(), backup(tmp_path)])
    assert "goes on from a checkpoint of run" in caplog.text
    assert only_run(runs).history("loss").steps.tolist() == [8, 12]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": 3}', json.dumps({"run": "gone", "folder": "/nowhere"})])
def test_a_mark_that_cannot_be_read_costs_nothing(runs: Path, tmp_path: Path, text: str) -> None:
    interrupted(tmp_path, 6)
    (tmp_path / "backup" / "epochal.json").write_text(text)
    fit(tiny_model(), [EpochalCallback(), backup(tmp_path)])
    assert len(list(epochal.runs(runs))) == 2


def test_nothing_is_put_into_a_backup_where_nothing_is_recorded(tmp_path: Path) -> None:
    callbacks = [EpochalCallback(mode="disabled"), backup(tmp_path, delete_checkpoint=False)]
    fit(tiny_model(), callbacks, epochs=1)
    assert not (tmp_path / "backup" / "epochal.json").exists()
    assert not (tmp_path / "epochal-runs").exists()
