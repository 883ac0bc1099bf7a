"""A training of Hugging Face's Trainer that goes on from a checkpoint, and the datasets that one is given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import AtStep, Trainer, reported, trainer  # noqa: E402


class Stopped(Exception):
    """Ends a training as a crash would."""


def stop_at(at: int) -> AtStep:
    """Stop in a step, before the Trainer logs it."""

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


# Going on from a checkpoint


def train_until(tmp_path: Path, stop: int, callback: Any, **more: Any) -> Trainer:
    made = trainer(tmp_path, [callback, stop_at(stop)], **more)
    with pytest.raises(Stopped):
        made.train()
    return made


def test_exactly_the_abandoned_points_are_hidden(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    first = reported(train_until(tmp_path, 11, callback, save_strategy="steps", save_steps=3, save_total_limit=1))
    callback.finish()
    made = trainer(tmp_path, [EpochalCallback()])
    made.train(resume_from_checkpoint=True)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(1, 13))
    second = reported(made)
    for name in first:
        assert points(run, name) == second[name], name
    everything = run.history("loss", abandoned=True, duplicates=True)
    assert len(everything) == len(first["loss"]) + 3


def test_a_checkpoint_that_was_moved_is_found(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    train_until(tmp_path, 7, callback)
    callback.finish()
    shutil.move(tmp_path / "model" / "checkpoint-4", tmp_path / "kept")
    trainer(tmp_path / "new", [EpochalCallback()]).train(resume_from_checkpoint=str(tmp_path / "kept"))
    assert only_run(runs).history("loss").steps.tolist() == list(range(1, 13))


@pytest.mark.parametrize("how", ["callback", "arguments"])
def test_a_run_that_goes_on_keeps_its_name(runs: Path, tmp_path: Path, how: str) -> None:
    callback = EpochalCallback(name="first")
    train_until(tmp_path, 7, callback)
    callback.finish()
    other = {"name": "second"} if how == "callback" else {}
    more = {} if other else {"run_name": "second"}
    trainer(tmp_path, [EpochalCallback(**other)], max_steps=6, **more).train(resume_from_checkpoint=True)
    run = only_run(runs)
    assert run.name == "first"
    assert run.history("loss").steps.tolist() == list(range(1, 7))


def test_the_same_callback_goes_back_in_its_own_run(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    made = train_until(tmp_path, 7, callback)
    made.pop_callback(AtStep)
    made.train(resume_from_checkpoint=True)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(1, 13))
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 14


def test_a_training_that_is_tried_again_from_the_start_hides_the_first_try(runs: Path, tmp_path: Path) -> None:
    # what auto_find_batch_size does when memory runs out
    callback = EpochalCallback()
    made = train_until(tmp_path, 7, callback)
    made.pop_callback(AtStep)
    made.args.num_train_epochs = 1
    made.train()
    assert only_run(runs).history("loss").steps.tolist() == [1, 2, 3, 4]


def test_a_run_that_is_gone_costs_a_warning_and_a_new_run(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    callback = EpochalCallback()
    train_until(tmp_path, 7, callback)
    callback.finish()
    gone = only_run(runs).id
    shutil.rmtree(runs)
    trainer(tmp_path, [EpochalCallback()]).train(resume_from_checkpoint=True)
    run = only_run(runs)
    assert run.id != gone
    assert run.history("loss").steps.tolist() == list(range(5, 13))
    assert any(gone in message for message in caplog.messages)


@pytest.mark.parametrize("damage", ["absent", "broken", "strange"])
def test_a_checkpoint_without_a_position_is_nobodys(runs: Path, tmp_path: Path, damage: str) -> None:
    callback = EpochalCallback(name="first")
    train_until(tmp_path, 7, callback)
    callback.finish()
    file = tmp_path / "model" / "checkpoint-4" / "epochal.json"
    assert json.loads(file.read_text())["position"]["run"] == only_run(runs).id
    file.unlink()
    if damage != "absent":
        file.write_text("{" if damage == "broken" else "[1]")
    trainer(tmp_path, [EpochalCallback(name="second")]).train(resume_from_checkpoint=True)
    assert epochal.get_run("second", dir=runs).history("loss").steps.tolist() == list(range(5, 13))
    assert epochal.get_run("first", dir=runs).history("loss").steps.tolist() == list(range(1, 7))


def checkpoints(run: Any) -> list[Any]:
    """Return the last record of each checkpoint folder: 4.44 writes that of the last step twice, with an evaluation."""
    return list({each.path: each for each in run.checkpoints()}.values())


def test_checkpoints_stand_in_the_record(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback()], load_best_model_at_end=True)
    made.train()
    found = checkpoints(only_run(runs))
    assert [each.step for each in found] == [4, 8, 12]
    assert [Path(each.path).name for each in found] == ["checkpoint-4", "checkpoint-8", "checkpoint-12"]
    assert {each.state for each in found} == {"present"}
    (best,) = (each for each in found if each.best)
    assert best.path == str(Path(made.state.best_model_checkpoint).absolute())
    assert next(iter(best.metrics.values())) == pytest.approx(made.state.best_metric)


def test_only_the_model_may_be_saved_and_old_checkpoints_go(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback()], save_only_model=True, save_total_limit=1)
    made.train()
    assert [path.name for path in (tmp_path / "model").glob("checkpoint-*")] == ["checkpoint-12"]
    assert (tmp_path / "model" / "checkpoint-12" / "epochal.json").is_file()
    found = checkpoints(only_run(runs))
    assert [each.step for each in found] == [4, 8, 12]
    assert found[-1].state == "present"
    assert {each.state for each in found[:-1]}.isdisjoint({"present"})
