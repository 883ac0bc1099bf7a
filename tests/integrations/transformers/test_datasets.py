"""How datasets of Hugging Face's library are hashed: by content, beside the library's own fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import Sentences, trainer  # noqa: E402

datasets = need("datasets")


def rows() -> Any:
    return datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, 2]})


def sha256(data: Any) -> str:
    found = epochal.fingerprint(data)
    assert found["coverage"] == "full"
    return str(found["sha256"])


def test_the_digest_is_of_the_content_and_the_librarys_fingerprint_stands_beside_it(tmp_path: Path) -> None:
    whole = rows()
    found = epochal.fingerprint(whole)
    assert (found["kind"], found["rows"], found["coverage"]) == ("datasets.Dataset", 3, "full")
    assert found["datasets_fingerprint"] == whole._fingerprint
    assert found["columns"] == ["text", "label"]
    assert "format" not in found
    whole.save_to_disk(tmp_path / "saved")
    assert sha256(datasets.load_from_disk(tmp_path / "saved")) == found["sha256"]


def test_equal_rows_have_equal_digests_however_they_came_about() -> None:
    whole = rows()
    first = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    assert sha256(whole.select(range(2))) == sha256(first)
    last = datasets.Dataset.from_dict({"text": ["c"], "label": [2]})
    assert sha256(datasets.concatenate_datasets([first, last])) == sha256(whole)
    others = [whole.select([2, 0]), whole.shuffle(seed=0), whole.map(lambda row: {"label": row["label"] + 1}), first]
    assert len({sha256(each) for each in (whole, *others)}) == 5


def test_what_is_done_at_reading_is_named_beside_the_digest() -> None:
    def upper(batch: Any) -> Any:
        raise AssertionError("a user's dataset is read by no one but the user")

    whole = rows()
    found = epochal.fingerprint(whole.with_format("numpy"))
    assert (found["format"], found["sha256"]) == ("numpy", sha256(whole))
    found = epochal.fingerprint(whole.with_transform(upper))
    assert found["format"] == "custom"
    assert found["transform"].endswith("upper")
    assert found["sha256"] == sha256(whole)


def test_a_dict_of_splits_has_one_digest() -> None:
    one = datasets.DatasetDict(train=rows(), test=rows().select([0]))
    other = datasets.DatasetDict(train=rows(), test=rows().select([1]))
    assert sha256(one) != sha256(other)


def test_a_stream_is_named_and_never_iterated() -> None:
    def endless() -> Any:
        raise AssertionError("iterated")
        yield {}

    stream = datasets.IterableDataset.from_generator(endless, features=datasets.Features(a=datasets.Value("int64")))
    found = epochal.fingerprint(stream)
    assert (found["kind"], found["sha256"], found["coverage"]) == ("datasets.IterableDataset", None, "none")
    assert found["columns"] == ["a"]


def test_a_training_names_the_dataset_that_the_user_gave(tmp_path: Path) -> None:
    tokens = Sentences().tokens.tolist()
    given = datasets.Dataset.from_dict({"input_ids": tokens, "labels": tokens, "unused": list(range(16))})
    trainer(tmp_path, [EpochalCallback()], train=given, max_steps=1, eval_strategy="no", save_strategy="no").train()
    train = only_run(tmp_path / "epochal-runs").datasets["train"]
    assert train["sha256"] == sha256(given)
    assert train["datasets_fingerprint"] == given._fingerprint


def test_a_training_on_a_stream_or_a_list_of_dicts_is_recorded(tmp_path: Path) -> None:
    pieces = [{"input_ids": row, "labels": row} for row in Sentences().tokens.tolist()]
    stream = datasets.Dataset.from_list(pieces).to_iterable_dataset()
    for name, given in (("list", pieces), ("stream", stream)):
        callback = EpochalCallback(name=name)
        settings = {"max_steps": 1, "eval_strategy": "no", "save_strategy": "no"}
        trainer(tmp_path, [callback], train=given, **settings).train()
        callback.finish()
    found = {run.name: run.datasets["train"] for run in epochal.runs(tmp_path / "epochal-runs")}
    assert found["list"]["coverage"] == "full"
    assert (found["stream"]["kind"], found["stream"]["coverage"]) == ("datasets.IterableDataset", "none")
