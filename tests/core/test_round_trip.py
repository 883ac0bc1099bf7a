"""What is exported and imported again is the same run, to the bit."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal.journal.writer import JournalWriter
from epochal.recorded import RecordedRun

from .odd_run import facts_of, make_odd_run, record_of

FORMATS = ("csv", "jsonl")


def back(run: RecordedRun, format: str, folder: Path, **options: Any) -> RecordedRun:
    """Export a run, import it into a folder of its own, and open what came of it."""
    out = folder / f"out.{format}"
    epochal.export_runs(run, out, format=format, **options)
    report = epochal.import_runs(out, format=format, dir=folder / "back")
    assert report.sound, report
    (taken,) = report.runs
    assert taken.outcome == "new"
    return RecordedRun(taken.path)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("state", ["finished", "failed", "interrupted", "killed"])
def test_every_point_and_fact_comes_back(format: str, state: str, tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs", state=state)
    other = back(run, format, tmp_path)
    assert record_of(other) == record_of(run)
    assert record_of(other, rank="all") == record_of(run, rank="all")
    assert facts_of(other) == facts_of(run)


@pytest.mark.parametrize("format", FORMATS)
def test_values_of_each_type_come_back_as_that_type(format: str, tmp_path: Path) -> None:
    other = back(make_odd_run(tmp_path / "runs"), format, tmp_path)
    assert other.history("ints").values.tolist() == [2**53 + 1, -(2**63), 2**63 - 1, 0]
    floats = other.history("floats")
    assert floats.steps.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert math.isnan(floats.values[0])
    assert math.copysign(1, floats.values[3]) == -1
    assert floats.values[4] == 5e-324
    assert other.history("flag").values.dtype == bool
    assert other.texts("mixed").values == ["five", "NaN", "true", "", ' "x",\n\r\tü ']


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_logged_in_one_call_still_is_so_that_other_axes_hold(format: str, tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    other = back(run, format, tmp_path)
    assert other.history("loss", x="epoch").x.tolist() == run.history("loss", x="epoch").x.tolist()


@pytest.mark.parametrize("format", FORMATS)
def test_duplicates_and_system_metrics_come_back_where_they_were_asked_for(format: str, tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    other = back(run, format, tmp_path, duplicates=True, system=True)
    ours, theirs = other.history("loss", duplicates=True), run.history("loss", duplicates=True)
    assert ours.values.tolist() == theirs.values.tolist()
    assert other.system_metrics == run.system_metrics
    assert record_of(other, system=True) == record_of(run, system=True)


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_rewind_had_hidden_is_marked_and_not_taken_back(format: str, tmp_path: Path) -> None:
    run = make_odd_run(tmp_path / "runs")
    out = tmp_path / "out"
    report = epochal.export_runs(run, out, format=format, abandoned=True)
    hidden = int(run.history("loss", abandoned=True, duplicates=True).abandoned.sum())  # type: ignore[union-attr]
    assert hidden > 0
    assert report.points is not None
    assert report.points > len(run.history("loss"))
    (taken,) = epochal.import_runs(out, format=format, dir=tmp_path / "back").runs
    assert any("abandoned" in text for text in taken.left_out)
    assert record_of(RecordedRun(taken.path), rank="all") == record_of(run, rank="all")


@pytest.mark.parametrize("format", FORMATS)
def test_several_runs_and_an_empty_one_come_back_from_one_file(format: str, tmp_path: Path) -> None:
    runs = [make_odd_run(tmp_path / "runs", id=f"run-{number}", project=f"p{number}") for number in range(2)]
    with epochal.init("empty", dir=tmp_path / "runs") as run:
        empty = run.folder
    out = tmp_path / "out"
    report = epochal.export_runs([*runs, empty], out, format=format)
    assert [each["points"] for each in report.runs][2] == 0
    taken = epochal.import_runs(out, format=format, dir=tmp_path / "back").runs
    assert [(each.id, each.project) for each in taken] == [("run-0", "p0"), ("run-1", "p1"), (empty.name, "empty")]
    for run, each in zip(runs, taken, strict=False):
        assert record_of(RecordedRun(each.path)) == record_of(run)
    assert RecordedRun(taken[2].path).metrics == []


def test_a_thousand_metrics_come_back(tmp_path: Path) -> None:
    with epochal.init("many") as run:
        for step in range(3):
            run.log({f"metric {number}": number / 7 + step for number in range(1000)})
    source = RecordedRun(run.folder)
    before, after = source.table(), back(source, "csv", tmp_path).table()
    assert list(after) == list(before)
    assert all(after[name].tolist() == before[name].tolist() for name in before)


values = st.one_of(
    st.floats(width=64).map(lambda value: math.nan if math.isnan(value) else value),  # text has one NaN of them all
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20),
)
names = st.sampled_from(["loss", "Loss", "a,b", "é\n"])
rows = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(-1e15, 1e15), st.dictionaries(names, values, min_size=1)),
    max_size=40,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_any_rows_come_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("any")
    run = folder / "runs" / "p" / "r"
    (run / "journal").mkdir(parents=True)
    writer = JournalWriter(run, role="main", rank=0, ordinal=1, clock=lambda: 5.0, report=lambda *_: None)
    writer.record("open", {"run": "r", "project": "p", "role": "main", "rank": 0, "ordinal": 1})
    for step, time, row in rows:
        writer.row(row, step, time)
    writer.record("finish", {"state": "finished", "exit_code": 0, "error": None})
    writer.close()
    source = RecordedRun(run)
    for format in FORMATS:
        (folder / format).mkdir()
        other = back(source, format, folder / format)
        assert record_of(other) == record_of(source)


def test_the_columns_are_what_the_page_says(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    epochal.export_runs(make_odd_run(tmp_path / "runs"), out, format="csv")
    with out.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["run", "metric", "kind", "step", "time", "value", "rank", "row"]
    assert {line["kind"] for line in lines} == {"float", "int", "bool", "text"}
    words = [line["value"] for line in lines if line["metric"] == "floats"]
    assert words[:4] == ["NaN", "inf", "-inf", "-0.0"]
