"""Imports that are killed, repeated and gone on with: each ends with exactly the run that one import gives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.exchange.import_report import ImportReport
from epochal.journal.verify import verify
from epochal.recorded import RecordedRun
from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary  # noqa: E402
from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: E402

BEGAN = 1_700_000_000.0
TAGS = ("loss", "accuracy", "lr")


def write(path: Path, steps: range, *, start: int | None = None) -> None:
    """Write an event file with three scalars, and now and then a histogram and a text, at each of some steps.

    Args:
        path: of the file, which is made or gone on with.
        steps: at which something is written.
        start: the step of a SessionLog that says START, before all that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        records = RecordWriter(file)
        if not file.tell():
            records.write(Event(wall_time=BEGAN, file_version="brain.Event:2").SerializeToString())
        if start is not None:
            log = SessionLog(status=SessionLog.START)
            records.write(Event(wall_time=BEGAN + start, step=start, session_log=log).SerializeToString())
        for step in steps:
            values = [Summary.Value(tag=tag, simple_value=step / (at + 3)) for at, tag in enumerate(TAGS)]
            if step % 50 == 0:
                histogram = HistogramProto(min=0, max=2, num=2, sum=step, bucket_limit=[1, 2], bucket=[1, 1])
                values.append(Summary.Value(tag="weights", histo=histogram))
            event = Event(wall_time=BEGAN + step, step=step, summary=Summary(value=values))
            records.write(event.SerializeToString())


def bring(logdir: Path, root: Path, **options: str) -> ImportReport:
    return epochal.import_runs(logdir, format="tensorboard", dir=root, project="p", options=options)


def holds(run: RecordedRun) -> dict[str, Any]:
    """Return all that a run holds, so that two can be compared."""
    found: dict[str, Any] = {"name": run.name, "state": run.state, "config": dict(run.config)}
    for tag in run.metrics:
        history = run.history(tag, duplicates=True, abandoned=True)
        assert history.abandoned is not None
        found[tag] = [
            history.steps.tolist(),
            history.times.tolist(),
            history.values.tolist(),
            history.abandoned.tolist(),
        ]
        found[f"{tag}, shown"] = run.history(tag).values.tolist()
    for key in run.media_keys:
        found[key] = [(item.step, item.abandoned) for item in run.media(key, duplicates=True, abandoned=True)]
    return found


def all_of(root: Path) -> dict[str, dict[str, Any]]:
    """Return what every run holds, by id, and expect each to be sound."""
    runs = epochal.runs(dir=root)
    for run in runs:
        assert verify(run.path).sound
    return {run.id: holds(run) for run in runs}


