"""What `fit`, `evaluate` and `predict` are given and how it is hashed: stored data alone, nothing is iterated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, data, fit, keras, points, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def sha(*parts: Any) -> Any:
    return epochal.fingerprint(list(parts) if len(parts) > 1 else parts[0])["sha256"]


def test_what_fit_was_given_is_hashed(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback()], epochs=1, validation_data=data(9))
    datasets = only_run(runs).datasets
    assert datasets["train"]["sha256"] == sha(*data())
    assert datasets["validation"]["sha256"] == sha(*data(9))
    assert datasets["train"]["rows"] == 16


def test_weights_of_samples_are_hashed_with_them(runs: Path) -> None:
    weights = data()[0][:, 0]
    fit(tiny_model(), [EpochalCallback()], epochs=1, sample_weight=weights)
    run = only_run(runs)
    assert run.datasets["train"]["sha256"] == sha(*data(), weights)
    assert run.config["trainer"]["sample_weight"] is True


def test_a_validation_split_is_two_datasets(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback()], epochs=1, validation_split=0.25)
    run = only_run(runs)
    datasets = run.datasets
    assert (datasets["train"]["rows"], datasets["validation"]["rows"]) == (12, 4)
    assert datasets["validation"]["sha256"] == sha(*(each[12:] for each in data()))
    assert run.config["trainer"]["validation_split"] == 0.25


def test_evaluate_and_predict_have_their_own(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback()
    model.evaluate(*data(3), verbose=0, callbacks=[callback])
    model.predict(data(4)[0], verbose=0, callbacks=[callback])
    datasets = only_run(runs).datasets
    assert set(datasets) == {"test", "predict"}
    assert datasets["test"]["sha256"] == sha(*data(3))
    assert datasets["predict"]["sha256"] == sha(data(4)[0])


def test_named_datasets_stand_for_what_keras_was_given(runs: Path) -> None:
    model, callback = tiny_model(), EpochalCallback(dataset={"mine": data(5)})
    fit(model, [callback], epochs=1)
    model.evaluate(*data(3), verbose=0, callbacks=[callback])
    datasets = only_run(runs).datasets
    assert list(datasets) == ["mine"]
    assert datasets["mine"]["sha256"] == sha(*data(5))


def test_a_backends_own_tensors_are_hashed_as_what_they_hold(runs: Path) -> None:
    inputs, targets = (keras.ops.convert_to_tensor(each) for each in data())
    tiny_model().fit(inputs, targets, batch_size=4, verbose=0, callbacks=[EpochalCallback()])
    found = only_run(runs).datasets["train"]
    assert (found["rows"], found["coverage"]) == (16, "full")
    assert epochal.fingerprint(inputs)["sha256"] == sha(data()[0])


def test_inputs_by_name_and_tables_are_hashed(runs: Path) -> None:
    pandas = need("pandas")
    inputs, targets = data()
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    model = keras.Model(
        {"left": left, "right": right}, keras.layers.Dense(2)(keras.layers.Concatenate()([left, right]))
    )
    model.compile("sgd", "mse")
    given = {"left": inputs[:, :2], "right": inputs[:, 2:]}
    callback = EpochalCallback()
    model.fit(given, inputs[:, :2], verbose=0, callbacks=[callback])
    assert only_run(runs).datasets["train"]["sha256"] == sha(given, inputs[:, :2])
    table = pandas.DataFrame(inputs)
    tiny_model().fit(table, pandas.Series(targets), verbose=0, callbacks=[callback])
    assert only_run(runs).datasets["train"]["sha256"] == sha(table, pandas.Series(targets))


def test_a_fit_of_the_users_own_is_seen_through(runs: Path) -> None:
    class Scaled(keras.Sequential):
        def fit(self, x: Any, y: Any, **more: Any) -> Any:
            return super().fit(x * 2, y, **more)

    model = Scaled([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    inputs, targets = data()
    model.fit(inputs, targets, verbose=0, callbacks=[EpochalCallback()], validation_data=data(9))
    run = only_run(runs)
    assert run.datasets["train"]["sha256"] == sha(inputs * 2, targets)
    assert "test_loss" not in run.metrics


class Stored(keras.utils.PyDataset):
    """Keeps arrays, and refuses to be indexed by anybody but Keras' own."""

    def __init__(self, inputs: Any, targets: Any, *, usable: bool = True) -> None:
        super().__init__()
        self.inputs, self.targets, self.usable = inputs, targets, usable

    def __len__(self) -> int:
        assert self.usable
        return 4

    def __getitem__(self, at: int) -> Any:
        assert self.usable
        return self.inputs[4 * at : 4 * at + 4], self.targets[4 * at : 4 * at + 4]


