"""Exporting: what tables hold, where files come to stand, and that nothing half is left."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.errors import BadValueError, MissingDependencyError, RunNotFoundError, StorageError
from epochal.exchange import points as exported
from epochal.exchange.formats import PointChoice
from epochal.recorded import RecordedRun

from .odd_run import make_odd_run


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return make_odd_run(tmp_path / "runs")


def test_pandas_has_a_row_for_each_point_with_exact_columns_for_each_kind(run: RecordedRun) -> None:
    report = epochal.export_runs(run, format="pandas")
    frame = report.data
    assert len(frame) == report.points
    assert list(frame.columns) == [
        "run", "metric", "kind", "step", "time", "at", "value", "int_value", "text_value", "rank", "row"
    ]  # fmt: skip
    loss = frame[(frame.metric == "loss") & (frame["rank"] == 0)]
    history = run.history("loss")
    assert loss.step.tolist() == history.steps.tolist()
    assert loss.value.tolist() == history.values.tolist()
    assert loss.time.tolist() == history.times.tolist()
    assert str(frame["at"].dt.tz) == "UTC"
    assert abs(loss["at"].iloc[0].timestamp() - history.times[0]) < 1e-6
    ints = frame[frame.metric == "ints"].int_value
    assert [int(value) for value in ints] == [2**53 + 1, -(2**63), 2**63 - 1, 0]
    assert frame[frame.metric == "loss"].int_value.isna().all()
    assert frame[frame.kind == "text"].text_value.tolist()[:2] == ["five", "NaN"]
    facts = frame.attrs["epochal"]["runs"][0]
    assert facts["config"]["big"] == 2**90
    assert math.isnan(facts["config"]["nan"])


def test_pandas_of_a_run_without_points_has_the_same_columns(run: RecordedRun, tmp_path: Path) -> None:
    with epochal.init("empty") as empty:
        pass
    frame = epochal.export_runs(empty.folder, format="pandas").data
    full = epochal.export_runs(run, format="pandas").data
    assert len(frame) == 0
    assert list(frame.columns) == list(full.columns)


def test_the_wide_form_has_a_line_for_each_step(run: RecordedRun, tmp_path: Path) -> None:
    out = tmp_path / "wide.csv"
    report = epochal.export_runs(run, out, format="csv", options={"wide": "yes"}, rank=0)
    assert "neither times nor kinds" in report.left_out[0]
    import pandas as pd

    frame = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert frame["step"].astype(int).is_monotonic_increasing
    table = run.table(["loss", "ints"])
    for name in ("loss", "ints"):
        history = run.history(name)
        cells = frame.set_index("step")[name]
        words = [cells[str(step)] for step in history.steps.tolist()]
        assert words == list(map(repr, history.values.tolist()))  # noqa: PD011
    assert (frame[frame["loss"] != ""]["epoch"] != "").all()
    assert len(table) > 0


def test_the_wide_form_takes_up_many_points_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from epochal.exchange import wide_csv

    monkeypatch.setattr(exported, "PIECE", 7)
    monkeypatch.setattr(wide_csv, "_CELLS", 20)
    monkeypatch.setattr(wide_csv, "_MERGED", 10)
    with epochal.init("long") as run:
        for step in range(100):
            run.log({"a": step / 3} if step % 3 else {"a": step / 3, "b": step}, step=step * 2 - 50)
    out = tmp_path / "wide.csv"
    epochal.export_runs(run.folder, out, format="csv", options={"wide": "yes"})
    lines = out.read_text().splitlines()
    assert lines[0] == "run,rank,step,a,b"
    assert lines[1:] == [f"{run.id},0,{step * 2 - 50},{step / 3!r},{'' if step % 3 else step}" for step in range(100)]


def test_points_come_in_pieces_of_bounded_size(run: RecordedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [len(points) for points in exported.read_points(run, PointChoice())]
    monkeypatch.setattr(exported, "PIECE", 3)
    monkeypatch.setattr(exported, "_HELD", 1)
    pieces = [len(points) for points in exported.read_points(run, PointChoice())]
    assert max(pieces) <= 3 < max(whole)
    assert sum(pieces) == sum(whole)


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(run: RecordedRun, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    with pytest.raises(BadValueError, match="--force"):
        epochal.export_runs(run, out, format="csv")
    assert out.read_text() == "mine"
    epochal.export_runs(run, out, format="csv", force=True)
    assert out.read_text().startswith("run,metric")


def test_the_file_beside_is_not_replaced_either(run: RecordedRun, tmp_path: Path) -> None:
    (tmp_path / "out.csv.runs.json").write_text("mine")
    with pytest.raises(BadValueError, match=r"out\.csv\.runs\.json exists"):
        epochal.export_runs(run, tmp_path / "out.csv", format="csv")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "runs") == ["out.csv.runs.json"]


def test_a_folder_is_never_replaced(run: RecordedRun, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(BadValueError, match="is a folder"):
        epochal.export_runs(run, tmp_path / "out", format="csv", force=True)


def test_a_folder_that_is_not_there_is_a_clear_error(run: RecordedRun, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        epochal.export_runs(run, tmp_path / "no" / "out.csv", format="csv")


def test_storage_that_has_no_room_leaves_nothing(run: RecordedRun, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: the write fails in the middle."""
    code = f"""
import resource, signal, epochal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for format in ("csv", "jsonl", "archive"):
    try:
        epochal.export_runs({str(run.path)!r}, "out", format=format)
    except epochal.StorageError as error:
        print(error)
"""
    place = tmp_path / "place"
    place.mkdir()
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], cwd=place, env=variables, capture_output=True, text=True)
    assert done.stdout.count("nothing of it was left") == 3, done.stderr
    assert list(place.iterdir()) == []


