"""What Keras does with a callback, beyond what every adapter must get right."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from epochal.testing.processes import run_python
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import AtStep, data, fit, keras, np, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def points(run: Any, name: str, **how: Any) -> dict[int, float]:
    history = run.history(name, **how)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


class Batches(keras.callbacks.Callback):
    """Remembers what Keras gives at each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append(logs["loss"])


def test_no_batch_hook_is_there_unless_batches_are_asked_for() -> None:
    base = keras.callbacks.Callback
    hooks = [name for name in dir(base) if "batch" in name]
    assert [name for name in hooks if getattr(EpochalCallback, name) is not getattr(base, name)] == []
    asked = EpochalCallback(log_every=1)
    assert isinstance(asked, EpochalCallback)
    assert [name for name in hooks if getattr(type(asked), name) is not getattr(base, name)] == ["on_train_batch_end"]
    assert type(pickle.loads(pickle.dumps(asked))) is type(asked)


@pytest.mark.parametrize("in_a_list", [True, False])
def test_every_nth_batch_is_recorded_as_keras_gives_it(runs: Path, in_a_list: bool) -> None:
    # callbacks that are not in a list are called from several threads, in any order
    callback, batches = EpochalCallback(log_every=2), Batches()
    history = fit(tiny_model(), [callback, batches] if in_a_list else callback)
    run = only_run(runs)
    loss = points(run, "loss")
    assert list(loss) == [2, 4, 6, 8, 10, 12]
    assert [loss[step] for step in (4, 8, 12)] == history.history["loss"]
    if in_a_list:
        assert loss == {step: batches.losses[step - 1] for step in loss}
    assert points(run, "epoch") == {4: 0, 8: 1, 12: 2}


def test_the_learning_rate_is_recorded_whatever_it_is(runs: Path) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=4, decay_rate=0.1)
    fit(tiny_model(optimizer=keras.optimizers.SGD(schedule)), [EpochalCallback()])
    run = only_run(runs)
    assert list(points(run, "learning_rate").values()) == pytest.approx([0.05, 0.005, 0.0005])
    assert run.config["optimizer"]["class"] == "SGD"
    assert run.config["optimizer"]["learning_rate"]["class"] == "ExponentialDecay"
    assert run.config["optimizer"]["learning_rate"]["decay_rate"] == 0.1


def test_a_learning_rate_that_keras_reports_is_taken_from_there(runs: Path) -> None:
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))
    history = fit(tiny_model(), [scheduler, EpochalCallback()])
    assert list(points(only_run(runs), "learning_rate").values()) == history.history["learning_rate"]


def test_the_config_tells_model_compilation_and_backend(runs: Path) -> None:
    model = tiny_model()
    fit(model, [EpochalCallback()])
    config = only_run(runs).config
    assert config["model"]["class"] == "Sequential"
    assert config["model"]["parameters"] == config["model"]["trainable_parameters"] == 10
    assert "Dense" in config["model"]["summary"]
    assert config["trainer"]["framework"] == "keras"
    assert config["trainer"]["backend"] == keras.config.backend()
    assert config["trainer"]["loss"]["class"] == "SparseCategoricalCrossentropy"
    assert (config["trainer"]["epochs"], config["trainer"]["steps"]) == (3, 4)
    assert config["environment"]["keras"] == keras.__version__
    assert config["environment"][keras.config.backend()]


