"""Importing what Hugging Face's Trainer leaves behind."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.recorded import RecordedRun

#: As transformers 4.57 writes it, shortened.
STATE: dict[str, Any] = {
    "best_global_step": 4,
    "best_metric": 0.25,
    "best_model_checkpoint": "out/checkpoint-4",
    "epoch": 2.0,
    "eval_steps": 2,
    "global_step": 4,
    "is_hyper_param_search": False,
    "is_local_process_zero": True,
    "is_world_process_zero": True,
    "log_history": [
        {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 5e-05, "loss": 2.5, "step": 1},
        {"epoch": 1.0, "grad_norm": math.nan, "learning_rate": 2.5e-05, "loss": 2.0, "step": 2},
        {"epoch": 1.0, "eval_loss": 0.5, "eval_runtime": 0.1, "eval_samples_per_second": 100.0, "step": 2},
        {"epoch": 2.0, "eval_loss": 0.25, "eval_runtime": 0.1, "eval_samples_per_second": 90.0, "step": 4},
        {"epoch": 2.0, "step": 4, "total_flos": 100000.0, "train_loss": 2.25, "train_runtime": 10.0},
    ],
    "logging_steps": 1,
    "max_steps": 4,
    "num_input_tokens_seen": 0,
    "num_train_epochs": 2,
    "save_steps": 2,
    "stateful_callbacks": {"TrainerControl": {"args": {}, "attributes": {}}},
    "total_flos": 100000.0,
    "train_batch_size": 8,
    "trial_name": None,
    "trial_params": {"learning_rate": 5e-05},
}


def write(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({**STATE, **changes}))
    return path


def test_the_log_becomes_metrics_under_the_trainers_names(tmp_path: Path) -> None:
    write(tmp_path / "out")
    report = epochal.import_runs(tmp_path / "out")
    assert report.format == "trainer-state"
    (taken,) = report.runs
    run = RecordedRun(taken.path)
    assert run.name == "out"
    assert run.history("loss").steps.tolist() == [1, 2]
    assert run.history("eval_loss").values.tolist() == [0.5, 0.25]
    assert run.history("eval_loss", x="epoch").x.tolist() == [1.0, 2.0]
    assert run.history("train_runtime").steps.tolist() == [4]
    assert run.config["trainer"]["max_steps"] == 4
    assert run.config["trial_params"] == {"learning_rate": 5e-05}
    assert run.manual_summary["best_metric"] == 0.25
    assert run.manual_summary["best_model_checkpoint"] == "out/checkpoint-4"
    assert run.state == "finished"
    assert taken.left_out == ("stateful_callbacks: the states of callbacks",)


def test_of_several_checkpoints_the_one_that_has_come_furthest_is_taken(tmp_path: Path) -> None:
    log = STATE["log_history"]
    write(tmp_path / "out" / "checkpoint-2", global_step=2, log_history=log[:3])
    taken = epochal.import_runs(tmp_path / "out", format="trainer-state").runs[0]
    run = RecordedRun(taken.path)
    assert run.state == "lost"
    assert "step 2 of 4" in str(run.ending.reason)
    assert run.history("loss").steps.tolist() == [1, 2]
    write(tmp_path / "out" / "checkpoint-4", log_history=log[:4])
    write(tmp_path / "out" / "checkpoint-10", global_step=3, log_history=log[:3])
    again = epochal.import_runs(tmp_path / "out", format="trainer-state").runs[0]
    assert (again.id, again.outcome) == (taken.id, "grown")
    run = RecordedRun(again.path)
    assert run.history("eval_loss", duplicates=True).steps.tolist() == [2, 4]
    assert run.history("loss", duplicates=True).steps.tolist() == [1, 2]
    assert run.state == "finished"
    # a checkpoint, the state itself, and the folder of all trainings name the same run
    for source in (
        tmp_path / "out" / "checkpoint-4",
        tmp_path / "out" / "checkpoint-4" / "trainer_state.json",
        tmp_path,
    ):
        (same,) = epochal.import_runs(source, format="trainer-state").runs
        assert (same.id, same.added) == (taken.id, 0)


def test_a_folder_of_trainings_gives_a_run_for_each(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name)
    (tmp_path / "other").mkdir()
    report = epochal.import_runs(tmp_path)
    assert [run.name for run in report.runs] == ["a", "b"]
    assert len({run.id for run in report.runs}) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"log_history": 5}', "[" * 100_000, "\0\0"])
def test_what_is_no_state_is_reported(text: str, tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(text)
    report = epochal.import_runs(path)
    assert report.runs == []
    assert [source for source, _ in report.skipped] == [path]


def test_entries_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    log = [{"loss": 1.0}, {"step": "x", "loss": 1}, 5, None, {"step": 1, "loss": [1], "note": "x", "lr": None},
           {"step": 2, "loss": {"a": 1}}]  # fmt: skip
    path = write(tmp_path / "out", log_history=log, global_step=2)
    (taken,) = epochal.import_runs(path).runs
    assert RecordedRun(taken.path).metrics == ["loss/a"]
    said = "\n".join(taken.left_out)
    assert "None is no step" in said
    assert "it is no object (2 times)" in said
    assert "loss: values that are no numbers" in said


def test_a_folder_without_a_state_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = epochal.import_runs(tmp_path / "empty", format="trainer-state")
    assert "no trainer_state.json" in report.skipped[0][1]
