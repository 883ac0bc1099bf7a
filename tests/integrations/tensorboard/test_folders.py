"""What is made or taken away anywhere below a log folder is noticed, and what stays as it is costs no look inside."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from epochal_tensorboard._folders import Folders


def settle() -> None:
    """Let the file system's clock tick."""
    time.sleep(0.02)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    (tmp_path / "logs" / "a" / "b").mkdir(parents=True)
    settle()
    return tmp_path / "logs"


def test_entries_that_come_and_go_are_noticed_at_any_depth(logdir: Path, tmp_path: Path) -> None:
    folders = Folders([logdir], tmp_path / "logs" / "runs")
    assert folders.changed()
    assert not folders.changed()
    for change in (
        lambda: (logdir / "a" / "b" / "events.out.tfevents.1").touch(),
        lambda: (logdir / "c" / "d").mkdir(parents=True),
        lambda: (logdir / "c" / "d" / "events.out.tfevents.2").touch(),
        lambda: (logdir / "c" / "d" / "events.out.tfevents.2").unlink(),
        lambda: (logdir / "c").rename(logdir / "e"),
        lambda: (logdir / "e" / "d" / "events.out.tfevents.3").touch(),
    ):
        settle()
        change()
        assert folders.changed()
        settle()
        folders.changed()  # a folder that is gone is told of once more at most
        assert not folders.changed()


def test_a_file_that_grows_is_none_of_its_business(logdir: Path, tmp_path: Path) -> None:
    path = logdir / "a" / "events.out.tfevents.1"
    path.touch()
    folders = Folders([logdir], tmp_path / "runs")
    folders.changed()
    settle()
    path.write_bytes(b"more")
    assert not folders.changed()


def test_links_that_lead_round_in_circles_end(logdir: Path, tmp_path: Path) -> None:
    os.symlink(logdir, logdir / "a" / "again")
    folders = Folders([logdir], tmp_path / "runs")
    assert folders.changed()
    assert not folders.changed()


def test_the_runs_folder_within_the_log_folder_is_passed_over(logdir: Path) -> None:
    (logdir / "runs" / "p").mkdir(parents=True)
    folders = Folders([logdir], logdir / "runs")
    folders.changed()
    settle()
    (logdir / "runs" / "p" / "new").touch()
    assert not folders.changed()


def test_a_source_that_is_not_there_yet_is_noticed_when_it_comes(tmp_path: Path) -> None:
    folders = Folders([tmp_path / "logs"], tmp_path / "runs")
    folders.changed()
    assert not folders.changed()
    (tmp_path / "logs").mkdir()
    assert folders.changed()
    assert not folders.changed()