def bytes_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Return a log folder with a run of three files, one of which begins again, and a run beside it."""
    folder = tmp_path / "logs"
    write(folder / "run" / "events.out.tfevents.1700000000.host", range(4000))
    write(folder / "run" / "events.out.tfevents.1700000100.host", range(3000, 9000), start=3000)
    write(folder / "run" / "events.out.tfevents.1700000200.host", range(8000, 9500))
    write(folder / "other" / "events.out.tfevents.1700000000.host", range(500))
    return folder


def killed_import(logdir: Path, root: Path, after: float) -> bool:
    """Import in a process that is killed so long after it began to write, in seconds; tell whether it was in time."""
    words = ["import", "tensorboard", str(logdir), "--dir", str(root), "--project", "p", "--option", "workers=1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "epochal", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not list(root.glob("p/*/journal/*.epochal")):
        time.sleep(0.001)
    time.sleep(after)
    killed = process.poll() is None
    if killed:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return killed


def test_after_kills_at_many_moments_the_next_import_gives_exactly_the_same(logdir: Path, tmp_path: Path) -> None:
    bring(logdir, tmp_path / "once")
    expected = all_of(tmp_path / "once")
    killed = 0
    for at, after in enumerate((0.0, 0.005, 0.02, 0.06, 0.15)):
        root = tmp_path / f"killed-{at}"
        killed += killed_import(logdir, root, after)
        killed += killed_import(logdir, root, after / 2)  # what completes it may be killed as well
        report = bring(logdir, root)
        assert report.sound
        assert all_of(root) == expected
        assert {run.outcome for run in bring(logdir, root).runs} == {"unchanged"}
    assert killed >= 2


def test_a_second_import_changes_no_byte(logdir: Path, tmp_path: Path) -> None:
    first = bring(logdir, tmp_path / "runs")
    before = bytes_of(tmp_path / "runs")
    again = bring(logdir, tmp_path / "runs")
    assert [(run.id, run.outcome, run.added) for run in again.runs] == [(run.id, "unchanged", 0) for run in first.runs]
    assert bytes_of(tmp_path / "runs") == before


def test_a_dry_run_says_what_would_be_imported_and_writes_nothing(logdir: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    would = epochal.import_runs(logdir, format="tensorboard", dir=root, project="p", dry_run=True)
    assert not root.exists()
    done = bring(logdir, root)
    told = [(run.id, run.outcome, run.points, run.added, run.tags) for run in would.runs]
    assert told == [(run.id, run.outcome, run.points, run.added, run.tags) for run in done.runs]


def test_a_grown_folder_adds_what_is_new_and_nothing_else(logdir: Path, tmp_path: Path) -> None:
    """A file that goes on, a new one, and a run that was not there: the same as one import at the end gives."""
    root = tmp_path / "runs"
    bring(logdir, root)
    write(logdir / "run" / "events.out.tfevents.1700000200.host", range(9500, 9700))
    write(logdir / "run" / "events.out.tfevents.1700000300.host", range(9600, 9800), start=9600)
    write(logdir / "third" / "events.out.tfevents.1700000400.host", range(10))
    report = bring(logdir, root)
    told = {run.name: (run.outcome, run.added) for run in report.runs}
    assert told == {"run": ("grown", 3 * 400), "other": ("unchanged", 0), "third": ("new", 30)}
    bring(logdir, tmp_path / "once")
    assert all_of(root) == all_of(tmp_path / "once")


def test_a_folder_that_grows_file_by_file_gives_the_same_as_at_once(logdir: Path, tmp_path: Path) -> None:
    root, growing = tmp_path / "runs", tmp_path / "growing"
    (growing / "run").mkdir(parents=True)
    for path in sorted((logdir / "run").iterdir()):
        data = path.read_bytes()
        for end in (len(data) // 3, len(data)):  # the first time in the middle of a record
            (growing / "run" / path.name).write_bytes(data[:end])
            bring(growing, root)
    bring(growing, tmp_path / "once")
    assert all_of(root) == all_of(tmp_path / "once")


def test_a_folder_that_was_moved_is_the_same_run(logdir: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    bring(logdir, root)
    before = all_of(root)
    shutil.move(logdir, tmp_path / "elsewhere")
    report = bring(tmp_path / "elsewhere", root)
    assert {run.outcome for run in report.runs} == {"unchanged"}
    assert all_of(root) == before


def test_workers_give_the_same_as_one_process(logdir: Path, tmp_path: Path) -> None:
    for at in range(6):
        write(logdir / f"more{at}" / "events.out.tfevents.1700000500.host", range(at, 300))
    bring(logdir, tmp_path / "one", workers="1")
    bring(logdir, tmp_path / "two", workers="2")
    assert all_of(tmp_path / "two") == all_of(tmp_path / "one")


def test_the_source_and_the_hash_of_each_file_are_the_runs_origin(logdir: Path, tmp_path: Path) -> None:
    import hashlib

    report = bring(logdir, tmp_path / "runs")
    for taken in report.runs:
        text = str(RecordedRun(taken.path).notices)
        for path in taken.source.iterdir():
            assert path.name in text
            assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_steps_beyond_53_bits_stay_exact_over_two_imports(tmp_path: Path) -> None:
    path, root = tmp_path / "logs" / "events.out.tfevents.1700000000.host", tmp_path / "runs"
    write(path, range(2**60, 2**60 + 3))
    bring(tmp_path / "logs", root)
    write(path, range(2**60 + 3, 2**60 + 5))
    bring(tmp_path / "logs", root)
    (run,) = epochal.runs(dir=root)
    np.testing.assert_array_equal(run.history("loss").steps, np.arange(2**60, 2**60 + 5))
