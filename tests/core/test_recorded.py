"""A run as its folder tells it: running, killed, finished, damaged, resumed, edited."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.errors import RunAliveError, RunNotFoundError
from epochal.recorded import RecordedRun
from tests.core.journal_maker import T0, Maker, loop


def opened(role: str = "main", rank: int = 0, ordinal: int = 1, *, time: float = T0, **fields: Any) -> Maker:
    maker = Maker(role, rank, ordinal)
    maker.opening(time=time, **fields)
    return maker


def run_of(folder: Path, *makers: Maker) -> RecordedRun:
    for maker in makers:
        maker.save(folder)
    return RecordedRun(folder)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="no run in"):
        RecordedRun(tmp_path)


def test_a_running_run_is_read_and_refreshed() -> None:
    with epochal.init("digits", name="alive", config={"lr": 0.1, "model": {"depth": 2}}, tags=["a"], notes="n") as run:
        for step in range(50):
            run.log({"loss": 1 / (step + 1)})
        recorded = RecordedRun(run.folder)
        assert recorded.state == "running"
        assert recorded.finished is None
        assert (recorded.id, recorded.name, recorded.project) == (run.id, "alive", "digits")
        assert recorded.config == {"lr": 0.1, "model": {"depth": 2}}
        assert (recorded.tags, recorded.notes) == (("a",), "n")
        assert recorded.summary == {"loss": 0.02}
        assert len(recorded.history("loss")) == 50
        run.log({"loss": 5.0})
        assert len(recorded.history("loss")) == 51
        assert recorded.summary == {"loss": 5.0}
        run.config.lr = 0.2
        recorded.refresh()
        assert recorded.config["lr"] == 0.2
        assert recorded.notices == []
    recorded.refresh()
    assert recorded.state == "finished"
    assert recorded.started is not None
    assert recorded.finished is not None
    assert recorded.finished >= recorded.started
    assert len(recorded.history("loss")) == 51


def test_a_killed_run_has_all_that_was_acknowledged(tmp_path: Path) -> None:
    code = (
        "import epochal, os, signal\n"
        "run = epochal.init('digits', id='killed')\n"
        "for step in range(1000): run.log({'loss': step / 3}, step=step)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    recorded = RecordedRun(Path(os.environ["EPOCHAL_DIR"]) / "digits" / "killed")
    assert recorded.state == "killed"
    assert recorded.history("loss").values.tolist() == [step / 3 for step in range(1000)]
    assert recorded.summary == {"loss": 333.0}


def test_the_newest_by_time_counts_whatever_file_it_is_in(tmp_path: Path) -> None:
    main, edit, resumed = opened(), opened("edit", ordinal=2), opened(ordinal=3)
    main.record("meta", set={"name": "a", "tags": ["x"], "group": "g"}, time=T0 + 50)
    main.record("config", ops=[[["a"], 1], [["b"], {"c": 1, "d": 2}], [["list"], [1]]], time=T0 + 50)
    main.record("config", ops=[[["b", "c"], 5], [["a"]], [["b", "e", "f"], 6], [["list", "x"], 1]], time=T0 + 60)
    edit.record("meta", set={"name": "b"}, time=T0 + 70)
    edit.record("config", ops=[[["b", "d"]], [["nothing", "here"]]], time=T0 + 70)
    resumed.record("meta", set={"name": "c", "notes": "late"}, time=T0 + 65)
    resumed.record("config", ops=[[["b", "c"], "early"]], time=T0 + 55)
    run = run_of(tmp_path, main, edit, resumed)
    assert (run.name, run.tags, run.group, run.notes) == ("b", ("x",), "g", "late")
    assert run.config == {"b": {"c": 5, "e": {"f": 6}}, "list": {"x": 1}}


def test_odd_records_are_passed_over(tmp_path: Path) -> None:
    main = opened()
    main.record("meta", set=7)
    main.record("config", ops="x")
    main.record("config", ops=[7, [], ["path"], [[1], 2], [[], 5], [["ok"], 1]])
    main.record("summary", set=[1], delete=7)
    main.record("metric", name=7)
    main.record("metric", name="x", summary="min", goal="up")
    main.record("environment", values=None)
    main.record("notice")
    main.record("segment")
    main.record("row", step="x", values={"x": 1.0})
    main.record("row", step=1, values=[1.0])
    main.record("row", step=1, values={"x": [1], "y": None, "z": 1.0})
    main.record("finish")
    run = run_of(tmp_path, main)
    assert run.config == {"ok": 1}
    assert run.metrics == ["z"]
    assert run.summary == {"z": 1.0}
    assert run.environment == {}
    assert run.state == "finished"
    assert [notice.code for notice in run.notices] == ["None"]


def test_a_user_may_change_what_was_read_without_changing_what_is_read_next(tmp_path: Path) -> None:
    main = opened()
    main.record("config", ops=[[["a"], {"b": [1]}]])
    run = run_of(tmp_path, main)
    run.config["a"]["b"].append(2)
    main.record("notice", code="x", text="y")
    main.save(tmp_path)
    assert run.refresh()
    assert run.config == {"a": {"b": [1]}}


def test_the_summary_is_the_last_visible_value_in_order_and_by_hand_is_over_it(tmp_path: Path) -> None:
    main, child = opened(), Maker("child", 0, 2)
    child.opening(parent={"writer": main.hex, "seq": 1, "ordinal": 1})
    loop(main, [5, 3, 4], x=1.0, y=2.0)
    main.row(0, {"n": 7})
    main.frame_row(1, {"note": "last words", "nan": math.nan})
    child.row(0, {"y": 100.0})
    main.record("summary", set={"x": "mine", "best": 1}, delete=[])
    other = opened(rank=1)
    other.row(0, {"x": -1.0, "z": 1.0})
    run = run_of(tmp_path, main, child, other)
    assert math.isnan(run.derived_summary.pop("nan"))
    assert run.derived_summary == {"x": 5.0, "y": 100.0, "n": 7, "note": "last words"}
    assert run.summary == {"x": "mine", "y": 100.0, "n": 7, "note": "last words", "best": 1}
    main.record("summary", set={}, delete=["x"])
    assert run_of(tmp_path, main).summary["x"] == 5.0


def test_abandoned_rows_do_not_reach_the_summary(tmp_path: Path) -> None:
    main = opened()
    loop(main, range(9), x=1.0, y=1.0)
    main.frame_row(20, {"note": "abandoned"})
    main.record("segment", why="rewind", cut={"step": 4}, next_step=4)
    run = run_of(tmp_path, main)
    assert run.summary == {"x": 4.0, "y": 4.0}
    main.record("segment", why="import", cut={"metrics": {"x": 2}}, next_step=0)
    assert run_of(tmp_path, main).summary == {"x": 2.0, "y": 4.0}


def test_definitions_choose_what_the_summary_holds(tmp_path: Path) -> None:
    main = opened()
    for name, summary, goal in (
        ("val/*", ["max"], None),
        ("val/loss", ["best"], "min"),
        ("acc", ["min", "max", "mean", "first", "last"], None),
        ("quiet", ["none"], None),
        ("nan", ["min"], None),
        ("flag", ["min", "best"], "max"),
        ("v*s", ["first"], None),
    ):
        main.record("metric", name=name, step=None, summary=summary, goal=goal)
    main.record("metric", name="val/*", step="epoch", summary=None, goal=None)
    main.record("metric", name="val/*", step="epoch", summary=["max"], goal=None)
    for step, value in enumerate((3.0, math.nan, 1.0, 2.0)):
        main.row(
            step, {"val/acc": value, "val/loss": value, "acc": value, "quiet": value, "nan": math.nan, "vals": value}
        )
        main.row(step, {"flag": step == 2})
    run = run_of(tmp_path, main)
    nan = run.summary.pop("nan")
    assert math.isnan(run.derived_summary.pop("nan"))
    assert math.isnan(nan)
    assert run.summary == {
        "acc": 1.0, "acc.min": 1.0, "acc.max": 3.0, "acc.mean": 2.0, "acc.first": 3.0, "acc.last": 2.0,
        "flag": False, "flag.min": False, "flag.best": True, "flag.best_step": 2,
        "val/acc": 3.0, "val/loss": 1.0, "val/loss.best_step": 2, "vals": 3.0,
    }  # fmt: skip
    assert run.axis("val/loss") == "epoch"
    assert run.axis("acc") == "step"


def test_the_recorded_summary_is_taken_where_nothing_newer_is_there(tmp_path: Path) -> None:
    opening = {"boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(), "pid": 2**22 + 1}
    main = opened()
    main.opening(**opening)
    loop(main, range(3), x=1.0)
    main.record("finish", state="finished", exit_code=0)
    system = Maker("system", 0, 2)
    system.opening(**opening)
    system.record("derived", values={"x": "recorded"}, time=T0 + 500)
    main_path, system_path = main.save(tmp_path), system.save(tmp_path)
    for path, seconds in ((main_path, 400), (system_path, 500)):
        os.utime(path, (T0 + seconds, T0 + seconds))
    assert RecordedRun(tmp_path).summary == {"x": "recorded"}
    os.utime(main_path, (T0 + 501, T0 + 501))
    assert RecordedRun(tmp_path).summary == {"x": 3.0}
    os.utime(main_path, (T0 + 400, T0 + 400))
    resumed = opened(ordinal=3, time=T0 + 600)
    resumed.row(9, {"x": 9.0})
    os.utime(resumed.save(tmp_path), (T0 + 1, T0 + 1))
    assert RecordedRun(tmp_path).summary == {"x": 9.0}


def test_damage_and_unreadable_files_are_told_and_never_raise(tmp_path: Path) -> None:
    main = opened()
    loop(main, range(20), x=1.0)
    main.record("notice", code="value", text="odd value", data={"metric": "x"})
    main.record("missing", rows=3, first=7, last=9)
    main.data[main.frames[main.seq - 1].offset + 20] ^= 1
    main.save(tmp_path)
    folder = tmp_path / "journal"
    (folder / "main-0-9-ff.epochal").write_bytes(b"garbage" * 99)
    (folder / "main-0-8-ff.epochal").write_bytes(b"")
    (folder / "dangling.epochal").symlink_to(tmp_path / "nowhere")
    os.utime(folder / "main-0-8-ff.epochal", (1, 1))
    newer = bytearray(opened(ordinal=7).data)
    (folder / "copy.epochal").write_bytes(main.data[:1000])
    run = RecordedRun(tmp_path)
    assert len(run.history("x")) == 20
    told = {notice.file: notice for notice in run.notices}
    assert told["main-0-9-ff.epochal"].code == "unreadable"
    assert "0 bytes" in told["main-0-8-ff.epochal"].text
    assert "a copy of" in told["copy.epochal"].text
    assert told["dangling.epochal"].code == "unreadable"
    codes = [notice.code for notice in run.notices if notice.file.endswith(f"{main.hex[:8]}.epochal")]
    assert codes == ["damage", "missing"]
    assert "3 rows missing, seq 7 to 9" in run.notices[-1].text
    (folder / "main-0-9-ff.epochal").write_bytes(newer)
    assert run.refresh()
    assert "main-0-9-ff.epochal" not in {notice.file for notice in run.notices}


def test_a_run_without_any_readable_journal_says_so(tmp_path: Path) -> None:
    (tmp_path / "p" / "run9" / "journal").mkdir(parents=True)
    (tmp_path / "p" / "run9" / "journal" / "main-0-1-x.epochal").write_bytes(b"x" * 100)
    run = RecordedRun(tmp_path / "p" / "run9")
    assert (run.id, run.name, run.project, run.state) == ("run9", "run9", "p", "lost")
    assert (run.config, run.summary, run.metrics, run.started, run.host) == ({}, {}, [], None, None)
    assert len(run.notices) == 1
    assert "run9" in repr(run)


def test_files_that_come_and_go_are_noticed(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    loop(first, range(3), x=1.0)
    loop(second, range(3, 6), x=1.0)
    run = run_of(tmp_path, first)
    assert len(run.history("x")) == 3
    path = second.save(tmp_path)
    assert len(run.history("x")) == 6
    path.unlink()
    assert len(run.history("x")) == 3
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    (tmp_path / "journal").rmdir()
    assert not run.refresh()
    assert run.name == "run1"


def test_the_project_is_the_folder_above_unless_the_run_was_taken_out(tmp_path: Path) -> None:
    run = run_of(tmp_path / "other%2Fname" / "run1", opened())
    assert run.project == "other/name"
    assert run_of(tmp_path / "elsewhere" / "renamed", opened()).project == "digits"


def test_a_run_is_renamed_tagged_noted_and_deleted_by_journals_of_its_own() -> None:
    with epochal.init("digits", name="before", tags=["a", "b"]) as run:
        run.log({"loss": 1.0})
        recorded = RecordedRun(run.folder)
        with pytest.raises(RunAliveError):
            recorded.delete()
        recorded.rename("after")
        assert recorded.name == "after"
    main = next((run.folder / "journal").glob("main-*.epochal")).read_bytes()
    recorded.tag(add=["c", "a"], remove="b")
    recorded.note("a note")
    assert (recorded.tags, recorded.notes) == (("a", "c"), "a note")
    assert RecordedRun(run.folder).name == "after"
    assert next((run.folder / "journal").glob("main-*.epochal")).read_bytes() == main
    place = recorded.delete()
    assert not run.folder.exists()
    assert RecordedRun(place).name == "after"
