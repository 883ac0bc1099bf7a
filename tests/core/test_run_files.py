"""Files within a run's folder: whole or absent, never in a folder that is gone, never outside of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from epochal.run_files import inside, open_inside, write_file


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    write_file(tmp_path, "files/code/a/patch.diff", b"one")
    write_file(tmp_path, "files/code/a/patch.diff", memoryview(b"two"))
    assert (tmp_path / "files/code/a/patch.diff").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "files/code/a").iterdir()] == ["patch.diff"]


def test_a_run_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    shutil.rmtree(run)
    with pytest.raises(FileNotFoundError):
        write_file(run, "files/x", b"")
    assert not run.exists()


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_file(tmp_path, "taken", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "files/../../x", "files//x", "a/.", "C:/x", "files\\..\\x", "a\0b", 7, None]
)
def test_a_name_that_leads_out_of_the_run_is_no_file_of_it(tmp_path: Path, name: object) -> None:
    assert inside(tmp_path, name) is None


def test_a_name_within_the_run_is_found(tmp_path: Path) -> None:
    assert inside(tmp_path, "files/media/images/ä b.png") == tmp_path / "files" / "media" / "images" / "ä b.png"


def test_a_file_of_the_run_is_opened_also_where_the_runs_folder_itself_is_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "run" / "files").mkdir(parents=True)
    (tmp_path / "run" / "files" / "a").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with open_inside(tmp_path / "link", "files/a") as file:
        assert file.read() == b"data"


def test_no_link_below_a_run_is_followed(tmp_path: Path) -> None:
    run, outside = tmp_path / "run", tmp_path / "outside"
    (run / "files").mkdir(parents=True)
    outside.mkdir()
    (outside / "a").write_bytes(b"secret")
    (run / "files" / "file").symlink_to(outside / "a")
    (run / "files" / "folder").symlink_to(outside)
    for name in ("files/file", "files/folder/a", "files/folder", "files/../../outside/a", str(outside / "a"), None):
        with pytest.raises(OSError, match=r"levels|directory|names no file"):
            open_inside(run, name)


def test_a_pipe_in_a_files_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError, match="no regular file"):
            open_inside(tmp_path, name)
