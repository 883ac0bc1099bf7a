"""What Keras' `fit` is given and how it is hashed, and values of its own kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import data, fit, keras, tiny_model  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_a_generator_of_unknown_length_is_recorded_and_not_used_up(runs: Path) -> None:
    def batches() -> Any:
        inputs, targets = data()
        for at in range(0, 16, 4):
            yield inputs[at : at + 4], targets[at : at + 4]

    tiny_model().fit(batches(), epochs=1, verbose=0, callbacks=[EpochalCallback(log_every=1)])
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [1, 2, 3, 4]
    assert run.datasets["train"]["coverage"] == "none"


def test_what_fit_was_given_is_hashed(runs: Path) -> None:
    inputs, targets = data()
    fit(tiny_model(), [EpochalCallback()], epochs=1, validation_data=data(9))
    datasets = only_run(runs).datasets
    assert datasets["train"]["sha256"] == epochal.fingerprint([inputs, targets])["sha256"]
    assert datasets["validation"]["sha256"] == epochal.fingerprint(list(data(9)))["sha256"]
    assert datasets["train"]["rows"] == 16


def test_a_validation_split_is_two_datasets(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback()], epochs=1, validation_split=0.25)
    datasets = only_run(runs).datasets
    assert (datasets["train"]["rows"], datasets["validation"]["rows"]) == (12, 4)


def test_named_datasets_stand_for_what_fit_was_given(runs: Path) -> None:
    fit(tiny_model(), [EpochalCallback(dataset={"mine": data(5)})], epochs=1)
    datasets = only_run(runs).datasets
    assert list(datasets) == ["mine"]
    assert datasets["mine"]["sha256"] == epochal.fingerprint(list(data(5)))["sha256"]


def test_the_backends_own_arrays_and_datasets_are_hashed() -> None:
    inputs, _ = data()
    array = keras.ops.convert_to_tensor(inputs)
    if keras.config.backend() == "jax":
        assert epochal.fingerprint(array)["sha256"] == epochal.fingerprint(inputs)["sha256"]

    class Given(keras.utils.PyDataset):
        def __init__(self, inputs: Any) -> None:
            super().__init__()
            self.inputs = inputs

        def __len__(self) -> int:
            raise AssertionError

        def __getitem__(self, at: int) -> Any:
            raise AssertionError

    found = epochal.fingerprint(Given(inputs))
    assert found["sha256"] not in (None, epochal.fingerprint(Given(inputs + 1))["sha256"])


def test_a_keras_variable_can_be_logged(runs: Path) -> None:
    with epochal.init() as run:
        run.log({"a": keras.Variable(1.5), "b": keras.ops.sum(keras.ops.ones(3))})
    assert {name: only_run(runs).history(name).values[0] for name in "ab"} == {"a": 1.5, "b": 3.0}
