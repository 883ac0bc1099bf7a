"""Settings that frameworks leave beside event files become the run's config, and can do no harm."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tests.needs import need

need("tensorboard")
need("yaml")

from epochal_tensorboard._logdir import find_runs  # noqa: E402
from epochal_tensorboard._sidecars import Beside, read_sidecars  # noqa: E402

from .corpus import CORPUS  # noqa: E402
from .log_folders import NAME, write  # noqa: E402


def beside(folder: Path, **files: str) -> Beside:
    """Return what is read beside an event file in a folder, with these files of settings in it."""
    write(folder / NAME)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (run,) = find_runs(folder).runs
    return read_sidecars(run)


@pytest.mark.parametrize("name", ["hparams", "args", "opt"])
def test_settings_of_lightning_and_ultralytics_are_the_config(name: str, tmp_path: Path) -> None:
    text = "lr: 0.1\nlayers: [1, 2]\nmodel: {width: 8, name: null}\n"
    found = beside(tmp_path, **{name: text})
    assert found.config == {"lr": 0.1, "layers": [1, 2], "model": {"width": 8, "name": None}}
    assert found.digests == {f"{name}.yaml": hashlib.sha256(text.encode()).hexdigest()}
    assert found.problems == []


def test_python_objects_in_them_become_plain_values(tmp_path: Path) -> None:
    found = beside(
        tmp_path, hparams="params: !!python/object:argparse.Namespace\n  lr: 0.1\nf: !!python/name:os.system ''\n"
    )
    assert found.config == {"params": {"lr": 0.1}, "f": "name:os.system"}


def test_yolov5_has_its_hyperparameters_in_a_file_of_their_own(tmp_path: Path) -> None:
    found = beside(tmp_path, opt="epochs: 3\nhyp: data/hyp.yaml\n", hyp="lr0: 0.01\n")
    assert found.config == {"epochs": 3, "hyp": {"lr0": 0.01}, "hyp_file": "data/hyp.yaml"}


def test_the_configuration_of_ml_agents_lies_above_its_behaviours(tmp_path: Path) -> None:
    (tmp_path / "configuration.yaml").write_text("behaviors: {Jumper: {trainer_type: ppo}}\n", encoding="utf-8")
    found = beside(tmp_path / "Jumper")
    assert found.config == {"behaviors": {"Jumper": {"trainer_type": "ppo"}}}
    assert list(found.digests) == ["../configuration.yaml"]
    assert beside(tmp_path / "Walker") == Beside()


@pytest.mark.parametrize("text", ["{", "just: [a", "- a list\n", "\0"])
def test_what_lies_above_and_is_none_of_ours_is_not_even_mentioned(text: str, tmp_path: Path) -> None:
    (tmp_path / "configuration.yaml").write_text(text, encoding="utf-8")
    assert beside(tmp_path / "Jumper") == Beside()


def test_a_file_that_cannot_be_read_is_told_and_is_no_error(tmp_path: Path) -> None:
    found = beside(tmp_path, hparams="a: [", args="lr: 1\n")
    assert found.config == {"lr": 1}
    assert list(found.digests) == ["args.yaml"]
    assert found.problems[0].startswith("hparams.yaml: ")


def test_without_pyyaml_the_problem_is_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    found = beside(tmp_path, hparams="lr: 1\n")
    assert found.config == {}
    assert found.digests == {}
    assert "pip install PyYAML" in found.problems[0]


def test_of_what_stands_in_hparams_too_the_file_is_the_better_copy(tmp_path: Path) -> None:
    found = beside(tmp_path, hparams="use: true\nmodel: {width: 8}\nnothing: null\n")
    hparams = {"use": 1, "model/width": 8.0, "nothing": "None", "more": "text", "model/depth": 2}
    assert found.joined(hparams) == {
        "use": True, "model": {"width": 8}, "nothing": None, "more": "text", "model/depth": 2,
    }  # fmt: skip


def test_an_empty_file_is_no_problem(tmp_path: Path) -> None:
    found = beside(tmp_path, hparams="")
    assert found.config == {}
    assert found.problems == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real event files are not here")
def test_the_real_ones_are_all_read() -> None:
    runs = find_runs(CORPUS).runs
    found = {run.folder / name for run in runs for name in read_sidecars(run).digests}
    there = [path for path in CORPUS.rglob("*.yaml") if path.parent in {run.folder for run in runs}]
    assert {path.resolve() for path in found} == {*there, *CORPUS.rglob("configuration.yaml")}
    assert [read_sidecars(run).problems for run in runs if read_sidecars(run).problems] == []
