"""Importing the folders of Lightning's CSVLogger."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import epochal
from epochal.exchange.import_report import TakenRun
from epochal.recorded import RecordedRun
from tests.needs import need

#: As Lightning 2.5 writes it: a row for each call, empty where a metric was not logged in it.
METRICS = """epoch,step,train_loss,val_acc,val_loss
0,9,0.9,,
0,19,0.8,,
0,19,,0.5,0.7
1,29,0.6,,
1,39,,0.75,0.5
"""
SETTINGS = """batch_size: 32
lr: 0.001
model:
  layers:
  - 1
  - 2
  act: !!python/object/apply:torch.nn.ReLU []
optimizer: !custom adam
path: !!python/object/apply:pathlib.PosixPath
- data
- train
"""


def write(folder: Path, metrics: str = METRICS, settings: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.csv").write_text(metrics)
    if settings is not None:
        (folder / "hparams.yaml").write_text(settings)
    return folder


def one(source: Path) -> tuple[RecordedRun, TakenRun]:
    report = epochal.import_runs(source)
    assert report.format == "csvlogger"
    assert report.skipped == []
    (taken,) = report.runs
    return RecordedRun(taken.path), taken


def test_sparse_rows_become_points_and_the_epoch_is_an_axis(tmp_path: Path) -> None:
    run, taken = one(write(tmp_path / "lightning_logs" / "version_3"))
    assert run.name == "lightning_logs/version_3"
    assert run.history("train_loss").steps.tolist() == [9, 19, 29]
    assert run.history("val_loss").values.tolist() == [0.7, 0.5]
    assert run.history("val_loss", x="epoch").x.tolist() == [0, 1]
    assert run.history("epoch").values.dtype.kind == "i"
    assert taken.left_out == ()
    assert run.state == "lost"
    assert "does not record how" in str(run.ending.reason)


def test_a_whole_tree_gives_a_run_for_each_version(tmp_path: Path) -> None:
    for name in ("lightning_logs/version_0", "lightning_logs/version_1", "named/version_0"):
        write(tmp_path / "logs" / name)
    (tmp_path / "logs" / "lightning_logs" / "version_2").mkdir()
    report = epochal.import_runs(tmp_path / "logs")
    assert sorted(run.name for run in report.runs) == [
        "lightning_logs/version_0", "lightning_logs/version_1", "named/version_0"
    ]  # fmt: skip
    again = epochal.import_runs(tmp_path / "logs")
    assert {run.outcome for run in again.runs} == {"unchanged"}


def test_a_training_that_goes_on_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    for count in (3, 4, 6):
        write(folder, "".join(METRICS.splitlines(keepends=True)[:count]))
        run, _ = one(folder)
    assert run.history("train_loss", duplicates=True).steps.tolist() == [9, 19, 29]
    # when a new metric comes, Lightning writes the file anew with a further column
    write(folder, METRICS.replace("val_loss\n", "val_loss,f1\n").replace("0.7\n", "0.7,0.1\n"))
    run, _ = one(folder)
    assert run.history("f1").values.tolist() == [0.1]


def test_settings_become_the_config_and_nothing_in_them_is_run(tmp_path: Path) -> None:
    need("yaml")
    run, taken = one(write(tmp_path / "v", settings=SETTINGS))
    assert run.config["batch_size"] == 32
    assert run.config["model"]["layers"] == [1, 2]
    assert run.config["optimizer"] == "adam"
    assert run.config["path"] == ["data", "train"]
    assert taken.left_out == ()


def test_values_that_stand_for_others_by_name_are_read(tmp_path: Path) -> None:
    need("yaml")
    run, _ = one(write(tmp_path / "v", settings="a: &x [1, 2]\nb: *x\nc: &y {lr: 0.1}\nd: {<<: *y, wd: 0}\n"))
    assert run.config == {"a": [1, 2], "b": [1, 2], "c": {"lr": 0.1}, "d": {"lr": 0.1, "wd": 0}}


#: Ten levels, each of which stands ten times in the next.
LAUGHS = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 11))
MERGED_LAUGHS = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 11)
)


@pytest.mark.parametrize(
    "settings",
    ["a: [", "a: &x [*x]\n", LAUGHS, MERGED_LAUGHS, "- 1\n", "\0", "x" * (5 << 20)],
    ids=["broken", "within itself", "aliases that blow up", "merged aliases", "a list", "zeros", "huge"],
)
def test_settings_that_cannot_be_read_are_reported(settings: str, tmp_path: Path) -> None:
    need("yaml")
    run, taken = one(write(tmp_path / "v", settings=settings))
    assert run.config == {}
    assert taken.left_out[0].startswith("hparams.yaml: ")
    assert run.history("val_loss").steps.tolist() == [19, 39]


def test_settings_that_try_to_run_something_do_not(tmp_path: Path) -> None:
    need("yaml")
    marker = tmp_path / "ran"
    run, _ = one(write(tmp_path / "v", settings=f"a: !!python/object/apply:os.system ['touch {marker}']\n"))
    assert not marker.exists()
    assert run.config == {"a": [f"touch {marker}"]}


def test_without_pyyaml_the_settings_are_reported_as_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    run, taken = one(write(tmp_path / "v", settings=SETTINGS))
    assert run.config == {}
    assert "pip install PyYAML" in taken.left_out[0]


def test_a_folder_without_metrics_is_reported_and_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "link").symlink_to(tmp_path / "elsewhere")
    report = epochal.import_runs(tmp_path / "logs", format="csvlogger")
    assert report.runs == []
    assert "no metrics.csv" in report.skipped[0][1]


def test_an_empty_metrics_file_is_reported(tmp_path: Path) -> None:
    report = epochal.import_runs(write(tmp_path / "v", ""), format="csvlogger")
    assert "metrics.csv is empty" in report.skipped[0][1]
