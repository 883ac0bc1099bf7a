"""Whatever the framework, a run's settings stand in the same groups under the same words: docs/vocabulary.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.recorded import RecordedRun
from tests.docs.page_blocks import ROOT
from tests.needs import need

need("lightning")
need("keras")
need("transformers")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import epochal_keras  # noqa: E402
import epochal_lightning  # noqa: E402
import epochal_transformers  # noqa: E402
from tests.integrations.keras import tiny as in_keras  # noqa: E402
from tests.integrations.lightning import tiny as in_lightning  # noqa: E402
from tests.integrations.transformers import tiny as in_transformers  # noqa: E402

ODD: dict[str, Any] = {"text": "long " * 2_000, "none": None, "nested": {"deep": [1, 2.5, "x", None]}}


def with_lightning(folder: Path, **opening: Any) -> None:
    logger = epochal_lightning.EpochalLogger(dir=folder, **opening)
    in_lightning.trainer(logger).fit(in_lightning.Tiny(), in_lightning.loader(), in_lightning.loader(9))
    logger.finish()


def with_keras(folder: Path, **opening: Any) -> None:
    callback = epochal_keras.EpochalCallback(dir=folder, **opening)
    in_keras.fit(in_keras.tiny_model(), [callback], validation_data=in_keras.data(9))
    callback.finish()


def with_transformers(folder: Path, **opening: Any) -> None:
    callback = epochal_transformers.EpochalCallback(dir=folder, **opening)
    in_transformers.trainer(folder, [callback]).train()
    callback.finish()


TRAININGS: dict[str, Callable[..., None]] = {
    "lightning": with_lightning,
    "keras": with_keras,
    "transformers": with_transformers,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RecordedRun]]:
    """Return a run of each framework, of three epochs of four steps with batches of four."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EPOCHAL_STRICT", "1")
        patch.setenv("EPOCHAL_QUIET", "1")
        found = {}
        for framework, train in TRAININGS.items():
            folder = tmp_path_factory.mktemp(framework)
            train(folder, config=ODD, vocabulary="common")
            (found[framework],) = epochal.runs(folder)
        yield found


def words() -> list[tuple[str, str]]:
    """Return (group, word) of the page's table, datasets and versions apart."""
    rows = (ROOT / "docs/vocabulary.md").read_text(encoding="utf-8").partition("## Settings")[2]
    lines = re.findall(r"^\| `(\w+)` \| (.*) \|$", rows, re.MULTILINE)
    return [(group, word) for group, cell in lines if group != "datasets" for word in re.findall(r"`(\w+)`", cell)]


@pytest.mark.parametrize("framework", TRAININGS)
@pytest.mark.parametrize(("group", "word"), words())
def test_a_setting_is_where_the_page_says(
    trained: dict[str, RecordedRun], framework: str, group: str, word: str
) -> None:
    assert word in trained[framework].config[group]


@pytest.mark.parametrize("framework", TRAININGS)
def test_what_is_known_to_be_the_same_reads_the_same(trained: dict[str, RecordedRun], framework: str) -> None:
    run = trained[framework]
    assert run.config["trainer"]["framework"] == framework
    assert run.config["trainer"]["epochs"] == 3
    assert run.config["trainer"]["steps"] == 12
    assert run.config["trainer"]["batch_size"] == 4
    assert framework in run.config["environment"]
    assert set(run.datasets) == {"train", "validation"}
    assert {data["coverage"] for data in run.datasets.values()} == {"full"}
    assert {"train/loss", "val/loss", "epoch"} <= set(run.metrics)
    assert run.state == "finished"


@pytest.mark.parametrize("framework", TRAININGS)
def test_long_and_odd_settings_are_kept_whole(trained: dict[str, RecordedRun], framework: str) -> None:
    config = trained[framework].config
    assert {name: config[name] for name in ODD} == ODD


def test_runs_are_found_by_a_setting_whatever_their_framework(trained: dict[str, RecordedRun]) -> None:
    for framework, run in trained.items():
        where = f'config.trainer.framework == "{framework}" and config.trainer.epochs == 3'
        (found,) = epochal.runs(run.path.parent.parent, where=where)
        assert found.id == run.id


def test_the_same_data_has_the_same_hash_in_every_framework() -> None:
    inputs, targets = np.arange(12, dtype="float32").reshape(4, 3), np.arange(4)
    tensors = TensorDataset(torch.tensor(inputs), torch.tensor(targets))
    given = ([inputs, targets], (inputs, targets), tensors, DataLoader(tensors), [torch.tensor(inputs), targets])
    assert len({epochal.fingerprint(data)["sha256"] for data in given}) == 1
