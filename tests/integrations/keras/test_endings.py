"""How a training may end: early, by an exception that the script catches, or with numbers that are none.

One that ends the script, Ctrl-C and SIGKILL are in the suite that every adapter passes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import data, fail_at, fit, keras, np, points, stop_at, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_after_an_exception_evaluate_and_another_fit_work(runs: Path) -> None:
    """Keras calls no `on_train_end` then, on any backend; the next training tells of it."""
    model, callback = tiny_model(), EpochalCallback()
    with pytest.raises(ValueError, match="meant to fail"):
        fit(model, [callback, fail_at(6)])
    model = tiny_model()  # on JAX the other one may be beyond use
    inputs, targets = data(8)
    model.evaluate(inputs, targets, verbose=0, callbacks=[callback])
    fit(model, [callback], epochs=1)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [4, 8]
    assert run.history("test_loss").steps.tolist() == [4]
    assert [notice.code for notice in run.notices] == ["training"]


def test_what_a_broken_epoch_recorded_is_hidden_by_a_training_that_starts_over(runs: Path) -> None:
    callback = EpochalCallback(log_every=1)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_model(), [callback, fail_at(7, KeyboardInterrupt())])
    fit(tiny_model(), [EpochalCallback(callback.run)], epochs=1)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4, 8]
    assert 7 in run.history("loss", abandoned=True).steps


def test_a_training_that_ends_before_its_last_epoch_says_why(runs: Path) -> None:
    early = keras.callbacks.EarlyStopping(monitor="loss", patience=1, restore_best_weights=True)
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: [0.1, 500.0, 500.0, 500.0][epoch])
    fit(tiny_model(optimizer=keras.optimizers.SGD(0.1)), [rates, EpochalCallback(), early], epochs=4)
    run = only_run(runs)
    (notice,) = run.notices
    assert notice.code == "stopped"
    assert "by EarlyStopping on loss, and the weights of epoch 0 were restored" in notice.text
    assert notice.data["best_epoch"] == 0
    assert len(run.history("loss")) == notice.data["epoch"] + 1 < 4


def test_a_training_that_the_user_stops_is_over(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback(), stop_at(6)])
    run = only_run(runs)
    assert [notice.code for notice in run.notices] == ["stopped"]
    assert run.history("loss").steps.tolist() == [4, 6]


def test_one_that_ends_in_its_last_epoch_says_nothing(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback(), stop_at(12)])
    assert only_run(runs).notices == []


def test_a_loss_that_is_no_number_is_recorded_as_such(runs: Path) -> None:
    inputs, targets = np.full((16, 4), np.nan, "float32"), data()[1]
    callbacks = [keras.callbacks.TerminateOnNaN(), EpochalCallback(log_every=1)]
    tiny_model().fit(inputs, targets, batch_size=4, epochs=2, verbose=0, callbacks=callbacks)
    run = only_run(runs)
    values: dict[int, Any] = points(run, "loss")
    assert values
    assert all(math.isnan(value) for value in values.values())


def test_a_finished_run_is_not_opened_again_for_being_looked_at(runs: Path) -> None:
    callback = EpochalCallback()
    fit(tiny_model(), [callback], epochs=1)
    id = callback.run.id
    callback.finish()
    assert callback.run.id == id
    assert only_run(runs).state == "finished"
