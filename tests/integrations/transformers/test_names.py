"""Under which names a Trainer's values are recorded: each evaluation set apart, and the common vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from epochal_transformers import EpochalCallback  # noqa: E402
from epochal_transformers._asking import Evaluation  # noqa: E402
from epochal_transformers._vocabulary import TrainerNames, common_name  # noqa: E402
from tests.integrations.transformers.tiny import Sentences, Trainer, trainer  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_the_common_words() -> None:
    names = "loss grad_norm learning_rate epoch eval_loss eval_runtime test_loss train_loss train_runtime mine"
    words = "train/loss grad_norm lr epoch val/loss val/seconds test/loss train/loss_mean train/seconds mine"
    assert [common_name(name) for name in names.split()] == words.split()


def test_where_a_sets_name_ends_is_known_not_guessed() -> None:
    names = TrainerNames("", "common", common_name)
    row = {"eval_a_b_loss": 1.0, "eval_accuracy": 2.0, "epoch": 1}
    names.evaluation = Evaluation("eval_a_b", "eval", "a_b")
    assert set(names.of(row)) == {"val/a_b/loss", "val/a_b/accuracy", "epoch"}
    names.evaluation = Evaluation("eval_a", "eval", "a")
    assert set(names.of(row)) == {"val/a/b_loss", "val/a/accuracy", "epoch"}
    names.evaluation = Evaluation("eval", "eval")
    assert set(names.of(row)) == {"val/a_b_loss", "val/accuracy", "epoch"}


def test_sets_whose_names_begin_alike_are_kept_apart(runs: Path, tmp_path: Path) -> None:
    sets = {"new": Sentences(7, 4), "new_loss": Sentences(8, 8)}
    made = trainer(tmp_path, [EpochalCallback(vocabulary="common")], evaluation=sets, max_steps=4, save_strategy="no")
    made.train()
    made.evaluate({"late": Sentences(6)}, metric_key_prefix="final")
    made.evaluate(Sentences(5), metric_key_prefix="eval_last")
    made.predict(Sentences(3))
    run = only_run(runs)
    assert {name for name in run.metrics if name.endswith("/loss")} == {
        *("train/loss", "val/new/loss", "val/new_loss/loss", "final/late/loss", "eval_last/loss", "test/loss"),
    }
    assert run.history("val/new/loss").steps.tolist() == [4]
    assert {"lr", "grad_norm", "epoch", "train/loss_mean", "train/seconds", "val/new/seconds"} <= set(run.metrics)
    assert run.history("train/loss").steps.tolist() == [1, 2, 3, 4]
    assert run.history("test/loss").steps.tolist() == [4]
    rows = {name: each["rows"] for name, each in run.datasets.items()}
    assert rows == {
        "train": 16,
        "validation/new": 4,
        "validation/new_loss": 8,
        "final/late": 16,
        "eval_last": 16,
        "test": 16,
    }


def test_what_on_evaluate_alone_gives_is_recorded_once(runs: Path, tmp_path: Path) -> None:
    class Judging(Trainer):
        def evaluate(self, *args: Any, **kwargs: Any) -> Any:
            metrics = super().evaluate(*args, **kwargs)
            self.control = self.callback_handler.on_evaluate(
                self.args, self.state, self.control, {"eval_exact": 0.5, **metrics}
            )
            return metrics

    made = Judging(**{name: getattr(trainer(tmp_path, []), name) for name in ("model", "args", "eval_dataset")})
    made.add_callback(EpochalCallback())
    made.evaluate()
    run = only_run(runs)
    assert run.history("eval_exact").values.tolist() == [0.5]


def test_log_every_thins_training_steps_and_nothing_else(runs: Path, tmp_path: Path) -> None:
    made = trainer(tmp_path, [EpochalCallback(log_every=3)], logging_first_step=True, save_strategy="no")
    made.train()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [3, 6, 9, 12]
    assert run.history("learning_rate").steps.tolist() == [3, 6, 9, 12]
    assert run.history("eval_loss").steps.tolist() == [4, 8, 12]
    assert run.history("train_loss").steps.tolist() == [12]


def test_a_log_for_each_epoch_is_recorded_at_its_last_step(runs: Path, tmp_path: Path) -> None:
    trainer(tmp_path, [EpochalCallback()], logging_strategy="epoch", save_strategy="no").train()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [4, 8, 12]
    assert run.history("epoch").values.tolist()[-1] == 3


def test_speeds_are_recorded_beside_each_loss(runs: Path, tmp_path: Path) -> None:
    settings = {"logging_steps": 2, "gradient_accumulation_steps": 2, "include_num_input_tokens_seen": True}
    trainer(tmp_path, [EpochalCallback()], save_strategy="no", **settings).train()
    run = only_run(runs)
    speeds = [run.history(f"{unit}_per_second") for unit in ("steps", "samples", "tokens")]
    assert [each.steps.tolist() for each in speeds] == [[2, 4, 6]] * 3
    steps, samples, tokens = (each.values for each in speeds)
    assert samples / steps == pytest.approx([8, 8, 8])
    assert tokens / samples == pytest.approx([8, 8, 8])
    assert run.history("num_input_tokens_seen").values.tolist()[-1] == 3 * 16 * 8
