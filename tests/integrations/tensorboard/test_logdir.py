"""Which runs a log folder holds: those that TensorBoard finds, with what it leaves open decided and written down."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.io_wrapper import GetLogdirSubdirectories  # noqa: E402

from epochal_tensorboard._identity import identify  # noqa: E402
from epochal_tensorboard._logdir import Found, find_runs, holds_events  # noqa: E402

from .corpus import CORPUS  # noqa: E402
from .log_folders import NAME, write  # noqa: E402

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4217\n"


def named(found: Found) -> dict[str, list[str]]:
    """Return the files of each run."""
    return {run.name: [run.name_of(path) for path in run.files] for run in found.runs}


def test_each_folder_with_event_files_is_a_run_that_is_called_by_its_path(tmp_path: Path) -> None:
    for folder in ("", "a", "a/deep/er", "b"):
        write(tmp_path / "logs" / folder / NAME)
    (tmp_path / "logs" / "empty").mkdir()
    found = find_runs(tmp_path / "logs")
    assert named(found) == {"logs": [NAME], "a": [NAME], "a/deep/er": [NAME], "b": [NAME]}
    assert {run.folder for run in found.runs} == {
        Path(path) for path in GetLogdirSubdirectories(str(tmp_path / "logs"))
    }
    assert found.problems == []
    assert {run.prefix_of(run.files[0]) for run in found.runs} == {""}
    assert found.runs[0].size == (tmp_path / "logs" / NAME).stat().st_size


def test_the_folder_in_which_one_stands_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "here" / NAME)
    monkeypatch.chdir(tmp_path / "here")
    assert [run.name for run in find_runs(Path()).runs] == ["here"]
    assert [run.name for run in find_runs(Path(NAME)).runs] == ["here"]


@pytest.mark.parametrize(
    "name",
    [
        "events.out.tfevents",  # CatBoost
        "events.out.tfevents.1548797801.omaha",
        "events.out.tfevents.1616760637.host.lan.45184.1",
        "events.out.tfevents.1585754872.host.111180.151.v2",
        "events.out.tfevents.1700000000.host.7.0.my-suffix",
        "model.ckpt.tfevents.1500000000",
    ],
)
def test_event_files_of_every_age_are_found(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    assert [run.files for run in find_runs(tmp_path).runs] == [[tmp_path / name]]
    assert holds_events(tmp_path)
    assert holds_events(tmp_path / name)


def test_what_the_profiler_leaves_is_no_run(tmp_path: Path) -> None:
    write(tmp_path / "a" / f"{NAME}.profile-empty")
    write(tmp_path / "b" / f"{NAME}.profile-empty")
    write(tmp_path / "b" / NAME)
    assert named(find_runs(tmp_path)) == {"b": [NAME]}
    assert not holds_events(tmp_path / "a")


def test_files_without_events_are_files_of_their_run(tmp_path: Path) -> None:
    write(tmp_path / "header" / NAME)
    write(tmp_path / "empty" / NAME, header=False)
    assert named(find_runs(tmp_path)) == {"empty": [NAME], "header": [NAME]}


def test_restarts_stand_in_the_order_of_the_times_in_their_names(tmp_path: Path) -> None:
    names = [
        "events.out.tfevents.999999999.host",
        "events.out.tfevents.1700000000.host.9.v2",
        "events.out.tfevents.1700000000.host.10.v2",
        "events.out.tfevents.1700000001.a",
    ]
    for name in reversed(names):
        write(tmp_path / name)
    assert [path.name for path in find_runs(tmp_path).runs[0].files] == names


def test_a_file_without_a_time_in_its_name_stands_where_its_first_event_belongs(tmp_path: Path) -> None:
    write(tmp_path / "events.out.tfevents", time=1.6e9 + 5)
    write(tmp_path / "events.out.tfevents.1600000004.host")
    write(tmp_path / "events.out.tfevents.1600000006.host")
    files = [path.name for path in find_runs(tmp_path).runs[0].files]
    assert files == [f"events.out.tfevents{end}" for end in (".1600000004.host", "", ".1600000006.host")]


def test_pointers_of_git_lfs_are_reported_and_not_read(tmp_path: Path) -> None:
    write(tmp_path / "a" / NAME)
    for path in (tmp_path / "a" / f"{NAME}.1", tmp_path / NAME):
        path.write_text(POINTER, encoding="utf-8")
    found = find_runs(tmp_path)
    assert named(found) == {"a": [NAME]}
    assert {path for path, _ in found.problems} == {tmp_path / NAME, tmp_path / "a" / f"{NAME}.1"}
    assert all("git lfs pull" in why for _, why in found.problems)
    assert "git lfs pull" in find_runs(tmp_path / NAME).problems[0][1]


def test_what_can_be_reached_without_a_link_is_found_so_and_nothing_is_found_twice(tmp_path: Path) -> None:
    logs, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    write(logs / "real" / NAME)
    write(elsewhere / "run" / NAME, time=1.8e9)
    (logs / "a-link").symlink_to(logs / "real")
    (logs / "b-link").symlink_to(elsewhere)
    (logs / "c-link").symlink_to(elsewhere)
    (logs / "real" / "round").symlink_to(logs)
    (logs / "real" / "itself").symlink_to("itself")
    (logs / "real" / f"{NAME}.latest").symlink_to(logs / "real" / NAME)
    assert named(find_runs(logs)) == {"b-link/run": [NAME], "real": [NAME]}


def test_a_file_behind_a_link_is_read_where_it_is_nowhere_else(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / NAME)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / NAME).symlink_to(outside)
    assert named(find_runs(tmp_path / "logs")) == {"logs": [NAME]}


def test_what_is_no_file_is_reported_and_never_waited_for(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    (tmp_path / f"{NAME}.1").symlink_to("nowhere")
    (tmp_path / f"{NAME}.2").symlink_to(f"{NAME}.2")
    problems = 2
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / f"{NAME}.3")
        problems = 3
    found = find_runs(tmp_path)
    assert named(found) == {tmp_path.name: [NAME]}
    assert len(found.problems) == problems


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs somebody who may not read everything")
def test_what_may_not_be_read_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "a" / NAME)
    write(tmp_path / "b" / NAME).chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    found = find_runs(tmp_path)
    assert named(found) == {"a": [NAME]}
    assert {path for path, _ in found.problems} == {tmp_path / "b" / NAME, tmp_path / "closed"}


def test_one_file_is_the_run_that_its_folder_would_be(tmp_path: Path) -> None:
    path = write(tmp_path / "logs" / NAME)
    write(tmp_path / "logs" / f"{NAME}.1")
    (run,), (around,) = find_runs(path).runs, find_runs(tmp_path / "logs").runs
    assert run.files == [path]
    assert run.name == around.name
    assert identify(run) == identify(around)


def test_a_file_of_any_name_is_read_if_it_begins_as_event_files_do(tmp_path: Path) -> None:
    assert len(find_runs(write(tmp_path / "renamed.bin")).runs) == 1
    (tmp_path / "results.csv").write_text("step,loss\n0,1\n", encoding="utf-8")
    found = find_runs(tmp_path / "results.csv")
    assert found.runs == []
    assert "no event file" in found.problems[0][1]


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    found = find_runs(tmp_path / "gone")
    assert found.runs == []
    assert "cannot be read" in found.problems[0][1]
    assert not holds_events(tmp_path / "gone")


def test_a_folder_can_be_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a" / NAME)
    write(tmp_path / "epochal-runs" / "x" / NAME)
    assert named(find_runs(tmp_path, but=tmp_path / "epochal-runs")) == {"a": [NAME]}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_a_name_that_is_no_text_becomes_some(tmp_path: Path) -> None:
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")) / NAME)
    assert [run.name for run in find_runs(tmp_path).runs] == ["caf\\xe9"]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real event files are not here")
def test_of_real_folders_the_same_runs_are_found_as_tensorboard_finds() -> None:
    repositories = [path for path in CORPUS.iterdir() if path.is_dir()]
    assert len(repositories) == 26
    for repository in repositories:
        found = find_runs(repository)
        pointers = {path.parent for path, why in found.problems if "git lfs pull" in why}
        theirs = {Path(path) for path in GetLogdirSubdirectories(str(repository))}
        assert {run.folder for run in found.runs} | pointers == theirs
        assert all("git lfs pull" in why for _, why in found.problems)
        for run in found.runs:
            assert len(run.files) == sum("tfevents" in name for name in os.listdir(run.folder))
