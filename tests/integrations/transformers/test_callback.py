"""What Hugging Face's Trainer does with a callback, beyond what every adapter must get right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import (  # noqa: E402
    AtStep,
    Sentences,
    Trainer,
    TrainerCallback,
    arguments,
    tiny_model,
    trainer,
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def points(run: Any, name: str) -> dict[int, float]:
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def logged(made: Trainer) -> dict[str, dict[int, float]]:
    """Return all that the Trainer keeps of what it logged."""
    found: dict[str, dict[int, float]] = {}
    for row in made.state.log_history:
        for name, value in row.items():
            if name != "step":
                found.setdefault(name, {})[row["step"]] = value
    return found


def test_everything_that_is_logged_is_recorded_once(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback()], gradient_accumulation_steps=2, logging_steps=1)
    made.train()
    run = only_run(runs)
    ours = {"samples_per_second", "steps_per_second"}
    assert {name: points(run, name) for name in set(run.metrics) - ours} == logged(made)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4, 5, 6]
    for name in ("eval_loss", "train_loss", "total_flos"):
        assert len(run.history(name, duplicates=True)) == len(run.history(name))


def test_what_another_callback_takes_out_of_the_shared_dict_is_recorded(runs: Path, tmp_path: Path) -> None:
    class Taker(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            logs.pop("total_flos", None)

    made = trainer(tmp_path, [Taker(), EpochalCallback()])
    made.train()
    assert points(only_run(runs), "total_flos") == {12: made.state.total_flos}


def test_evaluate_and_predict_after_training_go_into_its_run(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback()], eval_strategy="no")
    made.train()
    evaluated = made.evaluate()
    other = made.evaluate(Sentences(8), metric_key_prefix="val")
    predicted = made.predict(Sentences(7)).metrics
    run = only_run(runs)
    for metrics, name in ((evaluated, "eval_loss"), (other, "val_loss"), (predicted, "test_loss")):
        assert points(run, name) == {12: metrics[name]}
    assert set(run.datasets) == {"train", "validation", "val", "test"}
    assert len({each["sha256"] for each in run.datasets.values()}) == 4


def test_several_evaluation_sets_are_kept_apart(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback()], evaluation={"old": Sentences(8, 4), "new": Sentences(9, 8)})
    made.train()
    run = only_run(runs)
    assert run.history("eval_old_loss").steps.tolist() == run.history("eval_new_loss").steps.tolist() == [4, 8, 12]
    assert {name: each["rows"] for name, each in run.datasets.items() if name != "train"} == {
        "validation/old": 4,
        "validation/new": 8,
    }


def test_an_evaluation_alone_is_a_run(runs: Path, tmp_path: Path) -> None:
    trainer(tmp_path, [EpochalCallback()]).evaluate()
    run = only_run(runs)
    assert run.history("eval_loss").steps.tolist() == [0]
    assert run.config["model"]["class"] == "GPT2LMHeadModel"


def test_another_training_is_another_run_but_in_a_given_one(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    made = trainer(tmp_path, [callback], num_train_epochs=1)
    made.train()
    made.train()
    callback.finish()
    assert [run.state for run in epochal.runs(runs)] == ["finished", "finished"]
    assert [run.history("loss").steps.tolist() for run in epochal.runs(runs)] == [[1, 2, 3, 4]] * 2
    with epochal.init(dir=tmp_path / "given") as run:
        made = trainer(tmp_path, [EpochalCallback(run)], num_train_epochs=1)
        made.train()
        made.train()
    assert only_run(tmp_path / "given").history("loss").steps.tolist() == [1, 2, 3, 4]


def test_each_trial_of_a_search_is_a_run_of_one_group(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what optuna and Ray do, less their packages
    for module in ("transformers.integrations", "transformers.trainer"):
        monkeypatch.setattr(f"{module}.hp_params", dict, raising=False)
    made = trainer(tmp_path, [EpochalCallback(tags=["searched"])], num_train_epochs=1)
    for rate in (0.1, 0.2):
        made.train(trial={"learning_rate": rate})
    found = {run.config["learning_rate"]: run for run in epochal.runs(runs)}
    assert set(found) == {0.1, 0.2}
    assert len({run.group for run in found.values()}) == 1
    assert found[0.1].group
    assert all(run.tags == ("searched",) for run in found.values())


def test_the_config_tells_arguments_model_optimizer_and_hides_tokens(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback(config={"lr": 3})], run_name="my run", hub_token="hf_" + "a1B2" * 9)
    made.train()
    run = only_run(runs)
    assert run.name == "my run"
    assert run.config["lr"] == 3
    assert run.config["trainer"]["per_device_train_batch_size"] == 4
    assert run.config["trainer"]["framework"] == "transformers"
    assert run.config["model"]["config"]["n_embd"] == 8
    assert run.config["model"]["parameters"] == sum(each.numel() for each in made.model.parameters())
    assert run.config["optimizer"]["class"] == "AdamW"
    assert run.config["optimizer"]["scheduler"] == "LambdaLR"
    assert run.config["environment"]["torch"] == str(torch.__version__)
    assert "a1B2" not in json.dumps(run.config)


def test_a_model_that_is_none_of_theirs_is_recorded(runs: Path, tmp_path: Path) -> None:
    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(8, 1)

        def forward(self, input_ids: Any, labels: Any) -> Any:
            return {"loss": self.layer(input_ids.float()).mean()}

    args = arguments(tmp_path, num_train_epochs=1, eval_strategy="no", save_strategy="no")
    Trainer(model=Plain(), args=args, train_dataset=Sentences(), callbacks=[EpochalCallback()]).train()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4]
    assert run.config["model"]["parameters"] == 9


def test_other_processes_than_the_first_record_nothing(runs: Path, tmp_path: Path) -> None:
    class Second(Trainer):
        def is_world_process_zero(self) -> bool:
            return False

    Second(
        model=tiny_model(),
        args=arguments(tmp_path),
        train_dataset=Sentences(),
        eval_dataset=Sentences(9),
        callbacks=[EpochalCallback()],
    ).train()
    assert not runs.exists()


def test_an_evaluation_after_finish_goes_on_with_the_run(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback(name="mine")
    made = trainer(tmp_path, [callback], num_train_epochs=1, eval_strategy="no")
    made.train()
    callback.finish()
    made.evaluate()
    run = only_run(runs)
    assert run.name == "mine"
    assert run.history("eval_loss").steps.tolist() == [4]


def test_a_finished_run_is_looked_at_without_being_opened_again(runs: Path, tmp_path: Path) -> None:
    callback = EpochalCallback()
    made = trainer(tmp_path, [callback], max_steps=2, eval_strategy="no", save_strategy="no")
    made.train()
    callback.finish()
    found = only_run(runs)
    # the trainer's own: its companion may write its last after it
    written = sorted((found.path / "journal").glob("main-*"))
    assert (callback.run.id, callback.run.name, callback.run.folder) == (found.id, found.name, found.path)
    assert callback.run.summary["loss"] == made.state.log_history[1]["loss"]
    assert sorted((found.path / "journal").glob("main-*")) == written
    assert only_run(runs).state == "finished"


def test_a_loss_that_is_not_finite_is_recorded_when_the_trainer_gives_it(runs: Path, tmp_path: Path) -> None:
    class Diverging(Trainer):
        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            loss = super().compute_loss(*args, **kwargs)
            return loss * float("nan") if self.state.global_step == 1 else loss

    for filtered in (True, False):
        callback = EpochalCallback(name=str(filtered))
        args = arguments(tmp_path, max_steps=2, eval_strategy="no", save_strategy="no", logging_nan_inf_filter=filtered)
        Diverging(model=tiny_model(), args=args, train_dataset=Sentences(), callbacks=[callback]).train()
        callback.finish()
    kept = {run.name: run.history("loss").values for run in epochal.runs(runs)}
    assert not np.isnan(kept["True"]).any()
    assert np.isnan(kept["False"]).tolist() == [False, True]


@pytest.mark.parametrize("then", ["finish", "evaluate", "train"])
def test_a_training_that_was_left_by_an_exception_is_noticed(runs: Path, tmp_path: Path, then: str) -> None:
    bad = [True]

    def stop(step: int) -> None:
        if bad.pop() if bad else False:
            raise ArithmeticError

    callback = EpochalCallback()
    settings = {"max_steps": 2, "eval_strategy": "no", "save_strategy": "no"}
    made = trainer(tmp_path, [callback, AtStep(stop)], **settings)
    with pytest.raises(ArithmeticError):
        made.train()
    if then != "finish":
        getattr(made, then)()
    callback.finish()
    assert ["did not come to its end" in str(notice) for notice in only_run(runs).notices] == [True]


def test_an_evaluation_after_a_training_that_raised_goes_into_its_run(runs: Path, tmp_path: Path) -> None:
    def stop(step: int) -> None:
        if step == 3:
            raise ArithmeticError

    made = trainer(tmp_path, [EpochalCallback(), AtStep(stop)], eval_strategy="no")
    with pytest.raises(ArithmeticError):
        made.train()
    made.evaluate()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2]
    assert run.history("eval_loss").steps.tolist() == [3]


def test_a_trial_that_raised_is_a_failed_run_of_the_search(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("transformers.integrations", "transformers.trainer"):
        monkeypatch.setattr(f"{module}.hp_params", dict, raising=False)
    bad = [True]

    def stop(step: int) -> None:
        if bad.pop() if bad else False:
            raise ArithmeticError

    callback = EpochalCallback()
    made = trainer(tmp_path, [callback, AtStep(stop)], num_train_epochs=1, eval_strategy="no")
    with pytest.raises(ArithmeticError):
        made.train(trial={"learning_rate": 0.1})
    made.train(trial={"learning_rate": 0.2})
    callback.finish()
    assert {run.config["learning_rate"]: run.state for run in epochal.runs(runs)} == {0.1: "failed", 0.2: "finished"}


def test_a_search_of_optuna_makes_a_run_for_each_trial(runs: Path, tmp_path: Path) -> None:
    optuna = need("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    callback = EpochalCallback()
    made = trainer(tmp_path, [callback], max_steps=2, eval_strategy="no", save_strategy="no")
    made.model_init = lambda trial=None: tiny_model()
    best = made.hyperparameter_search(
        lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2)},
        compute_objective=lambda metrics: metrics["eval_loss"],
        n_trials=2,
        direction="minimize",
        backend="optuna",
    )
    callback.finish()
    found = list(epochal.runs(runs))
    assert len(found) == len({run.config["learning_rate"] for run in found}) == 2
    assert best.hyperparameters["learning_rate"] in {run.config["learning_rate"] for run in found}
    assert len({run.group for run in found}) == 1
    assert {run.state for run in found} == {"finished"}
    assert all(run.history("loss").steps.tolist() == [1, 2] for run in found)