def test_a_standalone_evaluate_goes_into_the_run(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    history = fit(model, [callback], validation_data=data(9))
    inputs, targets = data(8)
    found = model.evaluate(inputs, targets, verbose=0, return_dict=True, callbacks=[callback])
    model.predict(inputs, verbose=0, callbacks=[callback])
    run = only_run(runs)
    assert points(run, "test_loss") == {12: found["loss"]}
    assert list(points(run, "val_loss").values()) == history.history["val_loss"]
    assert not [name for name in run.metrics if name.startswith("test_val") or "output" in name]


def test_an_evaluate_alone_is_a_run(runs: Path) -> None:
    inputs, targets = data(8)
    tiny_model().evaluate(inputs, targets, verbose=0, callbacks=[EpochalCallback()])
    run = only_run(runs)
    assert run.history("test_loss").steps.tolist() == [0]
    assert run.config["model"]["parameters"] == 10


def test_further_fits_go_on_behind_each_other(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    losses = fit(model, [callback]).history["loss"]
    losses += fit(model, [callback], initial_epoch=3, epochs=4).history["loss"]
    model.compile(optimizer="sgd", loss=model.loss)  # its count of steps begins anew
    losses += fit(model, [callback], epochs=1).history["loss"]
    run = only_run(runs)
    assert points(run, "loss") == dict(zip((4, 8, 12, 16, 20), losses, strict=True))
    assert list(points(run, "epoch").values()) == [0, 1, 2, 3, 0]


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


def test_a_new_process_that_restores_weights_alone_does_not_record_over_earlier_steps(runs: Path) -> None:
    callback = EpochalCallback(id="mine")
    first = fit(tiny_model(), [callback], epochs=2).history["loss"]
    callback.finish()
    second = fit(tiny_model(), [EpochalCallback(id="mine", resume="must")], initial_epoch=1).history["loss"]
    assert points(only_run(runs), "loss") == {4: first[0], 8: second[0], 12: second[1]}


def test_a_new_process_that_starts_over_hides_all_of_the_first(runs: Path) -> None:
    for resume in ("never", "must"):
        callback = EpochalCallback(id="mine", resume=resume, log_every=1)
        fit(tiny_model(), [callback, AtStep(_raise_at(10 if resume == "never" else 6))], epochs=3)
        callback.finish()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(1, 7))
    assert max(run.history("loss", abandoned=True).steps) == 10


def test_after_an_exception_evaluate_and_another_fit_work(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()

    def fail(step: int) -> None:
        if step == 6:
            raise ValueError("meant to fail")

    with pytest.raises(ValueError, match="meant to fail"):
        fit(model, [callback, AtStep(fail)])
    model = tiny_model()  # on JAX the other one is beyond use
    fit(model, [callback], epochs=1)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [4, 8]
    assert "training" in [notice.code for notice in run.notices]


def test_a_model_that_steps_other_optimizers_is_counted_in_batches(runs: Path) -> None:
    class Adversarial(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.layer = keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs)

        def train_step(self, *args: Any) -> Any:
            return ({"loss": 1.0}, args[0]) if keras.config.backend() == "jax" else {"loss": 1.0}

    model = Adversarial()
    model.compile(loss="mse")
    fit(model, [EpochalCallback()])
    assert only_run(runs).history("loss").steps.tolist() == [4, 8, 12]


def test_gradient_accumulation_counts_the_optimizers_steps(runs: Path) -> None:
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    fit(tiny_model(optimizer=optimizer), [EpochalCallback(log_every=1)])
    assert only_run(runs).history("loss").steps.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_pickled_callback_carries_no_model(runs: Path) -> None:
    callback = EpochalCallback()
    fit(tiny_model(), [callback], epochs=1)
    again = pickle.loads(pickle.dumps(callback))
    assert again._model is None
    fit(tiny_model(), [again], epochs=1)
    assert only_run(runs).history("loss").steps.tolist() == [4, 8]


def test_no_framework_comes_along_but_the_chosen_backend(tmp_path: Path) -> None:
    code = (
        "import sys, os; from tests.integrations.keras.tiny import data, tiny_model; "
        "from epochal_keras import EpochalCallback; x, y = data(); "
        "tiny_model().fit(x, y, verbose=0, callbacks=[EpochalCallback()]); "
        "print({'tensorflow', 'torch', 'jax'} & set(sys.modules))"
    )
    others = {"torch", "jax", "tensorflow"} - {keras.config.backend()}
    found = run_python("-c", code)
    assert "tensorflow" not in found or keras.config.backend() == "tensorflow"
    if keras.config.backend() == "jax":
        assert not others & set(found.strip("{}'").split("', '"))


def _raise_at(step_to_stop: int) -> Any:
    def stop(step: int) -> None:
        if step == step_to_stop:
            sys._getframe(1).f_locals["self"].model.stop_training = True

    return stop


def _state(model: Any) -> Any:
    values = [*model.weights, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(each))) for each in values]


def _restore(model: Any, state: Any) -> None:
    for variable, value in zip([*model.weights, *model.optimizer.variables], state, strict=True):
        variable.assign(value)
