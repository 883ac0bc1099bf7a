"""`epochal merge`: what it prints, its JSON, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from epochal.cli import schema
from tests.core.cli_call import call
from tests.core.make_runs import make_run
from tests.core.merge_tools import copied, write


def test_each_run_that_changed_has_a_line_and_all_are_counted(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "a", 1), make_run(tmp_path / "b", 2)
    out = call("merge", tmp_path / "a", tmp_path / "b", tmp_path / "to").out.splitlines()
    assert sorted(line.split()[1] for line in out[:2]) == sorted(
        f"{run.parent.name}/{run.name}" for run in (first, second)
    )
    assert all("new: 2 new files" in line for line in out[:2])
    assert out[2].startswith("2 runs: 2 new; ")
    assert call("merge", tmp_path / "a", tmp_path / "to").out == "1 runs: 1 unchanged; 0 B copied\n"
    write(first / "files" / "x", b"x" * 2048)
    told = call("merge", "--dry-run", tmp_path / "a", tmp_path / "to").out
    assert "extended: 1 new files, 2.0 kB" in told
    assert "would be copied" in told
    assert "extended: 1 new files" in call("merge", tmp_path / "a", tmp_path / "to").out


@pytest.mark.parametrize("kind", ["new", "unchanged", "conflict", "trashed", "problem", "nothing"])
def test_the_json_is_what_its_schema_says(tmp_path: Path, kind: str) -> None:
    run = make_run(tmp_path / "a", 1)
    code = 0
    if kind == "nothing":
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").mkdir()
    if kind in ("unchanged", "trashed"):
        call("merge", tmp_path / "a", tmp_path / "to")
    if kind == "trashed":
        call("rm", "--yes", "--dir", tmp_path / "to", run.name)
    if kind == "conflict":
        code = 1
        other = copied(run, tmp_path / "to")
        write(run / "files" / "\x1b[31m", b"1")
        write(other / "files" / "\x1b[31m", b"2")
    if kind == "problem":
        code = 1
        write(tmp_path / "to" / run.parent.name / run.name, b"no folder")
    answer = call("merge", tmp_path / "a", tmp_path / "to", "--json", code=code)
    told = json.loads(answer.out)
    Draft202012Validator(schema.load("merge")).validate(told)
    assert "\x1b" not in answer.err
    if kind == "nothing":
        assert (told["runs"], "holds no runs" in answer.err) == ([], True)
        return
    (one,) = told["runs"]
    assert one["status"] == {"conflict": "extended", "problem": "unchanged"}.get(kind, kind)
    assert bool(one["conflicts"]) is (kind == "conflict")
    assert bool(one["problems"]) is (kind == "problem")


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    make_run(tmp_path / "a", 1)
    assert "name the folders to merge" in call("merge", tmp_path / "a", code=2).err
    assert "there is no folder" in call("merge", tmp_path / "no", tmp_path / "to", code=1).err
    assert "Missing argument" in call("merge", code=2).err
