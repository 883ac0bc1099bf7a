"""Batch metrics: none and no hook unless asked for, and right when Keras calls from many threads in any order."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, VERSION, fit, keras, np, points, tiny_model  # noqa: E402

BASE = keras.callbacks.Callback
HOOKS = [name for name in dir(BASE) if "batch" in name]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


class Batches(BASE):
    """Remembers what Keras gives at each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append(float(logs["loss"]))


class OnDevice:
    """A value that notes which threads make a number of it, as one on a device would make them wait."""

    def __init__(self) -> None:
        self.waited: list[threading.Thread] = []

    def __float__(self) -> float:
        self.waited.append(threading.current_thread())
        return 1.0


def hooked(callback: Any) -> list[str]:
    """Return the batch hooks that Keras sees in a callback."""
    return [name for name in HOOKS if getattr(getattr(callback, name), "__func__", None) is not getattr(BASE, name)]


def test_no_batch_hook_is_there_unless_batches_are_asked_for() -> None:
    assert hooked(EpochalCallback()) == []
    asked = EpochalCallback(log_every=1)
    assert hooked(asked) == hooked(pickle.loads(pickle.dumps(asked))) == ["on_train_batch_end"]
    assert hooked(copy.deepcopy(asked)) == ["on_train_batch_end"]


@pytest.mark.parametrize("log_every", [None, 2])
def test_the_training_does_not_wait_for_a_batchs_metrics(runs: Path, log_every: int | None) -> None:
    """Keras converts them for its own callbacks too: beside ours, in no other thread than without."""
    waited = []
    for callbacks in ([], [EpochalCallback(log_every=log_every)]):
        value = OnDevice()
        model = tiny_model()
        around = keras.callbacks.CallbackList(callbacks, add_history=True, model=model, epochs=1, steps=4)
        around.on_train_begin()
        around.on_epoch_begin(0)
        for batch in range(4):
            around.on_train_batch_end(batch, {"loss": value})
        around.on_epoch_end(0, {"loss": 1.0})
        around.on_train_end()
        waited.append(sum(thread is threading.main_thread() for thread in value.waited))
    without, beside = waited
    threaded = BACKEND in ("torch", "jax") and VERSION >= (3, 6)
    assert beside == without or (log_every and not threaded and VERSION < (3, 6))
    if threaded:
        assert beside == 0


@pytest.mark.parametrize("how", ["beside others", "in a list", "alone"])
def test_every_nth_batch_is_recorded_as_keras_gives_it(runs: Path, how: str) -> None:
    callback, batches = EpochalCallback(log_every=2), Batches()
    given = {"beside others": [callback, batches], "in a list": [callback], "alone": callback}
    history = fit(tiny_model(), given[how])
    run = only_run(runs)
    loss = points(run, "loss")
    assert list(loss) == [2, 4, 6, 8, 10, 12]
    assert [loss[step] for step in (4, 8, 12)] == pytest.approx(history.history["loss"], rel=1e-6)
    if how == "beside others":
        assert loss == pytest.approx({step: batches.losses[step - 1] for step in loss}, rel=1e-6)
    assert points(run, "epoch") == {4: 0, 8: 1, 12: 2}


def test_batches_from_many_threads_in_any_order_lose_nothing(runs: Path) -> None:
    callback, model = EpochalCallback(log_every=3), tiny_model()
    callback.set_model(model)
    callback.set_params({"epochs": 1, "steps": 60})
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    order = np.random.default_rng(0).permutation(60).tolist()

    def dispatch(batches: list[int]) -> None:
        for batch in batches:
            callback.on_train_batch_end(batch, logs={"loss": float(batch + 1)})

    threads = [threading.Thread(target=dispatch, args=(order[at::4],)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert points(only_run(runs), "loss") == {step: step for step in range(3, 61, 3)}


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on torch")
@pytest.mark.parametrize("log_every", [1, 2])
def test_of_several_batches_in_one_execution_the_last_ones_step_counts(runs: Path, log_every: int) -> None:
    fit(tiny_model(steps_per_execution=3), [EpochalCallback(log_every=log_every)], epochs=2)
    # Keras calls after batches 2 and 5, although there are only 4
    assert list(points(only_run(runs), "loss")) == [3, 4, 7, 8]


def test_gradient_accumulation_counts_the_optimizers_steps(runs: Path) -> None:
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    fit(tiny_model(optimizer=optimizer), [EpochalCallback(log_every=1)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert run.config["trainer"]["accumulate"] == 2


def test_gradients_that_are_gathered_across_epochs_count_in_the_epoch_that_uses_them(runs: Path) -> None:
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)
    fit(tiny_model(optimizer=optimizer), [EpochalCallback(log_every=1)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4]
    assert points(run, "epoch") == {1: 0, 2: 1, 4: 2}


def test_the_state_that_jax_purges_is_not_touched_within_an_epoch(runs: Path) -> None:
    """Reading the model there raises on JAX, and its `model` would make all state be copied back."""

    class Looks(EpochalCallback):
        @property
        def model(self) -> Any:
            assert not self.within
            return super().model

        within = False

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.within = True

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen = batch
            self.within = False

    callback = Looks(log_every=1)
    fit(tiny_model(), [callback])
    assert len(points(only_run(runs), "loss")) == 12
    assert callback.seen == 3, "a hook of a derived class is called too"


def test_a_value_that_cannot_be_recorded_costs_itself_alone(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EPOCHAL_STRICT")

    class Odd(BASE):
        def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            assert isinstance(logs, dict)
            logs["odd"] = object()

    history = fit(tiny_model(), [Odd(), EpochalCallback()])
    assert list(points(only_run(runs), "loss").values()) == pytest.approx(history.history["loss"])


def test_a_number_of_steps_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(epochal.EpochalError, match="log_every=0"):
        EpochalCallback(log_every=0)
