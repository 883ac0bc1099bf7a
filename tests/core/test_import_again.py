"""Importing again: nothing is doubled, what a source has gained is added, and what was changed by hand stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal.errors import StorageError
from epochal.exchange import import_writer
from epochal.exchange.import_report import TakenRun
from epochal.journal.verify import verify
from epochal.recorded import RecordedRun

from .odd_run import make_odd_run, record_of


def table(rows: list[tuple[int, Any]], name: str = "loss") -> str:
    return "".join([f"step,{name}\n", *(f"{step},{value!r}\n" for step, value in rows)])


def bring(path: Path, **options: Any) -> TakenRun:
    """Import a file that gives one run."""
    report = epochal.import_runs(path, **options)
    assert report.skipped == []
    (run,) = report.runs
    return run


def points(taken: TakenRun, metric: str = "loss", **options: Any) -> list[tuple[int, Any]]:
    history = RecordedRun(taken.path).history(metric, **options)
    return list(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def journals(taken: TakenRun) -> list[str]:
    return sorted(path.name for path in (taken.path / "journal").glob("*.epochal"))


def test_what_has_not_changed_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([(0, 0.5)]))
    first = bring(path)
    before = journals(first)
    os.utime(path, (1, 1))
    path.touch()
    second = bring(path)
    assert (first.outcome, second.outcome) == ("new", "unchanged") or second.added == 0
    assert points(second) == [(0, 0.5)]
    third = bring(path)
    assert third.outcome == "unchanged"
    assert third.points is None
    assert journals(third)[: len(before)] == before


def test_what_a_source_has_gained_is_added(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [(step, step / 4) for step in range(20)]
    for count in (5, 6, 20):
        path.write_text(table(rows[:count]))
        taken = bring(path)
        assert points(taken) == rows[:count]
        assert points(taken, duplicates=True) == rows[:count]
    assert taken.outcome == "grown"
    assert taken.added == 14
    assert RecordedRun(taken.path).state == "finished"


def test_what_a_source_says_otherwise_now_replaces_what_it_said(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]))
    bring(path)
    path.write_text(table([(0, 1.0), (1, 2.0), (2, 30.0)]))
    taken = bring(path)
    assert taken.added == 1
    assert points(taken, duplicates=True) == [(0, 1.0), (1, 2.0), (2, 30.0)]
    kept = points(taken, duplicates=True, abandoned=True)
    assert (2, 3.0) in kept
    assert (3, 4.0) in kept
    path.write_text(table([(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]))
    assert points(bring(path), duplicates=True) == [(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0)]


def test_a_metric_that_is_gone_from_the_source_is_hidden(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,a,b\n0,1,2\n")
    bring(path)
    path.write_text("step,a\n0,1\n")
    taken = bring(path)
    assert points(taken, "a") == [(0, 1)]
    assert points(taken, "b") == []


def test_changes_by_hand_stay(tmp_path: Path) -> None:
    with epochal.init("p", name="theirs", config={"lr": 0.1}, id="shared") as run:
        run.log({"loss": 1.0})
        run.summary["best"] = 1
    out = tmp_path / "out.jsonl"
    epochal.export_runs(run.folder, out, format="jsonl")
    taken = bring(out, dir=tmp_path / "back")
    from epochal import edits

    RecordedRun(taken.path).rename("mine")
    edits.edit(taken.path, config_ops=[[["mine"], 1]], summary_set={"verdict": "good", "best": 2})
    with epochal.init("p", id="shared", resume="must") as run:
        run.log({"loss": 0.5})
        run.config["lr"] = 0.2
        run.config["new"] = True
    epochal.export_runs(run.folder, out, format="jsonl", force=True)
    again = bring(out, dir=tmp_path / "back")
    assert (again.outcome, again.added) == ("grown", 1)
    back = RecordedRun(again.path)
    assert back.name == "mine"
    assert back.config == {"lr": 0.2, "new": True, "mine": 1}
    assert back.manual_summary == {"best": 2, "verdict": "good"}


def test_other_options_are_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,it,loss\n0,10,1.5\n")
    assert points(bring(path)) == [(0, 1.5)]
    assert points(bring(path, options={"step": "it"})) == [(10, 1.5)]
    taken = bring(path, options={"step": "it"}, name="named", tags=["t"])
    assert RecordedRun(taken.path).name == "named"


def test_a_run_that_was_recorded_here_is_left_alone(tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    epochal.export_runs(run, tmp_path / "out.csv", format="csv")
    before = record_of(run, rank="all")
    taken = bring(tmp_path / "out.csv", dir=tmp_path / "runs")
    assert taken.outcome == "here"
    assert record_of(RecordedRun(run.path), rank="all") == before


def test_a_run_that_was_gone_on_with_after_its_import_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([(0, 1.0)]))
    taken = bring(path, project="p")
    with epochal.init("p", id=taken.id, resume="must") as run:
        run.log({"loss": 0.5}, step=1)
    path.write_text(table([(0, 1.0), (1, 2.0)]))
    assert bring(path).outcome == "here"
    assert points(taken) == [(0, 1.0), (1, 0.5)]


def test_a_run_that_was_moved_to_another_project_is_found_there(tmp_path: Path) -> None:
    from epochal import edits

    path = tmp_path / "log.csv"
    path.write_text(table([(0, 1.0)]))
    edits.move(bring(path).path, "elsewhere")
    path.write_text(table([(0, 1.0), (1, 2.0)]))
    taken = bring(path)
    assert (taken.project, taken.outcome) == ("elsewhere", "grown")


def test_an_import_that_was_killed_at_any_record_is_completed_by_the_next(tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    out = tmp_path / "out.jsonl"
    epochal.export_runs(run, out, format="jsonl", system=True)
    code = f"""
