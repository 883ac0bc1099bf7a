"""A run's code, restored to the byte; and what is missing, named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.companion import git as asking
from epochal.restored_tree import RestoredTree
from tests.core.cli_call import call
from tests.core.code_records import alone, commit, git, recorded, tree

pytestmark = pytest.mark.skipif(asking.line("/", "--version") is None, reason="needs git")

KEY = "hf_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ"


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    monkeypatch.setenv("EPOCHAL_COMPANION", "on")  # taken back after the test, whatever sets it


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    git(path, "init", "-q", "-b", "trunk")
    (path / "train.py").write_text("lr = 0.1\nepochs = 3\n")
    (path / "gone.py").write_text("gone\n")
    (path / "moved.py").write_text("moved\n")
    (path / "link").symlink_to("train.py")
    (path / "dos.txt").write_bytes(b"a\r\nb\r\n")
    (path / "picture.bin").write_bytes(b"\0\1\2")
    (path / ".gitignore").write_text("*.ckpt\n")
    commit(path)
    return path


def missing(done: Any) -> dict[str, str]:
    return {each.what: each.why for each in done.missing}


def make_dirty(path: Path) -> None:
    (path / "train.py").write_bytes(b"lr = 0.2\nepochs = 3")  # changed, and no newline at its end
    (path / "train.py").chmod(0o755)
    (path / "gone.py").unlink()
    (path / "link").unlink()
    (path / "link").symlink_to("/etc/hostname")
    (path / "dos.txt").write_bytes(b"a\r\nB\r\nc\n")
    (path / "staged.py").write_text("x = 1\n")
    git(path, "add", "staged.py")
    git(path, "mv", "moved.py", "renamed.py")
    new = path / "new folder"
    new.mkdir()
    (new / "a b.py").write_text("no newline")
    (new / "empty").write_text("")
    (new / "ünï.py").write_text("# ü\n\n")
    (new / "run.sh").write_text("#!/bin/sh\n")
    (new / "run.sh").chmod(0o755)
    (new / "other").symlink_to("../train.py")
    Path(os.fsdecode(os.fsencode(new) + b"/latin-\xe9.py")).write_bytes(b"# \xe9\r\n")


def test_a_dirty_tree_comes_back_to_the_byte(project: Path, tmp_path: Path) -> None:
    make_dirty(project)
    before = tree(project)
    done = recorded(project, project / "train.py", into=tmp_path / "runs").restore(tmp_path / "out")
    assert (done.complete, done.missing) == (True, [])
    assert tree(tmp_path / "out") == before
    assert done.commit == git(project, "rev-parse", "HEAD").decode().strip()
    assert git(tmp_path / "out", "rev-parse", "HEAD").decode().strip() == done.commit
    assert done.packages is not None
    assert "msgspec==" in done.packages.read_text()


def test_what_was_left_out_is_named_and_all_else_is_there(project: Path, tmp_path: Path) -> None:
    make_dirty(project)
    git(project, "mv", "picture.bin", "renamed.bin")
    (project / "key.pem").write_text("x\n")
    (project / "secret.py").write_text(f"token = '{KEY}'\n")
    (project / "large.csv").write_text("1,2\n" * 20_000)
    (project / "model.ckpt").write_text("ignored by git\n")
    done = recorded(project, project / "train.py", into=tmp_path / "runs").restore(tmp_path / "out")
    left_out = {
        "key.pem": "left out: key file",
        "secret.py": "left out: secret inside",
        "large.csv": "left out: too large",
        "picture.bin": "left out: binary",
        "renamed.bin": "left out: binary",
    }
    assert missing(done) == left_out
    assert not done.complete
    here, there = tree(project), tree(tmp_path / "out")
    assert {name: there.get(name) for name in here.keys() - left_out.keys() - {"model.ckpt"}} == {
        name: content for name, content in here.items() if name not in left_out and name != "model.ckpt"
    }


@pytest.mark.parametrize(("setting", "value"), [("core.autocrlf", "true"), ("core.eol", "crlf")])
def test_lines_end_as_they_did(setting: str, value: str, project: Path, tmp_path: Path) -> None:
    (project / ".gitattributes").write_text("*.py text\n")
    commit(project)
    git(project, "config", setting, value)
    (project / "train.py").unlink()
    git(project, "checkout", "-q", "train.py")
    (project / "train.py").write_bytes(b"lr = 0.3\r\nepochs = 3\r\n")
    done = recorded(project, None, into=tmp_path / "runs").restore(tmp_path / "out")
    assert done.missing == []
    assert (tmp_path / "out" / "train.py").read_bytes() == b"lr = 0.3\r\nepochs = 3\r\n"


def test_a_file_that_comes_back_otherwise_is_named(project: Path, tmp_path: Path) -> None:
    """Lines that end in two ways are one way to git."""
    (project / ".gitattributes").write_text("*.txt text eol=lf\n")
    (project / "dos.txt").write_bytes(b"a\nb\n")
    commit(project)
    (project / "dos.txt").write_bytes(b"a\r\nB\n")
    done = recorded(project, None, into=tmp_path / "runs").restore(tmp_path / "out")
    assert missing(done) == {"dos.txt": "it is not as it was, byte for byte"}


def test_submodules_and_filtered_files_are_named(project: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "a.py").write_text("a\n")
    first = commit(inner)
    git(project, "submodule", "add", "-q", str(inner), "lib")
    (project / ".gitattributes").write_text("*.big filter=lfs\n")
    (project / "data.big").write_text("version https://git-lfs.github.com/spec/v1\n")
    commit(project)
    done = recorded(project, None, into=tmp_path / "runs").restore(tmp_path / "out")
    told = missing(done)
    assert told.keys() == {"lib", "data.big"}
    assert first in told["lib"]
    assert list((tmp_path / "out" / "lib").iterdir()) == []


def test_no_program_of_a_repository_is_run(project: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (project / ".gitattributes").write_text("*.py filter=mine diff=mine merge=mine\n")
    commit(project)
    for key in ("filter.mine.smudge", "filter.mine.process", "core.fsmonitor", "uploadpack.packObjectsHook"):
        git(project, "config", key, f"sh -c 'touch {marker}; cat' --")
    hook = project / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    run = recorded(project, None, into=tmp_path / "runs")
    marker.unlink(missing_ok=True)
    run.restore(tmp_path / "out")
    assert (tmp_path / "out" / "train.py").read_text() == "lr = 0.1\nepochs = 3\n"
    assert not marker.exists()


def test_a_commit_that_is_nowhere_is_named_with_its_remote(project: Path, tmp_path: Path) -> None:
    git(project, "remote", "add", "origin", "git@example.org:a/b.git")
    (project / "new.py").write_text("new\n")
    (project / "train.py").write_text("changed\n")
    run = recorded(project, project / "train.py", into=tmp_path / "runs")
    project.rename(tmp_path / "elsewhere")
    done = run.restore(tmp_path / "out")
    told = missing(done)
    assert "clone git@example.org:a/b.git" in told[f"commit {done.commit}"]
    assert told["train.py"] == "the patch does not fit"
    # what needs no commit is there all the same: new files and the script
    assert (tmp_path / "out" / "new.py").read_text() == "new\n"
    assert (tmp_path / "out" / "train.py").read_text() == "changed\n"
    again = run.restore(tmp_path / "again", repo=tmp_path / "elsewhere")
    assert (again.complete, again.repo) == (True, tmp_path / "elsewhere")


def test_a_commit_that_no_branch_holds_any_more_is_found(project: Path, tmp_path: Path) -> None:
    run = recorded(project, None, into=tmp_path / "runs")
    git(project, "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--amend", "-m", "another")
    assert run.restore(tmp_path / "out").complete


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    (fresh / "staged.py").write_text("a\n")
    git(fresh, "add", "staged.py")
    (fresh / "new.py").write_text("b\n")
    done = recorded(fresh, fresh / "new.py", into=tmp_path / "runs").restore(tmp_path / "out")
    assert (done.complete, done.commit) == (True, None)
    assert tree(tmp_path / "out") == tree(fresh)


# Outside of git


def test_without_git_the_python_files_around_the_script_come_back(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    (loose / "package" / "__pycache__").mkdir(parents=True)
    (loose / ".hidden").mkdir()
    (loose / "train.py").write_text("import package.model\n")
    (loose / "package" / "model.py").write_bytes(b"# no newline \xe9")
    (loose / "package" / "__pycache__" / "model.py").write_text("x")
    (loose / ".hidden" / "a.py").write_text("x")
    (loose / "keys.py").write_text(f"token = '{KEY}'\n")
    (loose / "data.csv").write_text("1,2\n")
    done = recorded(tmp_path, loose / "train.py", into=loose / "runs").restore(tmp_path / "out")
    assert missing(done) == {"keys.py": "left out: secret inside"}
    assert any("no git repository" in note for note in done.notes)
    assert set(tree(tmp_path / "out")) == {"train.py", "package/model.py"}
    assert (tmp_path / "out" / "package" / "model.py").read_bytes() == b"# no newline \xe9"
    assert not (tmp_path / "out" / ".git").exists()


def test_a_script_that_git_ignores_and_one_from_elsewhere_come_back(project: Path, tmp_path: Path) -> None:
    (project / ".gitignore").write_text("scratch/\n")
    commit(project)
    (project / "scratch").mkdir()
    (project / "scratch" / "try.py").write_text("print(1)\n")
    (tmp_path / "other.py").write_text("print(2)\n")
    recorded(project, project / "scratch" / "try.py", into=tmp_path / "runs", id="a").restore(tmp_path / "a")
    recorded(project, tmp_path / "other.py", into=tmp_path / "runs", id="b").restore(tmp_path / "b")
    assert (tmp_path / "a" / "scratch" / "try.py").read_text() == "print(1)\n"
    assert (tmp_path / "b" / "other.py").read_text() == "print(2)\n"


def test_a_large_notebook_is_kept_without_its_outputs(tmp_path: Path) -> None:
    cell: dict[str, Any] = {"cell_type": "code", "source": ["x = 1"], "execution_count": 3}
    notebook = {"cells": [{**cell, "outputs": [{"data": "x" * 2_000_000}]}], "nbformat": 4}
    (tmp_path / "try.ipynb").write_text(json.dumps(notebook))
    done = recorded(tmp_path, tmp_path / "try.ipynb", into=tmp_path / "runs").restore(tmp_path / "out")
    found = json.loads((tmp_path / "out" / "try.ipynb").read_text())
    assert found["cells"] == [{**cell, "outputs": [], "execution_count": None}]
    assert any("without its outputs" in note for note in done.notes)


def test_a_script_with_a_secret_is_not_kept(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "train.py").write_text(f"api_key = '{KEY}'\n")
    run = recorded(loose, loose / "train.py", into=tmp_path / "runs")
    assert missing(run.restore(tmp_path / "out")) == {"train.py": "left out: secret inside"}
    assert not any(KEY.encode() in path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file())


# Several starts, no record, bad folders


def test_the_last_of_several_starts_is_restored_whole(project: Path, tmp_path: Path) -> None:
    (project / "train.py").write_text("first\n")
    recorded(project, project / "train.py", into=tmp_path / "runs")
    git(project, "checkout", "-q", "train.py")
    run = recorded(project, project / "train.py", into=tmp_path / "runs")
    done = run.restore(tmp_path / "out")
    assert (tmp_path / "out" / "train.py").read_text() == "lr = 0.1\nepochs = 3\n"
    assert any("2 times" in note for note in done.notes)
    assert "patch" not in run.environment["git"]


def test_a_run_without_a_record_of_its_code_says_so(tmp_path: Path) -> None:
    os.environ["EPOCHAL_COMPANION"] = "off"
    with epochal.init("test", id="run", dir=tmp_path / "runs"):
        pass
    done = epochal.RecordedRun(tmp_path / "runs" / "test" / "run").restore(tmp_path / "out")
    assert not done.complete
    assert "companion" in missing(done)["the code"]


def test_a_folder_that_holds_something_is_left_alone(project: Path, tmp_path: Path) -> None:
    run = recorded(project, None, into=tmp_path / "runs")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(epochal.BadValueError, match="not empty"):
        run.restore(tmp_path / "full")
    with pytest.raises(epochal.BadValueError, match="no folder"):
        run.restore(tmp_path / "out", repo=tmp_path / "nowhere")
    assert (tmp_path / "full" / "mine").read_text() == "mine"


# What others have written


def test_a_patch_that_was_changed_since_is_not_used(project: Path, tmp_path: Path) -> None:
    (project / "train.py").write_text("changed\n")
    run = recorded(project, None, into=tmp_path / "runs")
    patch = run.path / run.environment["git"]["patch"]["file"]
    patch.write_text(patch.read_text().replace("+changed", "+evil"))
    told = missing(run.restore(tmp_path / "out"))
    assert "not as it was recorded" in told["the changes"]
    assert (tmp_path / "out" / "train.py").read_text() == "lr = 0.1\nepochs = 3\n"


def creation(name: str, text: str = "evil", mode: str = "100644", target: str | None = None) -> bytes:
    return (
        f"diff --git a/{name} b/{name}\nnew file mode {mode}\n--- /dev/null\n+++ b/{target or name}\n"
        f"@@ -0,0 +1 @@\n+{text}\n\\ No newline at end of file\n"
    ).encode()


HOSTILE = {
    "above": creation("../evil"),
    "absolute": creation("/tmp/evil"),
    "within": creation("a/../../evil"),
    "git's own": creation(".git/hooks/post-checkout"),
    "git's own, spelled otherwise": creation("a/.GIT/config"),
    "another name below": creation("fine", target="../evil"),
    "through its own link": creation("out", text="..", mode="120000") + creation("out/evil"),
    "through the commit's link": creation("up/evil"),
    "a rename": b"diff --git a/x b/x\nsimilarity index 100%\nrename from train.py\nrename to ../evil\n",
    "no names": b"diff --git evil\nnew file mode 100644\n",
    "nonsense": b"\xff\xfe\0" * 100,
}


@pytest.mark.parametrize("patch", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_patch_writes_nothing_outside(patch: bytes, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "room" / "out"
    source.mkdir()
    git(source, "init", "-q")
    (source / "up").symlink_to("..")
    head = commit(source)
    out.mkdir(parents=True)
    made = RestoredTree(out, {})
    made.begin(source)
    made.check_out(source, head)
    before = tree(out / ".git")
    assert made.apply(patch) != []
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert tree(out).keys() <= {"up", "out", "fine"}
    assert tree(out / ".git") == before


@pytest.mark.parametrize(
    "changes",
    [
        {"git": {"patch": {"file": "../../../secret", "sha256": "0" * 64}}},
        {"git": {"patch": {"file": 3}, "sums": "x", "left_out": ["a"]}},
        {"git": {"commit": "--upload-pack=touch evil"}},
        {"git": {"commit": "HEAD", "root": "\0"}},
        {"git": {"settings": {"core.autocrlf": "true -c alias.x=!sh", "core.eol": 3}}},
        {"script": {"path": "/../../evil.py", "file": "../../../secret"}},
        {"script": {"path": "a\0b", "kind": 4}},
    ],
)
def test_a_hostile_record_does_nothing_outside(changes: dict[str, Any], project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    run = recorded(project, project / "train.py", into=tmp_path / "runs", **changes)
    before = set(tmp_path.iterdir())
    run.restore(tmp_path / "out")
    assert set(tmp_path.iterdir()) - before == {tmp_path / "out"}
    assert all(b"mine" not in path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_a_script_is_not_written_through_a_link(project: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (project / "lib").symlink_to(tmp_path / "victim")
    commit(project)
    outer = {"path": str(project / "lib" / "train.py")}
    run = recorded(project, project / "train.py", into=tmp_path / "runs", script=outer)
    run.restore(tmp_path / "out")
    assert list((tmp_path / "victim").iterdir()) == []


# The command


def test_the_command_tells_what_is_missing_and_fails_then(project: Path, tmp_path: Path) -> None:
    (project / "data.bin").write_bytes(b"\0\1")
    run = recorded(project, project / "train.py", into=tmp_path / "runs")
    answer = call("restore", run.path, tmp_path / "out", code=1)
    assert "missing  data.bin: left out: binary" in answer.out
    assert f"pip install -r {run.path}" in answer.out
    assert "not empty" in call("restore", run.path, tmp_path / "out", code=1).err
    (project / "data.bin").unlink()
    run = recorded(project, project / "train.py", into=tmp_path / "runs", id="clean")
    shutil.rmtree(tmp_path / "out")
    told = call("restore", run.path, tmp_path / "out", "--json", "--repo", project).json
    assert (told["complete"], told["missing"], told["command"]) == (True, [], ["python", "train.py"])
