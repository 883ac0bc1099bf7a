"""`epochal rename`, `tag`, `note`, `mv` and `rm`: runs changed, moved and thrown away from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import epochal
from tests.core.cli_call import call
from tests.core.make_runs import make_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_a_run_gets_another_name(root: Path) -> None:
    folder = make_run(root, 1)
    assert "brave-otter-1 is new [bold]name\\x1b now" in call("rename", "brave-otter-1", "new [bold]name\x1b").err
    assert epochal.get_run(folder).name == "new [bold]name\x1b"
    assert "cannot be used" in call("rename", folder.name, " ", code=1).err


def test_tags_are_added_taken_away_and_printed(root: Path) -> None:
    make_run(root, 1)
    make_run(root, 2)
    out = call("tag", "brave-otter-1", "brave-otter-2", "--add", "x", "-a", "y", "--remove", "a").out
    assert out.splitlines() == ["brave-otter-1: x, y", "brave-otter-2: x, y"]
    assert call("tag", "brave-otter-1").out == "brave-otter-1: x, y\n"
    assert call("tag", "brave-otter-1", "-r", "x", "-r", "y").out == "brave-otter-1: no tags\n"


def test_notes_are_written_added_to_read_and_printed(root: Path) -> None:
    make_run(root, 1)
    assert call("note", "brave-otter-1").out == ""
    call("note", "brave-otter-1", "first\nline")
    call("note", "brave-otter-1", "more \x1b", "--append")
    assert call("note", "brave-otter-1").out.splitlines() == ["first", "line", "more \\x1b"]
    call("note", "brave-otter-1", "-", input="from\nstdin\n")
    assert epochal.get_run("brave-otter-1").notes == "from\nstdin"


def test_runs_are_moved_to_another_project(root: Path) -> None:
    one, two = make_run(root, 1), make_run(root, 2)
    err = call("mv", "brave-otter-1", two, "--project", "a/b").err
    assert str(root / "a%2Fb" / one.name) in err
    assert {run.project for run in epochal.runs()} == {"a/b"}
    call("mv", "brave-otter-1", code=2)


def test_runs_go_to_the_trash_when_the_answer_is_yes(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    answer = call("rm", "brave-otter-1", input="n\n", code=1)
    assert "brave-otter-1" in answer.err
    assert "Move 1 run to the trash?" in answer.err
    assert folder.exists()
    err = call("rm", "brave-otter-1", input="y\n").err
    assert f"back: mv {root}/.trash/digits/{folder.name} {folder}" in err
    assert not folder.exists()
    assert len(epochal.runs()) == 0


def test_without_an_answer_nothing_is_deleted(root: Path) -> None:
    folder = make_run(root, 1)
    assert "nobody answered: pass --yes" in call("rm", "brave-otter-1", input="", code=1).err
    assert folder.exists()


def test_all_runs_are_found_before_any_is_deleted(root: Path) -> None:
    folder = make_run(root, 1)
    call("rm", "brave-otter-1", "nope", "--yes", code=1)
    assert folder.exists()


def test_the_trash_is_emptied_only_when_asked_for(root: Path) -> None:
    assert "is empty" in call("rm", "--empty-trash").err
    make_run(root, 1)
    call("rm", "brave-otter-1", "-y")
    assert "Delete 1 run in the trash" in call("rm", "--empty-trash", input="n\n", code=1).err
    assert "1 run deleted" in call("rm", "--empty-trash", "--yes").err
    assert not (root / ".trash").exists()
    call("rm", code=2)
    call("rm", "x", "--empty-trash", code=2)


def test_a_live_run_is_refused_in_one_line(root: Path) -> None:
    with epochal.init("digits", name="alive", dir=root) as run:
        for words in (["rm", "alive", "--yes"], ["mv", "alive", "-p", "other"]):
            err = call(*words, code=1).err
            assert err.startswith(f"epochal: run {run.id} is being written by process")
            assert err.count("\n") == 1
        call("tag", "alive", "-a", "x")
        assert run.folder.exists()
    call("rm", "alive", "-y")
