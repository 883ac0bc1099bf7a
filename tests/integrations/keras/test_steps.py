"""Where metrics stand: several fits, fits that go back, evaluations, and models that count otherwise."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, data, fit, keras, np, points, stop_at, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


class Plays(keras.Model):
    """A model that trains by something else than the optimizer it was compiled with, as a GAN does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = keras.layers.Dense(1)
        self.generator_optimizer = keras.optimizers.Adam(0.25)

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs)

    def train_step(self, *args: Any) -> Any:
        return ({"loss": 1.0}, args[0]) if BACKEND == "jax" else {"loss": 1.0}


def test_further_fits_go_on_behind_each_other(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    losses = fit(model, [callback]).history["loss"]
    losses += fit(model, [callback], initial_epoch=3, epochs=4).history["loss"]
    model.compile(optimizer="sgd", loss=model.loss)  # its count of steps begins anew
    losses += fit(model, [callback], epochs=1).history["loss"]
    run = only_run(runs)
    assert points(run, "loss") == dict(zip((4, 8, 12, 16, 20), losses, strict=True))
    assert list(points(run, "epoch").values()) == [0, 1, 2, 3, 0]


def test_a_fit_after_finish_goes_on_in_the_same_run(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    fit(model, [callback], epochs=1)
    callback.finish()
    fit(model, [callback], epochs=1)
    callback.finish()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [4, 8]
    assert run.state == "finished"


def test_callbacks_with_one_run_go_on_behind_each_other(runs: Path) -> None:
    """The folds of a cross-validation, say, each with a model and a callback of its own."""
    with epochal.init() as run:
        one, two = (fit(tiny_model(), [EpochalCallback(run)], epochs=2).history["loss"] for _ in range(2))
    assert points(only_run(runs), "loss") == dict(zip((4, 8, 12, 16), one + two, strict=True))


def test_models_in_turn_with_one_callback_hide_nothing_of_each_other(runs: Path) -> None:
    one, two, callback = tiny_model(), tiny_model(), EpochalCallback()
    fit(one, [callback], epochs=2)
    fit(two, [callback], epochs=2)
    fit(one, [callback], initial_epoch=2, epochs=3)
    fit(two, [callback], initial_epoch=1, epochs=2)  # epochs may be called what they like: it goes on
    run = only_run(runs)
    assert run.history("loss", abandoned=True).steps.tolist() == [4, 8, 12, 16, 20, 24]
    assert run.history("loss").steps.tolist() == [4, 8, 12, 16, 20, 24]


def test_a_fit_that_goes_back_hides_what_came_after(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    kept: dict[int, Any] = {}
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.update({epoch: _state(model)}))
    first = fit(model, [callback, keep]).history["loss"]
    _restore(model, kept[1])
    second = fit(model, [callback], initial_epoch=2, epochs=4).history["loss"]
    assert second[0] == pytest.approx(first[2])
    run = only_run(runs)
    assert points(run, "loss") == {4: first[0], 8: first[1], 12: second[0], 16: second[1]}
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 5


@pytest.mark.parametrize("named", [{}, {"prefix": "mine/"}, {"vocabulary": "common"}])
def test_a_new_process_that_restores_weights_alone_does_not_record_over_earlier_steps(
    runs: Path, named: dict[str, Any]
) -> None:
    callback = EpochalCallback(id="mine", **named)
    first = fit(tiny_model(), [callback], epochs=2).history["loss"]
    callback.finish()
    second = fit(tiny_model(), [EpochalCallback(id="mine", resume="must", **named)], initial_epoch=1).history["loss"]
    name = {"": "loss", "mine/": "mine/loss"}.get(named.get("prefix", ""), "") if "vocabulary" not in named else ""
    assert points(only_run(runs), name or "train/loss") == {4: first[0], 8: second[0], 12: second[1]}


def test_a_metric_that_is_called_epoch_stays_the_users_and_a_fit_goes_on_all_the_same(runs: Path) -> None:
    def epoch(wanted: Any, given: Any) -> Any:
        return keras.ops.mean(given) * 0 + 7

    callback = EpochalCallback(id="mine")
    fit(tiny_model(metrics=[epoch]), [callback], epochs=2)
    callback.finish()
    fit(tiny_model(metrics=[epoch]), [EpochalCallback(id="mine", resume="must")], epochs=3, initial_epoch=1)
    run = only_run(runs)
    assert points(run, "epoch") == {4: 7, 8: 7, 12: 7}
    assert points(run, "keras_epoch") == {4: 0, 8: 1, 12: 2}
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 4


def test_a_new_process_that_starts_over_hides_all_of_the_first(runs: Path) -> None:
    for resume in ("never", "must"):
        callback = EpochalCallback(id="mine", resume=resume, log_every=1)
        fit(tiny_model(), [callback, stop_at(10 if resume == "never" else 6)])
        callback.finish()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(1, 7))
    assert max(run.history("loss", abandoned=True).steps) == 10


def test_a_pretrained_optimizers_count_goes_on(runs: Path) -> None:
    fit(tiny_model(iterations=100), [EpochalCallback()], epochs=1)
    assert only_run(runs).history("loss").steps.tolist() == [104]


def test_a_standalone_evaluate_goes_into_the_run(runs: Path) -> None:
    """It has no epoch, and gives the callback other `params`; the one within `fit` is the epoch's affair."""
    model, callback = tiny_model(), EpochalCallback()
    history = fit(model, [callback], validation_data=data(9))
    inputs, targets = data(8)
    found = model.evaluate(inputs, targets, verbose=0, return_dict=True, callbacks=[callback])
    assert callback.params["epochs"] == 1
    fit(model, [callback], epochs=1)
    run = only_run(runs)
    assert points(run, "test_loss") == {12: found["loss"]}
    assert list(points(run, "val_loss").values()) == history.history["val_loss"]
    assert run.history("loss").steps.tolist() == [4, 8, 12, 16]
    assert not [name for name in run.metrics if name.startswith("test_val")]


def test_an_evaluate_of_a_callbacks_own_within_fit_is_a_test(runs: Path) -> None:
    callback, (inputs, targets) = EpochalCallback(log_every=1), data(8)

    def test(epoch: int, logs: Any) -> None:
        model.evaluate(inputs, targets, verbose=0, callbacks=[callback])

    model = tiny_model()
    fit(model, [keras.callbacks.LambdaCallback(on_epoch_end=test), callback], validation_data=data(9))
    run = only_run(runs)
    assert run.history("test_loss").steps.tolist() == [4, 8, 12]
    assert run.history("val_loss").steps.tolist() == [4, 8, 12]
    assert run.history("loss").steps.tolist() == list(range(1, 13))
    assert run.config["trainer"]["epochs"] == 3


def test_an_evaluate_alone_is_a_run(runs: Path) -> None:
    inputs, targets = data(8)
    tiny_model().evaluate(inputs, targets, verbose=0, callbacks=[EpochalCallback()])
    run = only_run(runs)
    assert run.history("test_loss").steps.tolist() == [0]
    assert run.config["model"]["parameters"] == 10


def test_an_evaluate_in_a_new_process_stands_where_the_model_was_left(runs: Path) -> None:
    inputs, targets = data(8)
    callback = EpochalCallback(id="mine")
    fit(tiny_model(), [callback], epochs=2)
    callback.finish()
    again = EpochalCallback(id="mine", resume="must")
    tiny_model().evaluate(inputs, targets, verbose=0, callbacks=[again])  # weights alone were loaded
    tiny_model(iterations=4).evaluate(inputs, targets, verbose=0, callbacks=[EpochalCallback(again.run, prefix="a/")])
    run = only_run(runs)
    assert run.history("test_loss").steps.tolist() == [8]
    assert run.history("loss").steps.tolist() == [4, 8]


def test_predict_records_what_it_was_given_and_no_output(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    fit(model, [callback], epochs=1)
    inputs, _ = data(8, rows=10)
    model.predict(inputs, batch_size=4, verbose=0, callbacks=[callback])
    run = only_run(runs)
    predicted = run.datasets["predict"]
    assert (predicted["rows"], predicted["batches"]) == (10, 3)
    assert predicted["sha256"] == epochal.fingerprint(inputs)["sha256"]
    assert sorted(run.metrics) == ["accuracy", "epoch", "learning_rate", "loss"]


def test_a_model_that_steps_other_optimizers_is_counted_in_batches(runs: Path) -> None:
    model = Plays()
    model.compile(loss="mse")
    fit(model, [EpochalCallback(log_every=2)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [2, 4, 6, 8, 10, 12]
    assert set(points(run, "learning_rate/generator_optimizer").values()) == {0.25}
    assert "learning_rate" not in run.metrics, "of a default that the model does not use"
    assert run.config["optimizer"]["generator_optimizer"]["class"] == "Adam"


def test_a_generator_of_unknown_length_is_counted_when_it_has_ended(runs: Path) -> None:
    model = Plays()
    model.compile(loss="mse")
    inputs, targets = data()
    batches = (each for _ in range(2) for each in [(inputs[:4], targets[:4]), (inputs[4:8], targets[4:8])])
    model.fit(batches, steps_per_epoch=2, epochs=2, verbose=0, callbacks=[EpochalCallback()])
    assert only_run(runs).history("loss").steps.tolist() == [2, 4]


def test_a_pickled_callback_carries_no_model(runs: Path) -> None:
    callback = EpochalCallback(log_every=4)
    fit(tiny_model(), [callback], epochs=1)
    again = pickle.loads(pickle.dumps(callback))
    assert again._model is None
    fit(tiny_model(), [again], epochs=1)
    assert only_run(runs).history("loss").steps.tolist() == [4, 8]


def test_a_copy_made_before_training_is_a_run_of_its_own_and_shares_the_data(runs: Path) -> None:
    """A search of hyperparameters copies the callbacks for each of its trials."""
    inputs, targets = data()
    callback = EpochalCallback(dataset={"train": (inputs, targets)})
    trials = [copy.deepcopy(callback) for _ in range(2)]
    assert all(trial._dataset["train"][0] is inputs for trial in trials)
    for trial in trials:
        fit(tiny_model(), [trial], epochs=1)
    assert len(list(epochal.runs(runs))) == 2


def _state(model: Any) -> Any:
    values = [*model.weights, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(each))) for each in values]


def _restore(model: Any, state: Any) -> None:
    for variable, value in zip([*model.weights, *model.optimizer.variables], state, strict=True):
        variable.assign(value)
