"""A panel gets its lines exact or reduced, smoothed on the full history, and one run's trouble is its own."""

from __future__ import annotations

import math
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.recorded import RecordedRun
from epochal.smoothing import smooth
from epochal_server.curves_request import Grouping
from epochal_server.problems import Problem
from tests.core.journal_maker import Maker
from tests.core.recorded_runs import record

from .curves_made import Panel, entry_of


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def long_run(root: Path, count: int = 5000, **options: Any) -> RecordedRun:
    run = epochal.init("p", dir=root, **options)
    random = np.random.default_rng(count)
    values = np.exp(-np.arange(count) / 500) + random.normal(0, 0.1, count)
    run.extend({"loss": values, "acc": 1 - values}, steps=np.arange(count) * 2, times=1e9 + np.arange(count))
    run.finish()
    return RecordedRun(run.folder)


def test_a_short_line_is_exact(tmp_path: Path) -> None:
    run = record(tmp_path, "one", metrics={"loss": [3.0, math.nan, 1.0]}, steps=[0, 10, 20])
    header = Panel({"one": run}).ask("loss", smoothing=0.9)
    assert (header["x"], header["revision"], header["clip"]) == ("step", 7, None)
    (line,) = header["lines"]
    assert (line["run"], line["group"], line["series"], line["kind"]) == ("one", None, 0, "line")
    assert (line["points"], line["reduced"], line["not_finite"]) == (3, False, 1)
    np.testing.assert_array_equal(line["y"], [3.0, math.nan, 1.0])
    assert line["step"].tolist() == line["x"].tolist() == [0.0, 10.0, 20.0]
    assert line["time"].tolist() == run.history("loss").times.tolist()
    assert not {"raw", "low", "high"} & line.keys()


