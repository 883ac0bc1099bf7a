"""The code of runs: which states are the same, and the diffs between commits and uncommitted changes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from epochal.companion import git
from epochal.companion.code_state import code_state as collected
from epochal.differences.code import Code, CodeState, code_diff, code_state, recorded_state
from tests.core.recorded_runs import patched, record

pytestmark = pytest.mark.skipif(git.line("/", "--version") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, and none of the user's settings."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)  # which is in no repository: what the working folder is must not help
    path = tmp_path / "pro:ject"
    path.mkdir()
    run(path, "init", "-q", "-b", "trunk")
    (path / "train.py").write_text("lr = 0.1\nepochs = 3\n")
    commit(path)
    return path


def run(path: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *who, *arguments], cwd=path, check=True, capture_output=True, text=True).stdout


def commit(path: Path) -> str:
    run(path, "add", "-A")
    run(path, "commit", "-q", "-m", "x")
    return run(path, "rev-parse", "HEAD").strip()


def state_of(repository: Path, folder: Path) -> CodeState:
    """Return the present state as a run in `folder` records it and a reader finds it."""
    found = collected(os.fspath(repository), "/nowhere")
    assert found is not None
    facts: dict[str, Any] = dict(found.facts)
    if found.patch:
        facts = patched(record(folder, "run"), found.patch, **facts)
    return recorded_state(facts, folder / "digits" / "run")


def listing(repository: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in repository.rglob("*") if path.is_file()
    )


def test_uncommitted_changes_of_two_runs_are_compared_as_files(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("lr = 0.2\nepochs = 3\n")
    one = state_of(repository, tmp_path / "one")
    (repository / "train.py").write_text("lr = 0.3\nepochs = 3\n")
    (repository / "größe.py").write_text("x = 1")
    two = state_of(repository, tmp_path / "two")
    before = listing(repository)
    diff = code_diff(one, two)
    assert listing(repository) == before
    assert diff.notes == []
    lines = diff.text.splitlines()
    assert "-lr = 0.2" in lines
    assert "+lr = 0.3" in lines
    assert "+++ b/größe.py" in lines
    assert "+x = 1" in lines
    assert not any("0.1" in line for line in lines)
    assert one.same(two) is False


def test_commits_are_compared_with_the_changes_that_lay_over_them(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("lr = 0.2\nepochs = 3\n")
    dirty = state_of(repository, tmp_path / "dirty")
    commit(repository)
    clean = state_of(repository, tmp_path / "clean")
    (repository / "train.py").write_text("lr = 0.2\nepochs = 4\n")
    commit(repository)
    later = state_of(repository, tmp_path / "later")
    assert dirty.same(clean) is False
    assert code_diff(dirty, clean) == ("", ["the commits differ, the code does not"])
    assert [line for line in code_diff(dirty, later).text.splitlines() if line.startswith(("-", "+"))] == [
        "--- a/train.py", "+++ b/train.py", "-epochs = 3", "+epochs = 4",
    ]  # fmt: skip


def test_the_same_commit_with_the_same_changes_is_the_same(repository: Path, tmp_path: Path) -> None:
    one = state_of(repository, tmp_path / "one")
    two = state_of(repository, tmp_path / "two")
    assert one.same(two) is True
    assert Code([one, two]).same is True
    assert code_diff(one, two) == ("", [])


def test_changed_files_that_were_left_out_leave_it_open_and_are_named(repository: Path, tmp_path: Path) -> None:
    (repository / ".env").write_text("x")
    one, two = (state_of(repository, tmp_path / name) for name in ("one", "two"))
    assert one.same(two) is None
    assert code_diff(one, two) == ("", ["not recorded, so not compared: .env (key file)"])


def test_a_repository_without_commits_is_compared_by_its_changes(repository: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    run(fresh, "init", "-q", "-b", "trunk")
    (fresh / "a.py").write_text("1\n")
    one = state_of(fresh, tmp_path / "one")
    (fresh / "a.py").write_text("2\n")
    two = state_of(fresh, tmp_path / "two")
    assert one.commit is None
    assert one.problem is None
    assert "-1\n+2\n" in code_diff(one, two).text


def test_without_the_repository_patches_of_one_commit_are_compared(repository: Path, tmp_path: Path) -> None:
    (repository / "same.py").write_text("same\n")
    (repository / "train.py").write_text("lr = 0.2\nepochs = 3\n")
    one = state_of(repository, tmp_path / "one")
    (repository / "train.py").write_text("lr = 0.3\nepochs = 3\n")
    two = state_of(repository, tmp_path / "two")
    os.rename(repository, tmp_path / "away")
    diff = code_diff(one, two)
    assert diff.notes == [
        "the uncommitted changes are compared, not the files: no clone of the repository is here",
    ]
    assert "-+lr = 0.2\n" in diff.text
    assert "++lr = 0.3\n" in diff.text
    assert "same.py" not in diff.text


def test_without_the_repository_commits_cannot_be_compared_and_it_says_so(repository: Path, tmp_path: Path) -> None:
    one = state_of(repository, tmp_path / "one")
    (repository / "b.py").write_text("b\n")
    commit(repository)
    two = state_of(repository, tmp_path / "two")
    run(repository, "reset", "-q", "--hard", one.commit or "")
    run(repository, "reflog", "expire", "--expire=now", "--all")
    run(repository, "gc", "-q", "--prune=now")
    assert code_diff(one, two).notes == [
        f"no diff between the commits: commit {(two.commit or '')[:12]} is not in the clone that is here",
    ]
    os.rename(repository, tmp_path / "away")
    assert code_diff(one, two) == ("", ["no diff between the commits: no clone of the repository is here"])


def test_a_clone_in_the_working_folder_will_do(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = state_of(repository, tmp_path / "one")
    (repository / "b.py").write_text("b\n")
    commit(repository)
    two = state_of(repository, tmp_path / "two")
    os.rename(repository, tmp_path / "clone")
    (tmp_path / "clone" / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "clone" / "deep")
    assert "+++ b/b.py" in code_diff(one, two).text


def test_a_patch_that_was_changed_or_lost_is_not_believed(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("lr = 0.2\n")
    one, two = (state_of(repository, tmp_path / name) for name in ("one", "two"))
    path = tmp_path / "one" / "digits" / "run" / "files" / "code" / "patch.diff"
    facts = {"commit": one.commit, "patch": {"file": "files/code/patch.diff", "sha256": one.patch_sha256}}
    path.write_text("diff --git a/../../etc/passwd b/../../etc/passwd\n")
    changed = recorded_state(facts, path.parents[2])
    assert changed.problem == "its uncommitted changes cannot be read (the file was changed since)"
    assert changed.same(two) is None
    path.unlink()
    assert "No such file" in (recorded_state(facts, path.parents[2]).problem or "")
    assert code_diff(changed, two).notes == [f"no diff of the code: of one run {changed.problem}"]


def test_a_patch_cannot_write_outside_and_runs_nothing(repository: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run(repository, "config", "diff.external", f"touch {mark}")
    run(repository, "config", "core.fsmonitor", f"touch {mark}")
    run(repository, "config", "filter.x.clean", f"touch {mark}")
    (repository / ".gitattributes").write_text("*.py filter=x\n")
    one = state_of(repository, tmp_path / "one")
    evil = b"diff --git a/../out b/../out\nnew file mode 100644\n--- /dev/null\n+++ b/../out\n@@ -0,0 +1,1 @@\n+x\n"
    facts = patched(record(tmp_path / "two", "run"), evil, commit=one.commit, root=os.fspath(repository))
    two = recorded_state(facts, tmp_path / "two" / "digits" / "run")
    mark.unlink(missing_ok=True)  # collecting the state is another's affair
    diff = code_diff(one, two)
    assert "cannot be laid over their commit" in diff.notes[0]
    assert not mark.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("git_facts", "problem"),
    [
        ({"commit": "--output=/tmp/x"}, "its commit is no commit's name"),
        ({"commit": 5}, "its commit is no commit's name"),
        ({"commit": "a" * 40, "patch": {"file": "../../x", "sha256": "0"}}, "cannot be read"),
        ({"commit": "a" * 40, "patch": {"file": 7}}, "cannot be read"),
        ({"commit": "a" * 40, "problem": "too large"}, "too large"),
        ({"commit": "a" * 40, "left_out": [1], "root": 5, "branch": None}, None),
    ],
)
def test_odd_records_of_code_are_not_known(git_facts: dict[str, Any], problem: str | None, tmp_path: Path) -> None:
    state = recorded_state(git_facts, tmp_path)
    if problem is None:
        assert state.problem is None
    else:
        assert problem in (state.problem or "")
        assert state.same(state) is None


def test_runs_that_were_started_elsewhere_say_so(tmp_path: Path) -> None:
    nowhere = code_state(record(tmp_path, "none"))
    outside = code_state(record(tmp_path, "outside", environment={"host": "box"}))
    assert nowhere.problem == "its environment was not recorded"
    assert outside.problem == "it was not started in a git repository"
    assert Code([nowhere, outside]).same is None
    assert Code([nowhere, outside]).to_dict()["diffs"][1]["text"] == ""
