"""What is the recorder's own: the model in its checkpoint, a `Bunch` as a dataset, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier
from sklearn.utils import Bunch

import epochal
from epochal_sklearn import EpochalRecorder

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("EPOCHAL_STRICT", "1")
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def test_a_model_comes_back_from_its_checkpoint() -> None:
    iris = load_iris()
    model = SGDClassifier(random_state=1).partial_fit(iris.data, iris.target, classes=[0, 1, 2])
    recorder = EpochalRecorder()
    recorder.begin(model, train=iris)
    recorder.step({"loss": 1.0})
    recorder.save("model.pickle")
    recorder.finish()
    loaded = EpochalRecorder().load("model.pickle")
    assert np.array_equal(loaded.coef_, model.coef_)
    (run,) = epochal.runs()
    assert run.datasets["train"]["kind"] == "sklearn.Bunch"
    assert run.config["model"]["parameters"] == 15
    assert [Path(each.path).name for each in run.checkpoints()] == ["model.pickle"]


def test_a_bunchs_data_makes_its_digest() -> None:
    iris, other = load_iris(), load_iris()
    other.data = other.data + 1
    with epochal.init() as run:
        digests = [run.use_dataset("train", data)["sha256"] for data in (iris, load_iris(), other, Bunch(DESCR="none"))]
    assert digests[0] == digests[1] != digests[2]
    assert digests[3] is None


@pytest.mark.skipif(not README.exists(), reason="the tests are run without the page")
def test_the_example_on_the_page_records_a_finished_run() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(README), "exec"), names)
    recorder = names["recorder"]
    assert isinstance(recorder, EpochalRecorder)
    recorder.finish()
    (run,) = epochal.runs()
    assert run.state == "finished"
    assert run.history("accuracy").values[-1] > 0.8
    assert len(run.history("loss").steps) == 18
