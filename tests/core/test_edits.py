"""Changes after the run: each a journal of its own; runs are moved, never rewritten, and never while they live."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import edits
from epochal.errors import (
    BadValueError,
    EpochalError,
    JournalVersionError,
    RunAliveError,
    RunExistsError,
    RunNotFoundError,
    StorageError,
)
from epochal.recorded import RecordedRun
from tests.core.make_runs import make_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "journal").iterdir()}


def test_an_edit_adds_a_file_and_changes_none(root: Path) -> None:
    folder = make_run(root, 1)
    before = digests(folder)
    edits.edit(
        folder,
        meta={"name": "new", "tags": ["a", "b", "a"], "notes": "n", "group": None},
        config_ops=[[["optimizer", "lr"], 1], [["epochs"]], [["list"], (1, 2)]],
        summary_set={"best": 3, "nested": {"x": float("nan")}},
        summary_delete=["nothing"],
    )
    after = digests(folder)
    assert {name: after[name] for name in before} == before
    (added,) = after.keys() - before.keys()
    assert added.startswith("edit-0-3-")
    run = RecordedRun(folder)
    assert (run.name, run.tags, run.notes, run.group) == ("new", ("a", "b"), "n", None)
    assert run.config["optimizer"]["lr"] == 1
    assert "epochs" not in run.config
    assert run.config["list"] == [1, 2]
    assert run.summary["best"] == 3
    assert repr(run.summary["nested"]) == "{'x': nan}"
    assert run.state == "finished"


def test_an_edit_of_nothing_writes_nothing(root: Path) -> None:
    folder = make_run(root, 1)
    before = digests(folder)
    edits.edit(folder)
    edits.edit(folder, meta={}, config_ops=[], summary_set={}, summary_delete=[])
    assert digests(folder) == before


def test_the_latest_edit_counts_also_where_the_run_came_from_the_future(root: Path) -> None:
    folder = make_run(root, 1, started=time.time() + 10 * 365 * 86400)
    for name in ("one", "two", "three"):
        edits.edit(folder, meta={"name": name}, config_ops=[[["lr"], name]])
        run = RecordedRun(folder)
        assert (run.name, run.config["lr"]) == (name, name)


def test_a_running_run_may_be_edited(root: Path) -> None:
    with epochal.init("digits", dir=root) as run:
        edits.edit(run.folder, meta={"name": "while it runs"})
        run.log({"loss": 1.0})
        assert RecordedRun(run.folder).name == "while it runs"
    assert RecordedRun(run.folder).state == "finished"


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"state": "finished"}, "'state' cannot be edited: take one of name"),
        ({"name": ""}, "name '' cannot be used"),
        ({"name": " \n"}, "cannot be used"),
        ({"name": None}, "name None cannot be used"),
        ({"tags": "one"}, "tags 'one' cannot be used: it takes a list of texts"),
        ({"tags": ["a", 3]}, "tags 3 cannot be used"),
        ({"tags": [""]}, "tags '' cannot be used"),
        ({"notes": 3}, "notes 3 cannot be used"),
    ],
)
def test_what_cannot_be_used_is_named(root: Path, meta: dict[str, Any], message: str) -> None:
    folder = make_run(root, 1)
    before = digests(folder)
    with pytest.raises(BadValueError, match=message):
        edits.edit(folder, meta=meta)
    assert digests(folder) == before


def test_secrets_are_taken_out_of_edits(root: Path) -> None:
    folder = make_run(root, 1)
    secret = "ghp_" + "abcdEFGH0123456789abcdEFGH0123456789"
    edits.edit(folder, meta={"notes": f"use {secret}"}, config_ops=[[["api_key"], "hunter2hunter2"]])
    assert secret not in str(RecordedRun(folder).notes)
    assert "hunter2" not in str(RecordedRun(folder).config)
    assert all(secret.encode() not in path.read_bytes() for path in (folder / "journal").iterdir())


def test_a_run_that_is_not_there_cannot_be_changed(root: Path) -> None:
    for act in (
        lambda: edits.edit(root / "p" / "r", meta={"name": "x"}),
        lambda: edits.delete(root / "p" / "r", root),
        lambda: edits.move(root / "p" / "r", "q"),
    ):
        with pytest.raises(RunNotFoundError, match="there is no run in"):
            act()


def test_a_run_of_a_newer_version_is_left_alone(root: Path) -> None:
    folder = make_run(root, 1, companion=False)
    (main,) = (folder / "journal").iterdir()
    import zlib

    data = bytearray(main.read_bytes())
    data[8:10] = (9).to_bytes(2, "little")
    data[60:64] = zlib.crc32(data[:60]).to_bytes(4, "little")
    main.write_bytes(data)
    before = digests(folder)
    with pytest.raises(JournalVersionError, match="version 9"):
        edits.edit(folder, meta={"name": "x"})
    assert digests(folder) == before


def test_a_folder_that_cannot_be_written_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(root, 1)
    before = digests(folder)

    def refuse(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refuse)
        with pytest.raises(StorageError, match="cannot be edited"):
            edits.edit(folder, meta={"name": "x"})
    assert digests(folder) == before


def test_a_deleted_run_lies_in_the_trash_and_can_be_moved_back(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    target = edits.delete(folder, root)
    assert target == root / ".trash" / "digits" / folder.name
    assert not folder.exists()
    assert not folder.parent.exists()
    assert list(epochal.runs(root)) == []
    folder.parent.mkdir()
    target.rename(folder)
    assert [run.id for run in epochal.runs(root)] == [folder.name]


def test_a_name_that_is_taken_in_the_trash_gets_a_number(root: Path) -> None:
    folder = make_run(root, 1)
    copy = root.parent / "copy"
    shutil.copytree(folder, copy)
    places = []
    for _ in range(3):
        if not folder.exists():
            shutil.copytree(copy, folder)
        places.append(edits.delete(folder, root).name)
    assert places == [folder.name, f"{folder.name}-2", f"{folder.name}-3"]
    assert len(edits.trashed(root)) == 3


def test_the_trash_is_emptied_for_good(root: Path) -> None:
    assert edits.empty_trash(root) == (0, 0)
    for i in range(3):
        edits.delete(make_run(root, i, project=f"p{i}"), root)
    kept = make_run(root, 9)
    emptied = edits.empty_trash(root)
    assert emptied.runs == 3
    assert emptied.size > 0
    assert not (root / ".trash").exists()
    assert kept.exists()


def test_a_trash_that_points_elsewhere_is_not_emptied(root: Path, tmp_path: Path) -> None:
    root.mkdir()
    (tmp_path / "precious").mkdir()
    (root / ".trash").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError, match="symbolic link"):
        edits.empty_trash(root)
    assert (tmp_path / "precious").is_dir()


def test_links_in_the_trash_are_removed_and_what_they_point_at_stays(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    folder = edits.delete(make_run(root, 1), root)
    (folder / "link").symlink_to(precious)
    edits.empty_trash(root)
    assert (precious / "file").read_text() == "x"


def test_a_live_run_is_neither_deleted_nor_moved(root: Path) -> None:
    with epochal.init("digits", dir=root) as run:
        with pytest.raises(RunAliveError, match=f"process {os.getpid()}"):
            edits.delete(run.folder, root)
        with pytest.raises(RunAliveError, match="then move it"):
            edits.move(run.folder, "other")
        assert run.folder.is_dir()
    edits.delete(edits.move(run.folder, "other"), root)


def test_a_run_alive_in_another_process_is_refused_until_it_is_killed(root: Path) -> None:
    code = "import epochal, time; run = epochal.init('p', dir={!r}); print(run.folder, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code.format(str(root))], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        with pytest.raises(RunAliveError, match=f"process {process.pid}"):
            edits.delete(folder, root)
        process.kill()
        process.wait()
        assert edits.delete(folder, root).is_dir()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_a_run_on_a_machine_that_cannot_be_seen_is_refused_while_it_is_fresh(root: Path) -> None:
    folder = make_run(root, 1, finish=None, companion=False)
    (main,) = (folder / "journal").iterdir()
    os.utime(main)
    with pytest.raises(RunAliveError, match="cannot be seen from here"):
        edits.delete(folder, root)
    os.utime(main, (1, 1))
    edits.delete(folder, root)


@pytest.mark.parametrize("project", ["other", "a/b", "..", "größe 💡", ".hidden", "x" * 200])
def test_a_moved_run_is_whole_in_its_new_project(root: Path, project: str) -> None:
    folder = make_run(root, 1, project="digits")
    before = digests(folder)
    target = edits.move(folder, project)
    assert target.parent.parent == root
    assert digests(target) == before
    (run,) = epochal.runs(root)
    assert (run.project, run.id) == (project, folder.name)


def test_moving_to_where_it_is_does_nothing(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    assert edits.move(folder, "digits") == folder


def test_a_project_that_has_the_id_already_is_not_overwritten(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    shutil.copytree(folder, root / "other" / folder.name)
    with pytest.raises(RunExistsError, match="has a run"):
        edits.move(folder, "other")
    assert folder.is_dir()


@pytest.mark.parametrize("project", ["", "ü" * 100])
def test_a_project_that_cannot_be_is_refused(root: Path, project: str) -> None:
    folder = make_run(root, 1)
    with pytest.raises(EpochalError, match="project"):
        edits.move(folder, project)
    assert folder.is_dir()


def test_recorded_runs_change_by_edits(root: Path) -> None:
    run = RecordedRun(make_run(root, 1))
    run.rename("renamed")
    run.tag(add=["x"], remove=["a"])
    run.note("noted")
    assert (run.name, run.tags, run.notes) == ("renamed", ("x",), "noted")
    run.note(None)
    assert RecordedRun(run.path).notes is None
    assert run.delete().parent.parent == root / ".trash"
