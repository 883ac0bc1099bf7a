"""A training that goes on from one of Lightning's checkpoints: which run it writes, and what is hidden there."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

from epochal_lightning import EpochalLogger  # noqa: E402
from epochal_lightning._checkpoints import position_in  # noqa: E402
from tests.integrations.lightning.tiny import AtStep, L, Memory, Tiny, loader, trainer  # noqa: E402


class Stopped(Exception):
    """Ends a training as a crash would."""


def stop_at(at: int) -> AtStep:
    """Stop in a step, before Lightning logs it."""

    def stop(step: int) -> None:
        if step == at:
            raise Stopped

    return AtStep(stop)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def points(run: Any, name: str) -> dict[int, float]:
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def fit(logger: Any, folder: Path, *, ckpt_path: Any = None, stop: int = -1, **saving: Any) -> Memory:
    """Train three epochs of four steps, with a checkpoint after each epoch or as `saving` says."""
    memory = Memory()
    checkpoint = L.callbacks.ModelCheckpoint(dirpath=str(folder), save_top_k=-1, **saving)
    made = trainer([logger, memory], callbacks=[checkpoint, stop_at(stop)])
    if stop > 0:
        with pytest.raises(Stopped):
            made.fit(Tiny(), loader(), loader(9), ckpt_path=ckpt_path)
    else:
        made.fit(Tiny(), loader(), loader(9), ckpt_path=ckpt_path)
    return memory


def newest(folder: Path) -> Path:
    return max(folder.glob("*.ckpt"), key=lambda path: int(path.stem.rpartition("=")[2]))


@pytest.mark.parametrize("saving", [{}, {"every_n_train_steps": 3}, {"save_on_train_epoch_end": True}])
def test_exactly_the_abandoned_points_are_hidden(runs: Path, tmp_path: Path, saving: dict[str, Any]) -> None:
    first = fit(EpochalLogger(), tmp_path / "ckpt", stop=9, **saving).points
    from_step = int(newest(tmp_path / "ckpt").stem.rpartition("=")[2])
    kept = {name: {step: value for step, value in there.items() if step < from_step} for name, there in first.items()}
    second = fit(EpochalLogger(), tmp_path / "more", ckpt_path=newest(tmp_path / "ckpt"), **saving).points
    run = only_run(runs)
    for name in run.metrics:
        assert points(run, name) == {**kept.get(name, {}), **second.get(name, {})}, name
    steps = run.history("train_loss_step").steps.tolist()
    assert steps == list(range(12)), "a step is missing, or was recorded under another number"
    everything = run.history("train_loss_step", abandoned=True, duplicates=True)
    assert len(everything) == len(first["train_loss_step"]) + len(second["train_loss_step"])


def test_a_checkpoint_can_be_gone_back_to_twice(runs: Path, tmp_path: Path) -> None:
    fit(EpochalLogger(), tmp_path / "ckpt", stop=9)
    early = min((tmp_path / "ckpt").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    fit(EpochalLogger(), tmp_path / "b", ckpt_path=early, stop=11)
    last = fit(EpochalLogger(), tmp_path / "c", ckpt_path=early).points
    run = only_run(runs)
    assert {step: value for step, value in points(run, "val_loss").items() if step > 3} == last["val_loss"]
    assert run.history("train_loss_step").steps.tolist() == list(range(12))


def test_what_belongs_to_a_checkpoint_stays_though_its_process_died_with_it(runs: Path, tmp_path: Path) -> None:
    class DiesAfterLogging(Memory):
        def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
            super().log_metrics(metrics, step)
            if step == 5:
                raise Stopped

    saving = L.callbacks.ModelCheckpoint(dirpath=str(tmp_path / "ckpt"), save_top_k=-1, every_n_train_steps=6)
    logger = EpochalLogger()
    made = trainer([logger, DiesAfterLogging()], callbacks=[saving])
    logger._pending.settle = lambda: None  # type: ignore[method-assign] - as if killed before the next batch
    with pytest.raises(Stopped):
        made.fit(Tiny(), loader())
    dead = points(only_run(runs), "train_loss_step")
    assert list(dead) == list(range(6))
    for folder in ("once", "twice"):
        last = fit(EpochalLogger(), tmp_path / folder, ckpt_path=newest(tmp_path / "ckpt"), stop=9).points
    # 2.0 trains the checkpoint's last batch again, and counts from there
    assert points(only_run(runs), "train_loss_step") == {**dead, **last["train_loss_step"]}


def test_a_test_from_a_checkpoint_is_a_run_of_its_own_and_hides_nothing(runs: Path, tmp_path: Path) -> None:
    fit(EpochalLogger(name="fit"), tmp_path / "ckpt")
    early = min((tmp_path / "ckpt").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    trainer(EpochalLogger(name="test")).test(Tiny(), loader(8), ckpt_path=early, verbose=False)
    steps = {run.name: run.history(run.metrics[-1]).steps.tolist() for run in epochal.runs(runs)}
    assert len(steps) == 2
    assert len(epochal.get_run("fit", dir=runs).history("train_loss_step")) == 12


def test_a_run_that_is_gone_costs_a_warning_and_a_new_run(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fit(EpochalLogger(), tmp_path / "ckpt", stop=9)
    gone = only_run(runs).id
    shutil.rmtree(runs)
    memory = fit(EpochalLogger(), tmp_path / "more", ckpt_path=newest(tmp_path / "ckpt"))
    run = only_run(runs)
    assert run.id != gone
    assert points(run, "train_loss_step") == memory.points["train_loss_step"]
    assert any(gone in notice.text for notice in run.notices if notice.code == "resume")
    assert any(gone in message for message in caplog.messages)


def test_a_logger_that_is_open_already_keeps_its_run(runs: Path, tmp_path: Path) -> None:
    fit(EpochalLogger(name="first"), tmp_path / "ckpt", stop=9)
    logger = EpochalLogger(name="second")
    mine = logger.experiment
    fit(logger, tmp_path / "more", ckpt_path=newest(tmp_path / "ckpt"))
    assert logger.experiment is mine
    assert "resume" in [notice.code for notice in epochal.get_run("second", dir=runs).notices]
    assert len(epochal.get_run("first", dir=runs).history("train_loss_step")) == 8


def test_the_same_logger_goes_back_in_its_own_run(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    fit(logger, tmp_path / "ckpt")
    early = min((tmp_path / "ckpt").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    fit(logger, tmp_path / "more", ckpt_path=early, stop=6)
    assert only_run(runs).history("train_loss_step").steps.tolist() == [0, 1, 2, 3, 4]


def test_a_run_given_by_id_is_cut_at_the_checkpoint(runs: Path, tmp_path: Path) -> None:
    fit(EpochalLogger(id="mine"), tmp_path / "ckpt", stop=9)
    with epochal.init(id="mine", resume="must") as run:
        fit(EpochalLogger(run), tmp_path / "more", ckpt_path=newest(tmp_path / "ckpt"), stop=10)
    assert only_run(runs).history("train_loss_step").steps.tolist() == list(range(9))


def test_a_checkpoint_in_its_run_is_found_from_another_folder(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer(EpochalLogger(dir=tmp_path / "elsewhere"), callbacks=[stop_at(9)])
    with pytest.raises(Stopped):
        made.fit(Tiny(), loader())
    (checkpoint,) = (tmp_path / "elsewhere").rglob("*.ckpt")
    trainer(EpochalLogger()).fit(Tiny(), loader(), ckpt_path=checkpoint)
    assert not runs.exists()
    assert only_run(tmp_path / "elsewhere").history("train_loss_step").steps.tolist() == list(range(12))


def test_checkpoints_without_a_position_are_nobodys(runs: Path, tmp_path: Path) -> None:
    fit(EpochalLogger(mode="disabled"), tmp_path / "ckpt", stop=9)
    assert position_in(newest(tmp_path / "ckpt")) is None
    fit(EpochalLogger(), tmp_path / "more", ckpt_path=newest(tmp_path / "ckpt"))
    assert only_run(runs).history("train_loss_step").steps.tolist() == list(range(8, 12))


def test_reading_a_position_runs_no_code_of_the_checkpoint(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "evil"),)

    path = tmp_path / "bad.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"hyper_parameters": Evil(), "epochal": {"run": "r"}}))
    assert position_in(path) == {"run": "r"}
    assert not (tmp_path / "evil").exists()
    for broken in (b"", b"no archive", path.read_bytes()[:60]):
        path.write_bytes(broken)
        assert position_in(path) is None
    assert position_in(tmp_path / "absent.ckpt") is None


def test_a_fit_by_a_fresh_trainer_goes_on_behind_the_one_before(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    first = fit(logger, tmp_path / "a").points
    second = fit(logger, tmp_path / "b").points
    run = only_run(runs)
    assert points(run, "train_loss_step") == {
        **first["train_loss_step"],
        **{step + 12: value for step, value in second["train_loss_step"].items()},
    }
    for name in ("val_loss", "train_loss_epoch"):
        assert list(points(run, name)) == [3, 7, 11, 15, 19, 23], name
    assert [each.step for each in run.checkpoints()] == [4, 8, 12, 16, 20, 24]
    assert ["from step 12 on" in notice.text for notice in run.notices if notice.code == "steps"] == [True]


def test_what_went_on_behind_another_fit_is_resumed_there(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    fit(logger, tmp_path / "a")
    fit(logger, tmp_path / "b", stop=9)
    logger.finish()
    again = EpochalLogger()
    second = fit(again, tmp_path / "c", ckpt_path=newest(tmp_path / "b")).points
    third = fit(again, tmp_path / "d").points
    run = only_run(runs)
    steps = points(run, "train_loss_step")
    assert list(steps) == list(range(36))
    assert [steps[step + 12] for step in second["train_loss_step"]] == list(second["train_loss_step"].values())
    assert [steps[step + 24] for step in third["train_loss_step"]] == list(third["train_loss_step"].values())
    assert [each.step for each in run.checkpoints()] == [4, 8, 12, 16, 20, 24, 28, 32, 36]


def test_a_fit_that_goes_back_leaves_the_end_where_it_went(runs: Path, tmp_path: Path) -> None:
    logger = EpochalLogger()
    fit(logger, tmp_path / "a")
    fit(logger, tmp_path / "b")
    early = min((tmp_path / "a").glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    fit(logger, tmp_path / "c", ckpt_path=early, stop=6)
    fit(logger, tmp_path / "d")
    assert list(points(only_run(runs), "train_loss_step")) == list(range(5 + 12))