def test_a_dataset_of_kerass_kind_is_hashed_by_what_it_stores(runs: Path) -> None:
    inputs, targets = data()
    tiny_model().fit(Stored(inputs, targets), verbose=0, callbacks=[EpochalCallback()])
    found = only_run(runs).datasets["train"]
    assert found["sha256"] == epochal.fingerprint(Stored(inputs, targets, usable=False))["sha256"] or found["sha256"]
    changed = epochal.fingerprint(Stored(inputs + 1, targets, usable=False))
    assert found["sha256"] not in (None, changed["sha256"])


def test_a_loader_of_torchs_is_hashed_by_its_dataset(runs: Path) -> None:
    torch = need("torch") if BACKEND == "torch" else None
    if torch is None:
        pytest.skip("torch's DataLoader, on its own backend")
    stored = torch.utils.data.TensorDataset(*(torch.from_numpy(each) for each in data()))
    loader = torch.utils.data.DataLoader(stored, batch_size=4)
    tiny_model().fit(loader, verbose=0, callbacks=[EpochalCallback()])
    run = only_run(runs)
    assert run.datasets["train"]["sha256"] == sha(stored)
    assert run.datasets["train"]["rows"] == 16
    assert run.config["trainer"]["batch_size"] == 4


def test_a_generator_of_unknown_length_is_recorded_and_not_used_up(runs: Path) -> None:
    def batches() -> Any:
        inputs, targets = data()
        for at in range(0, 16, 4):
            yield inputs[at : at + 4], targets[at : at + 4]

    trained: list[int] = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: trained.append(batch))
    tiny_model().fit(batches(), epochs=1, verbose=0, callbacks=[count])
    alone = len(trained)  # 4, or 3 where Keras itself takes one to build the model
    model = tiny_model()
    model.fit(batches(), epochs=1, verbose=0, callbacks=[count, EpochalCallback(log_every=1)])
    assert len(trained) == 2 * alone
    run = only_run(runs)
    counted = int(
        keras.ops.convert_to_numpy(model.optimizer.iterations.value)
    )  # TensorFlow counts the attempt at a 5th
    assert run.history("loss").steps.tolist() == sorted({*range(1, alone + 1), counted})
    assert run.datasets["train"]["coverage"] == "none"
    assert "EpochalCallback(dataset={'train': …}) takes them" in run.datasets["train"]["why"]


def test_objects_that_were_hashed_are_not_hashed_for_each_of_many_calls(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    use = epochal.Run.use_dataset
    monkeypatch.setattr(
        epochal.Run, "use_dataset", lambda run, name, *a, **k: hashed.append(name) or use(run, name, *a, **k)
    )
    inputs, targets = data()
    model, callback = tiny_model(), EpochalCallback()
    for _ in range(3):
        model.fit(inputs, targets, verbose=0, callbacks=[callback])
        model.evaluate(inputs, targets, verbose=0, callbacks=[callback])
    model.fit(inputs + 1, targets, verbose=0, callbacks=[callback])
    assert hashed == ["train", "test", "train"]
    assert only_run(runs).datasets["train"]["sha256"] == sha(inputs + 1, targets)


def test_a_keras_variable_can_be_logged(runs: Path) -> None:
    with epochal.init() as run:
        run.log({"a": keras.Variable(1.5), "b": keras.ops.sum(keras.ops.ones(3))})
    assert {name: only_run(runs).history(name).values[0] for name in "ab"} == {"a": 1.5, "b": 3.0}
    assert list(points(only_run(runs), "a")) == [0]
