"""Which folders `--merge-subruns` takes for parts of another run, as their real writers leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import need

need("tensorboard")

from epochal_tensorboard._identity import identify  # noqa: E402
from epochal_tensorboard._logdir import find_runs  # noqa: E402

from .log_folders import NAME, write  # noqa: E402


def prefixes(logdir: Path) -> dict[str, set[str]]:
    """Return what stands before the tags of each merged run's files."""
    return {run.name: {run.prefix_of(path) for path in run.files} for run in find_runs(logdir, merge=True).runs}


def test_without_merging_every_folder_is_a_run(tmp_path: Path) -> None:
    for part in ("", "train", "validation"):
        write(tmp_path / "fit" / part / NAME, "loss")
    assert [run.name for run in find_runs(tmp_path).runs] == ["fit", "fit/train", "fit/validation"]


def test_train_and_validation_are_parts_of_the_folder_around_them(tmp_path: Path) -> None:
    for folder in ("keras/train", "keras/validation", "estimator", "estimator/eval", "estimator/eval_holdout", "other"):
        write(tmp_path / folder / NAME, "loss")
    assert prefixes(tmp_path) == {
        "keras": {"train/", "validation/"}, "estimator": {"", "eval/", "eval_holdout/"}, "other": {""},
    }  # fmt: skip


def test_the_log_folder_itself_is_no_part_of_anything(tmp_path: Path) -> None:
    write(tmp_path / "train" / NAME, "loss")
    assert prefixes(tmp_path / "train") == {"train": {""}}


def test_files_of_all_parts_stand_in_time_order(tmp_path: Path) -> None:
    for part, time in (("validation", 3), ("train", 1), ("train", 4), ("", 2)):
        write(tmp_path / part / f"events.out.tfevents.{time}.host", "loss")
    (run,) = find_runs(tmp_path, merge=True).runs
    order = ["train/…1.host", "…2.host", "validation/…3.host", "train/…4.host"]
    assert [run.name_of(path).replace("events.out.tfevents.", "…") for path in run.files] == order


def test_a_merged_run_is_another_one_than_its_first_file_gives_alone(tmp_path: Path) -> None:
    write(tmp_path / "train" / NAME, "loss")
    alone, merged = (identify(find_runs(tmp_path, merge=merge).runs[0]) for merge in (False, True))
    assert alone is not None
    assert merged is not None
    assert alone.id != merged.id


def test_it_stays_the_same_run_when_parts_come(tmp_path: Path) -> None:
    write(tmp_path / NAME, "loss")
    before = identify(find_runs(tmp_path, merge=True).runs[0])
    write(tmp_path / "validation" / "events.out.tfevents.1700000009.host", "loss")
    assert identify(find_runs(tmp_path, merge=True).runs[0]) == before


@pytest.mark.parametrize("module", ["torch.utils.tensorboard", "tensorboardX"])
def test_the_folders_of_add_hparams_and_add_scalars_are_parts(module: str, tmp_path: Path) -> None:
    need(module.partition(".")[0])
    writer = need(module).SummaryWriter(str(tmp_path / "run"))
    writer.add_scalar("loss", 1.0, 0)
    writer.add_scalars("train/acc", {"first": 0.5, "second": 0.25}, 0)
    writer.add_hparams({"lr": 0.1}, {"hparam/best": 1.0})
    writer.close()
    assert len(find_runs(tmp_path).runs) == 4
    ((name, found),) = prefixes(tmp_path).items()
    assert name == "run"
    shown = {prefix for prefix in found if not prefix.startswith("1")}
    assert shown in (
        {"", "train_acc_first/", "train_acc_second/"},
        {"", "train/acc/first/", "train/acc/second/"},
    )
    assert len(found) == 4


def test_runs_that_only_lie_below_another_stay_runs(tmp_path: Path) -> None:
    # as in the tutorial of the hparams plugin: the experiment at the top, its sessions below
    write(tmp_path / "tuning" / NAME, "experiment")
    for number in range(3):
        write(tmp_path / "tuning" / f"run-{number}" / NAME, "accuracy")
    write(tmp_path / "tuning" / "run-0" / "train" / NAME, "loss")
    assert prefixes(tmp_path) == {
        "tuning": {""},
        "tuning/run-0": {"", "train/"},
        "tuning/run-1": {""},
        "tuning/run-2": {""},
    }


def test_a_folder_in_which_nothing_is_yet_waits_in_the_run_around_it(tmp_path: Path) -> None:
    write(tmp_path / "run" / NAME, "loss")
    write(tmp_path / "run" / "loss_a" / NAME)
    assert prefixes(tmp_path) == {"run": {"", "loss_a/"}}
    write(tmp_path / "run" / "loss_a" / NAME, "loss")
    assert prefixes(tmp_path) == {"run": {"", "loss_a/"}}
