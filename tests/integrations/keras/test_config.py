"""What the config says of model, optimizer, compilation and training, in the groups that all frameworks share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, data, fit, keras, points, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_the_config_tells_model_compilation_and_backend(runs: Path) -> None:
    early = keras.callbacks.EarlyStopping(monitor="loss", patience=7)
    fit(tiny_model(), [EpochalCallback(), early], validation_split=0.25, batch_size=3)
    config = only_run(runs).config
    assert config["model"]["class"] == "Sequential"
    assert config["model"]["parameters"] == config["model"]["trainable_parameters"] == 10
    assert config["model"]["bytes"] == 40
    assert "Dense" in config["model"]["summary"]
    trainer = config["trainer"]
    assert (trainer["framework"], trainer["backend"]) == ("keras", BACKEND)
    assert trainer["loss"]["class"] == "SparseCategoricalCrossentropy"
    assert trainer["metrics"] == ["accuracy"]
    assert (trainer["epochs"], trainer["steps"], trainer["batch_size"]) == (3, 12, 3)
    assert trainer["steps_per_epoch"] == 4
    assert (trainer["precision"], trainer["validation_split"]) == ("float32", 0.25)
    assert isinstance(trainer["jit_compile"], bool)
    assert (trainer["run_eagerly"], trainer["steps_per_execution"]) == (False, 1)
    (described,) = [each for each in trainer["callbacks"] if each["class"] == "EarlyStopping"]
    assert (described["monitor"], described["patience"]) == ("loss", 7)
    assert config["environment"]["keras"] == keras.__version__
    assert config["environment"][BACKEND]


@pytest.mark.parametrize("rate", [0.1, 0.01, 1e-4])
def test_a_rate_is_the_number_that_the_user_wrote(runs: Path, rate: float) -> None:
    fit(tiny_model(optimizer=keras.optimizers.AdamW(rate, weight_decay=0.004)), [EpochalCallback()], epochs=1)
    optimizer = only_run(runs).config["optimizer"]
    assert (optimizer["class"], optimizer["learning_rate"], optimizer["weight_decay"]) == ("AdamW", rate, 0.004)


def test_a_schedule_is_described_and_its_rates_recorded(runs: Path) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=4, decay_rate=0.1)
    model, callback = tiny_model(optimizer=keras.optimizers.SGD(schedule)), EpochalCallback()
    for _ in range(2):
        fit(model, [callback], epochs=2)
    run = only_run(runs)
    assert list(points(run, "learning_rate").values()) == pytest.approx([0.05, 0.005, 0.0005, 0.00005])
    optimizer = run.config["optimizer"]
    assert (optimizer["class"], optimizer["learning_rate"]) == ("SGD", 0.5)
    assert (optimizer["scheduler"]["class"], optimizer["scheduler"]["decay_rate"]) == ("ExponentialDecay", 0.1)


def test_a_learning_rate_that_keras_reports_is_taken_from_there(runs: Path) -> None:
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))
    history = fit(tiny_model(), [scheduler, EpochalCallback()])
    assert list(points(only_run(runs), "learning_rate").values()) == pytest.approx(
        [float(each) for each in history.history["learning_rate"]]
    )


def test_a_rate_that_is_a_function_is_called(runs: Path) -> None:
    fit(tiny_model(optimizer=keras.optimizers.SGD(lambda *count: 0.25)), [EpochalCallback()], epochs=1)
    run = only_run(runs)
    assert list(points(run, "learning_rate").values()) == [0.25]
    assert run.config["optimizer"]["learning_rate"] == 0.25


def test_of_an_optimizer_that_scales_the_loss_the_one_within_counts(runs: Path) -> None:
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1), initial_scale=2.0)
    fit(tiny_model(optimizer=scaling), [EpochalCallback(log_every=2)], epochs=2)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [2, 4, 6, 8]
    optimizer = run.config["optimizer"]
    assert (optimizer["class"], optimizer["learning_rate"]) == ("Adam", 0.1)
    assert (optimizer["loss_scale"]["class"], optimizer["loss_scale"]["initial_scale"]) == ("LossScaleOptimizer", 2.0)


def test_what_cannot_be_serialized_costs_itself_alone(runs: Path) -> None:
    class Odd(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return keras.ops.mean(y_pred)

        def get_config(self) -> Any:
            raise NotImplementedError

    fit(tiny_model(loss=Odd(), metrics=None), [EpochalCallback()], epochs=1)
    run = only_run(runs)
    assert run.config["trainer"]["loss"] == "Odd"
    assert run.config["optimizer"]["class"] == "Adam"
    assert run.notices == []


def test_code_is_recorded_by_its_name(runs: Path, recwarn: pytest.WarningsRecorder) -> None:
    def squares(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(y_pred**2)

    fit(
        tiny_model(loss=lambda y_true, y_pred: keras.ops.mean(y_pred), metrics=[squares]), [EpochalCallback()], epochs=1
    )
    trainer = only_run(runs).config["trainer"]
    assert (trainer["loss"], trainer["metrics"]) == ("<lambda>", ["squares"])
    assert [str(each.message) for each in recwarn if "lambda" in str(each.message)] == [], (
        "Keras warns who saves a model"
    )


def test_a_layer_that_is_used_twice_counts_once(runs: Path) -> None:
    layer = keras.layers.Dense(4)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(layer(inputs))))
    layer.trainable = False
    model.compile("sgd", "mse")
    model.predict(data()[0], verbose=0, callbacks=[EpochalCallback()])
    described = only_run(runs).config["model"]
    assert (described["parameters"], described["trainable_parameters"], described["bytes"]) == (30, 10, 120)


def test_a_model_that_data_builds_is_described_when_it_is_built(runs: Path) -> None:
    model = keras.Sequential([keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    inputs = data()[0]
    model.fit(inputs, inputs[:, :2], epochs=1, verbose=0, callbacks=[EpochalCallback()])
    assert only_run(runs).config["model"]["parameters"] == 10


def test_a_model_without_an_optimizer_can_be_evaluated(runs: Path) -> None:
    model = tiny_model(optimizer=None)
    inputs, targets = data()
    model.evaluate(inputs, targets, verbose=0, callbacks=[EpochalCallback()])
    run = only_run(runs)
    assert run.history("test_loss").steps.tolist() == [0]
    assert "optimizer" not in run.config


def test_mixed_precision_is_told(runs: Path) -> None:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(2, dtype="mixed_bfloat16")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", "mse")
    model.dtype_policy = keras.mixed_precision.DTypePolicy("mixed_bfloat16")
    model.fit(data()[0], data()[0][:, :2], epochs=1, verbose=0, callbacks=[EpochalCallback()])
    assert only_run(runs).config["trainer"]["precision"] == "mixed_bfloat16"


def test_what_the_user_has_set_stays(runs: Path) -> None:
    callback = EpochalCallback(config={"model": "mine", "optimizer": {"learning_rate": 7}})
    fit(tiny_model(), [callback], epochs=1)
    config = only_run(runs).config
    assert config["model"] == "mine"
    assert config["model_info"]["parameters"] == 10
    assert (config["optimizer"]["learning_rate"], config["optimizer"]["class"]) == (7, "Adam")
