"""A run that repeats a finished one of its project: the same code, config and data."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from epochal.companion import git
from epochal.companion.assignment import Assignment
from epochal.companion.repeat_search import RepeatSearch
from epochal.companion.system_journal import SystemJournal
from epochal.recorded import RecordedRun
from epochal.repeats import find_repeat
from tests.core.journal_maker import T0
from tests.core.recorded_runs import record
from tests.core.watched import Watched, records

CODE = {"git": {"commit": "a" * 40}, "command": {"argv": ["train.py"]}}
DATA = {"train": {"sha256": "b" * 64, "kind": "file", "bytes": 10, "method": "m", "coverage": "full"}}


def make(root: Path, id: str, **changes: Any) -> RecordedRun:
    started = T0 + 1000 * int(id[-1])  # and each ends within seconds of T0
    given = {"config": {"lr": 0.1, "seed": 1, "datasets": DATA}, "environment": CODE, "started": started, **changes}
    return record(root, id, **given)


def test_a_finished_run_with_the_same_code_config_and_data_is_found(tmp_path: Path) -> None:
    for id in ("run1", "run2"):
        make(tmp_path, id, name=f"name of {id}")
    found = find_repeat(make(tmp_path, "run3", finish=None))
    assert found is not None
    assert found.text == (
        "the finished run name of run2 (run2) had the same code, config and data — epochal compare shows both"
    )
    assert found.data() == {"run": "run2", "name": "name of run2", "data_known": True, "differing": []}


OTHERS: dict[str, dict[str, Any]] = {
    "another setting": {"config": {"lr": 0.2, "seed": 1, "datasets": DATA}},
    "another seed": {"config": {"lr": 0.1, "seed": 2, "datasets": DATA}},
    "a setting of another type": {"config": {"lr": 0.1, "seed": 1.0, "datasets": DATA}},
    "one setting more": {"config": {"lr": 0.1, "seed": 1, "x": None, "datasets": DATA}},
    "other data": {"config": {"lr": 0.1, "seed": 1, "datasets": {"train": {**DATA["train"], "sha256": "c" * 64}}}},
    "data more": {"config": {"lr": 0.1, "seed": 1, "datasets": {**DATA, "test": DATA["train"]}}},
    "no data": {"config": {"lr": 0.1, "seed": 1}},
    "data that were sampled": {
        "config": {"lr": 0.1, "seed": 1, "datasets": {"train": {**DATA["train"], "coverage": "sampled"}}}
    },
    "odd data": {"config": {"lr": 0.1, "seed": 1, "datasets": {"train": 5}}},
    "another commit": {"environment": {"git": {"commit": "b" * 40}}},
    "uncommitted changes": {"environment": {"git": {"commit": "a" * 40, "patch": {"file": "x", "sha256": "d" * 64}}}},
    "changed files that were left out": {"environment": {"git": {"commit": "a" * 40, "left_out": {"binary": ["a"]}}}},
    "code that is not known": {"environment": {"host": "box"}},
    "no environment": {"environment": None},
    "a failure": {"finish": "failed"},
    "no end": {"finish": None},
    "another project": {"project": "other"},
    "a run beside it": {"started": T0},
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_differs_makes_no_repeat(other: str, tmp_path: Path) -> None:
    if other != "a run beside it":
        make(tmp_path / "one", "run1", **OTHERS[other])
        assert find_repeat(make(tmp_path / "one", "run2")) is None
    make(tmp_path / "two", "run1")
    its_own_end = other in ("a failure", "no end")
    assert (find_repeat(make(tmp_path / "two", "run2", **OTHERS[other])) is not None) is its_own_end


def test_two_runs_that_recorded_no_data_are_told_so(tmp_path: Path) -> None:
    make(tmp_path, "run1", config={"lr": 0.1})
    found = find_repeat(make(tmp_path, "run2", config={"lr": 0.1}, environment={**CODE, "command": {"argv": ["x"]}}))
    assert found is not None
    assert not found.data_known
    assert found.differing == ["command"]
    assert "had the same code and config (neither has recorded its data); not the same: command" in found.text


def test_damaged_and_foreign_folders_stop_no_search(tmp_path: Path) -> None:
    make(tmp_path, "run1")
    broken = make(tmp_path, "run2")
    for path in (broken.path / "journal").iterdir():
        path.write_bytes(b"\xff" * 100)
    (tmp_path / "digits" / "run4").mkdir()
    (tmp_path / "digits" / "run5").write_text("a file")
    (tmp_path / "digits" / "run6" / "journal").mkdir(parents=True)
    found = find_repeat(make(tmp_path, "run3"))
    assert found is not None
    assert found.id == "run1"


def test_a_search_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "run1")
    last = make(tmp_path, "run2")
    monkeypatch.setattr("epochal.repeats.LIMIT_S", -1.0)
    assert find_repeat(last) is None


def assignment(folder: Path, rank: int = 0) -> Assignment:
    return Assignment(
        id=folder.name, project="digits", name="n", folder=os.fspath(folder), root=os.fspath(folder.parents[1]),
        rank=rank, journal="j", writer="0" * 32, ordinal=1, pid=os.getpid(), pid_start=None, argv=[], cwd="/",
        plugins=[],
    )  # fmt: skip


def test_nothing_is_searched_for_where_nothing_can_be_found(tmp_path: Path) -> None:
    run = make(tmp_path, "run1")

    def due(environment: dict[str, Any], rank: int = 0) -> float | None:
        journal = SystemJournal(assignment(run.path, rank))
        search = RepeatSearch(assignment(run.path, rank), journal, select.poll())
        search.begin(environment)
        search.last()
        found = search.due
        journal.close()
        return found

    assert due(CODE) is None  # the project's only run
    make(tmp_path, "run2", config={})
    assert due({"host": "box"}) is None  # code that is not known
    assert due(CODE, rank=1) is None
    assert due(CODE) is not None


@pytest.mark.skipif(git.line("/", "--version") is None, reason="needs git")
def test_the_companion_tells_it_while_the_run_lives_and_once_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    script = """
        for id in ("first", "run"):
            with epochal.init("test", id=id, config={"lr": 0.1}) as run:
                run.use_dataset("train", __file__)
                run.log({"loss": 0.5})
                if id == "run":
                    ready()
                else:
                    wait_for(lambda: any(run.folder.glob("files/code/*/packages.txt")))
    """
    (tmp_path / ".gitignore").write_text("cache\ntrain.py\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", ".gitignore"], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    training = Watched(tmp_path, script, env={"EPOCHAL_QUIET": ""}).ready()
    notice = training.frame("notice")
    assert notice["code"] == "repeat"
    assert notice["data"]["run"] == "first"
    assert notice["data"]["data_known"] is True
    status, printed = training.go_on().ended()
    assert status == 0
    assert notice["text"] in printed
    training.companion_ends()
    assert [found["code"] for found in training.frames() if found["k"] == "notice"] == ["repeat"]
    assert [found.code for found in RecordedRun(training.run).notices] == ["repeat"]
    first = tmp_path / "epochal-runs" / "test" / "first" / "journal"
    assert not [found for path in first.glob("system-*") for found in records(path) if found["k"] == "notice"]
    assert time.time() - notice["t"] < 600