def test_a_long_line_is_smoothed_on_all_of_its_points_and_then_reduced(tmp_path: Path) -> None:
    run = long_run(tmp_path)
    values = run.history("loss").values
    (line,) = Panel({"one": run}).lines("loss", smoothing=0.9, width=100)
    assert line["reduced"]
    assert line["points"] == 5000
    at = (line["step"] / 2).astype(int)
    assert len(at) == 100
    assert at[-1] == 4999
    np.testing.assert_allclose(line["y"], smooth(values, 0.9)[at], rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(line["raw"], values[at])
    for stretch, (low, high) in enumerate(zip(line["low"], line["high"], strict=True)):
        begin = at[stretch - 1] + 1 if stretch else 0
        assert (low, high) == (values[begin : at[stretch] + 1].min(), values[begin : at[stretch] + 1].max())
    (plain,) = Panel({"one": run}).lines("loss", width=100)
    np.testing.assert_array_equal(plain["y"], values[at])
    assert "raw" not in plain


@pytest.mark.parametrize("width", [100, 8000], ids=["reduced", "whole"])
@pytest.mark.parametrize("group", [None, Grouping(("project",), "minmax")], ids=["runs", "a group"])
def test_who_has_an_answer_is_sent_only_what_smoothing_changes(
    tmp_path: Path, width: int, group: Grouping | None
) -> None:
    runs = {name: long_run(tmp_path / name, count) for name, count in (("one", 5000), ("two", 4000))}
    panel = Panel(runs)
    options: dict[str, Any] = {"width": width, "group": group}
    before = panel.ask("loss", "acc", **options)
    assert not before["partial"]
    again = panel.ask("loss", "acc", smoothing=0.9, have=before["data"], **options)
    full = panel.ask("loss", "acc", smoothing=0.9, **options)
    assert again["partial"]
    assert again["data"] == before["data"] == full["data"]
    assert len(again["lines"]) == len(full["lines"])
    for part, whole, first in zip(again["lines"], full["lines"], before["lines"], strict=True):
        arrays = {name for name, value in part.items() if isinstance(value, np.ndarray)}
        # what is whole is smoothed in the browser
        smoothed = {"y"} if width == 100 else set()
        assert ("raw" in whole) == (width == 100)
        assert arrays == smoothed | ({"low", "high"} if group is not None else set())
        # what was there and what has come is the same as all of it anew
        merged = {**first, **part}
        for name, value in whole.items():
            expected = first["y"] if name == "raw" else merged[name]
            np.testing.assert_array_equal(value, expected, err_msg=name)


def test_an_answer_that_holds_no_more_comes_whole(tmp_path: Path) -> None:
    run = long_run(tmp_path)
    panel = Panel({"one": run})
    have = panel.ask("loss", width=100)["data"]
    for other in ({"width": 120}, {"range": (0.0, 4000.0)}, {"x": "relative"}, {"log_x": True}):
        assert not panel.ask("loss", smoothing=0.5, have=have, **{"width": 100, **other})["partial"], other
    assert not panel.ask("acc", smoothing=0.5, have=have, width=100)["partial"]
    assert not panel.ask("loss", smoothing=0.5, have="another server's", width=100)["partial"]
    assert panel.ask("loss", smoothing=0.5, clip=True, have=have, width=100)["partial"]


def test_a_zoom_shows_raw_points_smoothed_as_in_the_whole_line(tmp_path: Path) -> None:
    run = long_run(tmp_path)
    values = run.history("loss").values
    (line,) = Panel({"one": run}).lines("loss", smoothing=0.99, width=100, range=(1000.0, 1100.0))
    assert not line["reduced"]
    assert line["points"] == 51
    assert line["step"].tolist() == [2.0 * at for at in range(499, 552)]
    np.testing.assert_array_equal(line["raw"], values[499:552])
    np.testing.assert_allclose(line["y"], smooth(values, 0.99)[499:552], rtol=1e-9, atol=1e-11)
    (nothing,) = Panel({"one": run}).lines("loss", range=(1e6, 2e6))
    assert (nothing["points"], nothing["step"].tolist()) == (0, [9998.0])


@pytest.mark.parametrize("x", ["relative", "time", "metric:epoch"])
def test_other_axes_give_exact_steps_too(x: str, tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    count = 3000
    run.extend(
        {"loss": np.arange(count) * 1.0, "epoch": np.arange(count) // 7},
        steps=np.arange(count),
        times=1e9 + np.arange(count),
    )
    run.finish()
    history = RecordedRun(run.folder).history("loss", x=x)
    (line,) = Panel({"one": RecordedRun(run.folder)}).lines("loss", x=x, width=200)
    at = line["step"].astype(int)
    np.testing.assert_array_equal(line["x"], history.x[at])
    np.testing.assert_array_equal(line["time"], history.times[at])
    assert line["reduced"]
    assert at[-1] == count - 1


def test_lines_share_their_stretches(tmp_path: Path) -> None:
    runs = {"long": long_run(tmp_path, 8000), "short": long_run(tmp_path, 2000)}
    long, short = Panel(runs).lines("loss", width=400)
    assert len(long["x"]) == 400
    assert len(short["x"]) == 100  # a quarter of the axis
    assert set(short["x"].tolist()[:-1]) <= set(long["x"].tolist())


def test_logarithmic_axes_begin_at_what_is_positive(tmp_path: Path) -> None:
    panel = Panel({"one": long_run(tmp_path)})
    for ends in (None, (-5.0, 9998.0), (0.0, 9998.0)):
        (line,) = panel.lines("loss", log_x=True, width=100, range=ends)
        assert line["x"][0] == 2.0
        assert line["points"] == 4999
        assert line["reduced"]
    (line,) = panel.lines("loss", log_x=True, range=(-9.0, -1.0))
    assert line["points"] == 0
    run = record(tmp_path, "two", metrics={"loss": [1.0]}, steps=[0])
    assert Panel({"one": run}).lines("loss", log_x=True)[0]["points"] == 0


def test_ghosts_follow_their_line(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    for step in range(20):
        run.log({"loss": 1.0}, step=step)
    run.rewind(10)
    for step in range(10, 30):
        run.log({"loss": 2.0}, step=step)
    run.finish()
    panel = Panel({"one": RecordedRun(run.folder)})
    line, ghost = panel.lines("loss", abandoned=True)
    assert [(each["kind"], each["points"]) for each in (line, ghost)] == [("line", 30), ("ghost", 10)]
    assert ghost["run"] == "one"
    assert ghost["step"].tolist() == list(range(10, 20))
    line, ghost = panel.lines("loss", abandoned=True, smoothing=0.5)
    assert ("raw" in line, "raw" in ghost) == (False, True)
    assert len(panel.lines("loss")) == 1


def test_what_one_run_cannot_give_is_said_of_its_line_and_the_others_come(tmp_path: Path) -> None:
    runs = {name: record(tmp_path, name, metrics={"loss": [1.0, 2.0]}) for name in ("one", "two", "three")}
    runs["four"] = record(tmp_path, "four", metrics={"acc": [1.0]})
    panel = Panel(runs)
    assert len(panel.lines("loss")) == 4
    shutil.rmtree(runs["two"].path)
    (runs["three"].path / "journal").rename(runs["three"].path / "elsewhere")
    lines = {line["run"]: line for line in panel.lines("loss", runs=("one", "two", "three", "four", "five"))}
    assert lines["one"]["y"].tolist() == [1.0, 2.0]
    for name in ("two", "three", "five"):
        assert lines[name]["error"] == "there is no such run any more"
        assert "missing" not in lines[name]
    assert "no metric 'loss'" in lines["four"]["error"]
    assert lines["four"]["missing"] is True


def test_a_damaged_journal_gives_what_is_whole(tmp_path: Path) -> None:
    runs = {name: record(tmp_path, name, metrics={"loss": [float(step) for step in range(50)]}) for name in "ab"}
    (path,) = (runs["a"].path / "journal").glob("*.epochal")
    data = bytearray(path.read_bytes())
    data[400:900] = bytes(500)
    path.write_bytes(data)
    first, second = Panel(runs).lines("loss")
    assert "error" in first or len(first["y"]) < 50
    assert len(second["y"]) == 50


def test_runs_that_are_written_and_deleted_meanwhile(tmp_path: Path) -> None:
    runs = [epochal.init("p", dir=tmp_path) for _ in range(3)]
    for run in runs:
        run.log({"loss": 0.0}, step=0)
    panel = Panel({run.id: RecordedRun(run.folder) for run in runs})
    ended = threading.Event()

    def write() -> None:
        for step in range(1, 2500):
            for run in runs[:2]:
                run.log({"loss": 0.5 * step}, step=step)
        ended.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen: dict[str, int] = {}
    while not ended.is_set():
        for line in panel.lines("loss", width=8000):
            assert line["y"].tolist() == [0.5 * step for step in range(len(line["y"]))]
            assert len(line["y"]) >= seen.get(line["run"], 0)
            seen[line["run"]] = len(line["y"])
    thread.join()
    assert [len(line["y"]) for line in panel.lines("loss", width=8000)] == [2500, 2500, 1]
    for run in runs:
        run.finish()
    shutil.rmtree(runs[0].folder)
    assert ["error" in line for line in panel.lines("loss")] == [True, False, False]


def test_formulas(tmp_path: Path) -> None:
    runs = {
        "one": record(tmp_path, "one", metrics={"train/loss": [3.0, 2.0], "val/loss": [1.0, 0.5]}),
        "two": record(tmp_path, "two", metrics={"train/loss": [3.0, 2.0]}),
    }
    panel = Panel(runs)
    first, second = panel.lines((None, "train/loss - val/loss"))
    assert first["y"].tolist() == [2.0, 1.5]
    assert second["missing"] is True
    with pytest.raises(Problem) as caught:
        panel.lines("train/loss", (None, "train/loss - vall/loss"))
    assert caught.value.status == 400
    assert caught.value.more["at"] == 13
    assert caught.value.more["input"] == "series[1].formula"
    assert "did you mean" in caught.value.more["detail"]
    with pytest.raises(Problem) as caught:
        panel.lines((None, "train/loss - `\N{ROCKET}`"))
    # as a browser counts characters: a rocket is two
    assert (caught.value.more["at"], caught.value.more["length"]) == (13, 4)


def test_a_formula_of_different_steps_says_how_they_meet(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    for step in range(10):
        maker.row(step, {"train": 1.0 * step})
    maker.row(4, {"val": 0.5})
    maker.save(tmp_path / "p" / "one")
    (line,) = Panel({"one": RecordedRun(tmp_path / "p" / "one")}).lines((None, "train - val"))
    assert (line["step"].tolist(), line["y"].tolist(), line["joined"]) == ([4.0], [3.5], "same steps")


def test_clipping_is_of_what_is_drawn(tmp_path: Path) -> None:
    values = [*range(100), 10_000.0]
    run = record(tmp_path, "one", metrics={"loss": values})
    panel = Panel({"one": run})
    assert panel.ask("loss", clip=True)["clip"] == [5.0, 95.0]
    ordered = np.sort(smooth(values, 0.5))
    assert panel.ask("loss", clip=True, smoothing=0.5)["clip"] == pytest.approx([ordered[5], ordered[95]])
    assert panel.ask("loss")["clip"] is None


def test_system_metrics_are_found_by_their_names(tmp_path: Path) -> None:
    main, system = Maker(), Maker("system", ordinal=2)
    for maker, metric in ((main, "loss"), (system, "cpu.percent")):
        maker.opening()
        maker.row(0, {metric: 50.0})
        maker.save(tmp_path)
    panel = Panel({"one": entry_of(RecordedRun(tmp_path))})
    assert panel.lines("cpu.percent")[0]["y"].tolist() == [50.0]
    assert panel.lines((None, "cpu.percent / 2"))[0]["y"].tolist() == [25.0]


def test_steps_of_int64_are_exact(tmp_path: Path) -> None:
    first = 2**60 + 1
    run = record(tmp_path, "one", metrics={"loss": [1.0, 2.0, 3.0]}, steps=[first, first + 1, first + 7])
    (line,) = Panel({"one": run}).lines("loss")
    assert line["step_base"] == str(first)
    assert line["step"].tolist() == [0.0, 1.0, 7.0]
    assert line["points"] == 3


def test_no_runs_and_no_points(tmp_path: Path) -> None:
    assert Panel({}).lines("loss") == []
    maker = Maker()
    maker.opening()
    maker.frame_row(0, {"loss": "a text"})
    maker.save(tmp_path)
    for group in (None, Grouping((), "std")):
        (line,) = Panel({"one": RecordedRun(tmp_path)}).lines("loss", group=group, smoothing=0.5, clip=True)
        assert line["points"] == 0