import os, signal, sys, epochal
from epochal.journal.writer import JournalWriter
whole, count = JournalWriter._frame, [0]
def frame(self, payload, seq):
    count[0] += 1
    if count[0] == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    whole(self, payload, seq)
JournalWriter._frame = frame
epochal.import_runs({str(out)!r}, dir=sys.argv[2])
"""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for moment in (1, 4, 12, 35):
        root = tmp_path / f"back{moment}"
        done = subprocess.run([sys.executable, "-c", code, str(moment), str(root)], env=variables, check=False)
        assert done.returncode == -signal.SIGKILL
        taken = bring(out, dir=root)
        back = RecordedRun(taken.path)
        assert record_of(back, rank="all") == record_of(run, rank="all")
        assert record_of(back, system=True) == record_of(run, system=True)
        assert back.config.keys() == run.config.keys()
        assert back.state == run.state
        for name in back.metrics:
            assert len(back.history(name, duplicates=True)) == len(run.history(name))
        assert bring(out, dir=root).outcome == "unchanged"


@pytest.mark.parametrize("length", [0, 1, 63])
def test_a_journal_that_an_import_died_before_writing_stands_in_no_way(tmp_path: Path, length: int) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([(0, 1.0)]))
    taken = bring(path)
    for role in ("import", "system"):
        empty = taken.path / "journal" / f"{role}-0-9-00000000.epochal"
        empty.write_bytes(bytes(length))
        os.utime(empty, (1, 1))
    path.write_text(table([(0, 1.0), (1, 2.0)]))
    assert bring(path).outcome == "grown"
    assert points(taken) == [(0, 1.0), (1, 2.0)]
    assert verify(taken.path).sound
    assert bring(path).outcome == "unchanged"


def test_storage_that_has_no_room_is_an_error_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table([(0, 1.0)]))
    taken = bring(path)
    before = journals(taken)
    path.write_text(table([(step, 1.0) for step in range(50)]))

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_writer, "write_rows", fail)
    with pytest.raises(StorageError, match="No space left"):
        epochal.import_runs(path)
    assert journals(taken) == before
    (tmp_path / "new.csv").write_text(table([(0, 1.0)]))
    with pytest.raises(StorageError):
        epochal.import_runs(tmp_path / "new.csv", dir=tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == [".gitignore"]
    monkeypatch.undo()


def test_several_ranks_grow_each_for_itself(tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    out = tmp_path / "out.csv"
    epochal.export_runs(run, out, format="csv")
    lines = out.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = [line for line in lines if not (",loss,float,4," in line and ",104.0,1," in line)]
    assert len(cut) == len(lines) - 1
    out.write_text("".join(cut), encoding="utf-8")
    bring(out, dir=tmp_path / "back")
    out.write_text("".join(lines), encoding="utf-8")
    taken = bring(out, dir=tmp_path / "back")
    assert taken.added == 1
    back = RecordedRun(taken.path)
    assert back.history("loss", rank=1).values.tolist() == run.history("loss", rank=1).values.tolist()


rows = st.lists(st.tuples(st.integers(-3, 6), st.sampled_from([0.0, 1.0, 2, True, float("nan")])), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, min_size=1, max_size=4))
def test_whatever_a_source_becomes_history_is_what_it_says_at_last(
    tmp_path_factory: pytest.TempPathFactory, states: list[list[tuple[int, Any]]]
) -> None:
    folder = tmp_path_factory.mktemp("states")
    path = folder / "log.jsonl"
    for state in states:
        state = state or [(0, 5.0)]
        path.write_text("".join(json.dumps({"step": step, "a": value}) + "\n" for step, value in state))
        taken = bring(path, dir=folder / "runs")
        history = RecordedRun(taken.path).history("a", duplicates=True)
        wanted = sorted(state, key=lambda row: row[0])
        assert history.steps.tolist() == [step for step, _ in wanted]
        assert [str(float(value)) for value in history.values] == [str(float(value)) for _, value in wanted]
