"""Changes from the runs table: the same as the command line's, refused where nothing may be changed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import edits
from tests.core.make_runs import make_run, make_runs
from tests.server.api_client import Api, key
from tests.server.live_runs import forbidden, training

EDIT, DELETE = "/api/runs/edit", "/api/runs/delete"


def test_names_tags_and_notes_are_changed_in_the_run_itself(root: Path, api: Api) -> None:
    folders = make_runs(root, 3)
    first = key(folders[0])
    before = api.query()["revision"]
    body = {"keys": [first], "name": "<b>new</b>", "add_tags": ["x", "y"], "notes": "seen\n**twice**"}
    found = api.post(EDIT, body)
    assert (found["changed"], found["failed"]) == ([first], [])
    assert found["revision"] > before
    run = epochal.get_run(folders[0])
    assert (run.name, run.tags, run.notes) == ("<b>new</b>", ("x", "y"), "seen\n**twice**")
    row = api.query(columns=["name", "tags", "notes"], limit=1)["columns"]
    assert row == {"name": ["<b>new</b>"], "tags": [["x", "y"]], "notes": ["seen\n**twice**"]}
    assert len(list((folders[0] / "journal").glob("edit-*.epochal"))) == 1


def test_several_runs_are_tagged_at_once_each_from_what_it_has(root: Path, api: Api) -> None:
    folders = make_runs(root, 4)  # every other has the tag "a"
    edits.edit(folders[0], meta={"tags": ["old", "x"]})
    keys = [key(folder) for folder in folders]
    api.post(EDIT, {"keys": keys, "add_tags": ["x", "new"], "remove_tags": ["a", "old"]})
    assert api.column("tags") == [["x", "new"]] * 4
    api.post(EDIT, {"keys": keys, "remove_tags": ["x", "new"], "notes": ""})
    assert api.column("tags") == [[]] * 4
    assert api.column("notes") == [None] * 4


def test_a_change_that_changes_nothing_writes_nothing(root: Path, api: Api) -> None:
    folder = make_run(root, 1)
    assert api.post(EDIT, {"keys": [key(folder)], "add_tags": ["a"], "remove_tags": ["b"]})["changed"] == [key(folder)]
    assert not list((folder / "journal").glob("edit-*"))


def test_one_run_that_fails_keeps_no_other(root: Path, api: Api) -> None:
    folders = make_runs(root, 3)
    keys = [key(folder) for folder in folders]
    assert len(api.query()["keys"]) == 3
    shutil.rmtree(folders[1])
    found = api.post(EDIT, {"keys": [*keys, "../../etc/passwd", "project-0/..", ".trash/x/y"], "add_tags": ["new"]})
    assert found["changed"] == [keys[0], keys[2]]
    assert [each["key"] for each in found["failed"]] == [keys[1], "../../etc/passwd", "project-0/..", ".trash/x/y"]
    assert all("moved or deleted" in each["why"] for each in found["failed"])


def test_runs_are_moved_to_the_trash_and_only_by_who_says_so(root: Path, api: Api) -> None:
    folders = make_runs(root, 3)
    keys = [key(folder) for folder in folders]
    for confirm in ({}, {"confirm": False}, {"confirm": 1}, {"confirm": "true"}):
        assert api.refused(DELETE, {"keys": keys, **confirm})["input"] == "confirm"
    found = api.post(DELETE, {"keys": keys[:2], "confirm": True})
    assert (found["deleted"], found["failed"]) == (keys[:2], [])
    assert [path.name for path in edits.trashed(root)] == [folder.name for folder in folders[:2]]
    assert api.query()["keys"] == keys[2:]


def test_a_run_that_is_being_written_is_not_deleted_but_may_be_edited(root: Path, api: Api) -> None:
    with training(root) as live:
        found = api.post(DELETE, {"keys": [live.key], "confirm": True})
        assert found["deleted"] == []
        assert "is being written" in found["failed"][0]["why"]
        assert api.post(EDIT, {"keys": [live.key], "name": "renamed"})["changed"] == [live.key]
        assert api.names() == ["renamed"]


def test_what_cannot_be_used_is_refused_before_anything_is_changed(root: Path, api: Api) -> None:
    folders = make_runs(root, 2)
    keys = [key(folder) for folder in folders]
    for body, named in (
        ({"keys": []}, "keys"), ({"name": "x"}, "keys"), ({"keys": keys, "name": "x"}, "name"),
        ({"keys": keys[:1], "name": " "}, "name"), ({"keys": keys, "add_tags": ["ok", " "]}, "add_tags"),
        ({"keys": keys, "add_tags": "x"}, "add_tags"), ({"keys": keys, "notes": 3}, "notes"),
        ({"keys": keys, "tags": ["x"]}, "tags"), ({"keys": [1]}, "keys"),
        ({"keys": keys, "add_tags": ["a\0b"]}, "add_tags"),
    ):  # fmt: skip
        assert api.refused(EDIT, body)["input"] == named, body
    assert api.refused(EDIT, {"keys": keys})["title"] == "nothing to change"
    assert not list(root.glob("*/*/journal/edit-*"))


def test_a_read_only_server_changes_nothing(serve: Callable[..., Any], root: Path) -> None:
    folder = make_run(root, 0)
    api = Api(serve(root, read_only=True))
    for path, more in ((EDIT, {"name": "x"}), (DELETE, {"confirm": True})):
        assert "--read-only" in api.refused(path, {"keys": [key(folder)], **more}, 403)["detail"]
    assert epochal.get_run(folder).name == "brave-otter-0"
    api.close()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Return a runs folder that other users can read."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        root = Path(folder, "epochal-runs")
        root.mkdir()
        yield root


def test_nothing_is_changed_in_a_folder_that_cannot_be_written(serve: Callable[..., Any], reachable: Path) -> None:
    folder = make_run(reachable, 0)
    api = Api(serve(reachable))
    with forbidden(reachable, told=True):
        assert "cannot be written" in api.refused(EDIT, {"keys": [key(folder)], "name": "x"}, 403)["detail"]
        assert api.names() == ["brave-otter-0"]
    api.close()


def test_what_only_trying_tells_is_said_of_each_run(serve: Callable[..., Any], reachable: Path) -> None:
    folder = make_run(reachable, 0)
    api = Api(serve(reachable))
    assert api.names() == ["brave-otter-0"]
    with forbidden(folder / "journal", told=False):
        found = api.post(EDIT, {"keys": [key(folder)], "name": "x"})
        assert found["changed"] == []
        assert "cannot be edited" in found["failed"][0]["why"]
    with forbidden(reachable, told=False):
        found = api.post(DELETE, {"keys": [key(folder)], "confirm": True})
        assert "cannot be moved to the trash" in found["failed"][0]["why"]
    assert api.names() == ["brave-otter-0"]
    api.close()