def test_an_exporter_that_fails_leaves_nothing(
    run: RecordedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from epochal.exchange import csv_export

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(csv_export, "write_beside", fail)
    with pytest.raises(KeyboardInterrupt):
        epochal.export_runs(run, tmp_path / "out.csv", format="csv")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_run_that_is_being_recorded_is_exported_as_it_stands(tmp_path: Path) -> None:
    with epochal.init("live") as run:
        run.log({"loss": 1.0})
        report = epochal.export_runs(run.folder, tmp_path / "out.jsonl", format="jsonl")
        run.log({"loss": 0.5})
    assert report.runs[0]["live"]
    assert report.runs[0]["state"] == "running"
    assert report.points == 1
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["export", "run", "point"]
    (taken,) = epochal.import_runs(tmp_path / "out.jsonl", dir=tmp_path / "back").runs
    back = RecordedRun(taken.path)
    assert back.state == "lost"
    assert "running when it was exported" in str(back.ending.reason)


def test_every_number_of_json_lines_is_plain_json(run: RecordedRun, tmp_path: Path) -> None:
    epochal.export_runs(run, tmp_path / "out.jsonl", format="jsonl", abandoned=True, system=True)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=refuse)


def test_what_cannot_be_meant_is_refused(run: RecordedRun, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(BadValueError, match="did you mean 'csv'"):
        epochal.export_runs(run, out, format="cvs")
    with pytest.raises(BadValueError, match="no format 'x' to export: formats are archive, arrow, csv"):
        epochal.export_runs(run, out, format="x")
    with pytest.raises(BadValueError, match="'narrow' is not known: format csv has wide"):
        epochal.export_runs(run, out, format="csv", options={"narrow": "1"})
    with pytest.raises(BadValueError, match="gives an object"):
        epochal.export_runs(run, out, format="pandas")
    with pytest.raises(BadValueError, match="say where"):
        epochal.export_runs(run, format="csv")
    with pytest.raises(BadValueError, match="no runs to export"):
        epochal.export_runs([], out, format="csv")
    with pytest.raises(BadValueError, match="rank -1"):
        epochal.export_runs(run, out, format="csv", rank=-1)
    with pytest.raises(RunNotFoundError):
        epochal.export_runs("no such run", out, format="csv", dir=tmp_path / "runs")
    assert not out.exists()


def test_a_missing_package_is_named_with_the_line_that_installs_it(
    run: RecordedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'epochal\[parquet\]'"):
        epochal.export_runs(run, tmp_path / "out.parquet", format="parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_exporting_does_not_write_into_the_run(run: RecordedRun, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    for format in ("csv", "jsonl", "archive"):
        epochal.export_runs(run, tmp_path / format, format=format)
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before
