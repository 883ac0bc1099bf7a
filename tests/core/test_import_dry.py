"""A dry run of an import says what would be done, for every format, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import epochal
from epochal.exchange.import_report import TakenRun

from .cli_call import call


def bring(path: Path, **options: bool) -> TakenRun:
    (run,) = epochal.import_runs(path, **options).runs  # type: ignore[arg-type]
    return run


def test_of_a_table_it_says_what_is_new_and_what_has_grown(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,0.5\n1,0.25\n")
    dry = bring(path, dry_run=True)
    assert (dry.outcome, dry.points, dry.added) == ("new", 2, 2)
    assert not (tmp_path / "epochal-runs").exists()
    assert bring(path).id == dry.id
    path.write_text("step,loss\n0,0.5\n1,0.25\n2,0.125\n")
    grown = bring(path, dry_run=True)
    assert (grown.outcome, grown.added) == ("grown", 1)
    assert bring(path).added == 1, "nothing was written before"
    assert bring(path, dry_run=True).outcome == "unchanged"


def test_of_an_archive_it_says_what_is_new_and_what_differs(tmp_path: Path) -> None:
    with epochal.init("digits", dir=tmp_path / "from") as run:
        run.log({"loss": 1.0})
    archive = tmp_path / "runs.zip"
    epochal.export_runs(epochal.runs(dir=tmp_path / "from"), archive, format="archive")
    assert bring(archive, dry_run=True).outcome == "new"
    assert not (tmp_path / "epochal-runs").exists()
    bring(archive)
    assert bring(archive, dry_run=True).outcome == "unchanged"


def test_a_run_that_was_recorded_here_is_told(tmp_path: Path) -> None:
    with epochal.init("digits", id="it") as run:
        run.log({"loss": 1.0})
    epochal.export_runs([epochal.get_run("it")], tmp_path / "it.jsonl", format="jsonl")
    assert bring(tmp_path / "it.jsonl", dry_run=True).outcome == "here"


def test_a_format_that_cannot_be_followed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,0.5\n")
    assert (
        "format csv cannot be followed here: its sources are read once"
        in call("import", "csv", str(path), "--follow", code=1).err
    )
