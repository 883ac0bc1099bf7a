"""`tf.data` pipelines are hashed by what stands at their source, and say what that does not cover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, data, keras, np, tiny_model  # noqa: E402

if BACKEND != "tensorflow":
    pytest.skip("tf.data, on its own backend", allow_module_level=True)

import tensorflow as tf  # noqa: E402


def slices(seed: int = 0) -> Any:
    return tf.data.Dataset.from_tensor_slices(data(seed))


def of(pipeline: Any) -> Any:
    return epochal.fingerprint(pipeline)


def test_fit_records_a_pipeline_by_its_source(tmp_path: Path) -> None:
    pipeline = slices().shuffle(16).batch(4).prefetch(1)
    tiny_model().fit(pipeline, verbose=0, callbacks=[EpochalCallback()], validation_data=slices(9).batch(4))
    run = only_run(tmp_path / "epochal-runs")
    found = run.datasets["train"]
    assert found["sha256"] == epochal.fingerprint(list(data()))["sha256"]
    assert (found["kind"], found["rows"], found["coverage"]) == ("tf.data.Dataset", 16, "full")
    assert found["cardinality"] == 4
    assert "shape=(None, 4), dtype=tf.float32" in found["element_spec"]
    assert run.datasets["validation"]["sha256"] == epochal.fingerprint(list(data(9)))["sha256"]
    assert run.config["trainer"]["steps"] == 4


def test_what_functions_make_of_it_is_left_out_and_counted() -> None:
    found = of(slices().map(lambda x, y: (x * 2, y)).filter(lambda x, y: y > 0).batch(2))
    assert found["sha256"] == of(slices())["sha256"]
    assert (found["coverage"], found["left_out"]) == ("partial", {"functions": 2})
    assert found["cardinality"] == "unknown"


def test_pipelines_that_are_joined_are_hashed_together() -> None:
    joined = of(slices(0).concatenate(slices(1)))
    assert joined["coverage"] == "full"
    assert joined["sha256"] not in (of(slices(0))["sha256"], of(slices(1).concatenate(slices(0)))["sha256"])
    assert of(tf.data.Dataset.zip((slices(0), slices(1))))["sha256"]


def test_no_function_of_the_users_is_called() -> None:
    calls: list[int] = []

    def count(x: Any) -> Any:
        calls.append(1)
        return x

    pipeline = slices().map(lambda x, y: (tf.py_function(count, [x], tf.float32), y))
    assert of(pipeline)["sha256"]
    assert calls == []


def test_a_generators_data_is_nobodys_to_know() -> None:
    found = of(tf.data.Dataset.from_generator(lambda: iter([1, 2]), output_signature=tf.TensorSpec((), tf.int32)))
    assert (found["sha256"], found["coverage"], found["cardinality"]) == (None, "none", "unknown")
    assert of(tf.data.Dataset.range(5))["coverage"] == "none"


def test_files_are_hashed_as_files(tmp_path: Path) -> None:
    paths = [tmp_path / "a.tfrecord", tmp_path / "b.tfrecord"]
    for path in paths:
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(path.name.encode())
    names = [str(path) for path in paths]
    found = of(tf.data.TFRecordDataset(names).batch(2))
    assert found["sha256"] == epochal.fingerprint(names)["sha256"]
    assert (found["files"], found["coverage"]) == (2, "full")
    listed = tf.data.Dataset.from_tensor_slices(names).interleave(tf.data.TFRecordDataset)
    assert of(listed)["sha256"] == found["sha256"]
    assert of(tf.data.TFRecordDataset(["/nowhere"]))["coverage"] == "none"


def test_a_folder_of_images_is_hashed_by_its_files(tmp_path: Path) -> None:
    def write(label: str, value: int) -> None:
        picture = tf.io.encode_png(np.full((4, 4, 3), value, "uint8"))
        tf.io.write_file(str(tmp_path / "images" / label / "1.png"), picture)

    for label in ("cats", "dogs"):
        write(label, 7)

    def folder() -> Any:
        return keras.utils.image_dataset_from_directory(tmp_path / "images", image_size=(4, 4), verbose=False)

    before = of(folder())
    assert before["sha256"]
    write("cats", 8)
    assert of(folder())["sha256"] != before["sha256"]
