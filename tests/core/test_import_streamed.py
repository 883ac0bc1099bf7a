"""Importers that write while they read: order by marks, going on, what a death leaves, dry runs, and who may write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.errors import RunAliveError, StorageError
from epochal.exchange.earlier import Earlier
from epochal.exchange.foreign import Ending
from epochal.exchange.import_job import ImportJob
from epochal.exchange.streamed import StreamedRun
from epochal.journal.verify import verify
from epochal.placing import claim
from epochal.recorded import RecordedRun

SOURCE = Path("/nowhere/log")


def job_in(root: Path, **options: Any) -> ImportJob:
    return ImportJob("stream", [SOURCE], root, project="p", **options)


def stream_of(job: ImportJob) -> StreamedRun:
    found = job.stream(SOURCE, [], id="stream-1", name="log", started=100.0)
    assert found is not None
    return found


def put(run: StreamedRun, name: str, values: list[Any], *, first: int = 0, kind: str = "d") -> None:
    count = len(values)
    cells = np.array(values, np.float64 if kind == "d" else np.int64).view(np.int64)
    steps, times = np.arange(first, first + count), 100.0 + np.arange(first, first + count)
    mark = run.take(count)
    run.extend(name, kind, steps, times, cells, np.arange(mark, mark + count))


def anew(_: Mapping[str, Any]) -> bool:
    return True


def values(run: StreamedRun, name: str = "loss", **options: Any) -> list[Any]:
    return list(RecordedRun(run.folder).history(name, **options).values.tolist())


def test_points_stand_in_the_order_of_their_marks_whichever_block_they_are_in(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    first = run.take(20)
    steps, times = np.arange(10), np.full(10, 100.0)
    odd, even = np.arange(first, first + 20, 2), np.arange(first + 1, first + 20, 2)
    run.extend("epoch", "q", steps, times, np.arange(10), odd)
    run.extend("loss", "d", steps * 100, times, (np.arange(10) / 2).view(np.int64), even)
    run.finish({}, [], ended=200.0)
    history = RecordedRun(run.folder).history("loss", x="epoch")
    assert history.x.tolist() == list(range(10))
    assert history.values.tolist() == [number / 2 for number in range(10)]


def test_few_points_are_rows_and_keep_their_bits(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    quiet = np.array([0x7FF8_0000_0000_0001, 0x7FF0_0000_2000_0000, -1], np.int64)  # the second is a signalling NaN
    first = run.take(3)
    run.extend("loss", "d", np.arange(3), np.zeros(3), quiet, np.arange(first, first + 3))
    run.finish({}, [], ended=200.0)
    assert RecordedRun(run.folder).history("loss").values.view(np.int64).tolist() == quiet.tolist()


def test_what_is_said_of_a_run_is_there_at_once_and_what_changes_later_too(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    run.facts.config = {"lr": 0.1}
    run.begin(replaceable=anew)
    run.describe()
    assert RecordedRun(run.folder).name == "log"
    assert RecordedRun(run.folder).config == {"lr": 0.1}
    assert RecordedRun(run.folder).state == "running"
    run.facts.config = {"lr": 0.1, "seed": 1}
    run.facts.ending = Ending("failed", "it broke")
    run.finish({}, [], ended=200.0)
    recorded = RecordedRun(run.folder)
    assert (recorded.config, recorded.state) == ({"lr": 0.1, "seed": 1}, "failed")


def test_an_import_goes_on_where_the_last_one_has_stopped(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    assert (run.known, run.complete, run.kept) == (False, False, {})
    run.begin(replaceable=anew)
    put(run, "loss", [1.0] * 10)
    run.finish({"read": 10}, [], ended=200.0)
    again = stream_of(job_in(tmp_path))
    assert (again.known, again.complete, again.kept["read"]) == (True, True, 10)
    again.begin(replaceable=anew)
    put(again, "loss", [2.0] * 5, first=10)
    again.finish({"read": 15}, [], ended=300.0)
    assert values(again) == [1.0] * 10 + [2.0] * 5
    assert stream_of(job_in(tmp_path)).kept["read"] == 15


def test_what_a_death_has_left_is_read_again_where_the_source_still_has_it(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    put(run, "loss", [1.0] * 10)
    run.finish({"read": 10}, [], ended=200.0)
    for _ in range(2):  # two imports in a row are cut off
        died = stream_of(job_in(tmp_path))
        died.begin(replaceable=anew)
        put(died, "loss", [7.0] * 10, first=10)
        died.keep({"read": 20})
        put(died, "loss", [7.0] * 10, first=20)
        died.close()
    again = stream_of(job_in(tmp_path))
    assert not again.complete
    again.begin(replaceable=lambda state: state["read"] == 20)
    assert again.kept["read"] == 10
    put(again, "loss", [2.0] * 5, first=10)
    again.finish({"read": 15}, [], ended=300.0)
    assert values(again, abandoned=True) == [1.0] * 10 + [2.0] * 5


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 127, 128, 140, 192, 200, 256, 300, 700, 1000])
@pytest.mark.parametrize("before", [False, True])
def test_a_death_at_its_first_bytes_stands_in_no_way(tmp_path: Path, length: int, before: bool) -> None:
    if before:
        run = stream_of(job_in(tmp_path))
        run.begin(replaceable=anew)
        put(run, "loss", [1.0] * 3)
        run.finish({"read": 3}, [], ended=200.0)
    died = stream_of(job_in(tmp_path))
    known = set(died.folder.glob("journal/*.epochal"))
    died.begin(replaceable=anew)
    (path,) = set(died.folder.glob("journal/*.epochal")) - known
    died.close()
    os.truncate(path, length)
    os.utime(path, (1, 1))  # one that is still empty, and young, is no cause for a notice
    again = stream_of(job_in(tmp_path))
    again.begin(replaceable=anew)
    put(again, "loss", [2.0] * 4, first=3 * before)
    again.finish({"read": 7}, [], ended=300.0)
    assert values(again) == [1.0] * 3 * before + [2.0] * 4
    assert verify(again.folder).sound
    assert not path.exists()
    assert RecordedRun(again.folder).notices[0].code == "imported"


def test_while_it_is_read_again_readers_see_what_was_there(tmp_path: Path) -> None:
    died = stream_of(job_in(tmp_path))
    died.begin(replaceable=anew)
    put(died, "loss", [7.0] * 10)
    died.keep({"read": 10})
    died.close()
    reader = RecordedRun(died.folder)
    again = stream_of(job_in(tmp_path))
    again.begin(replaceable=anew)
    assert again.kept == {}
    assert reader.history("loss").values.tolist() == [7.0] * 10
    put(again, "loss", [7.0] * 12)
    assert len(reader.history("loss")) == 12
    again.keep({"read": 12})
    assert len(reader.history("loss", duplicates=True)) == 12
    again.finish({"read": 12}, [], ended=300.0)


def test_what_a_death_has_left_stays_where_the_source_has_lost_it(tmp_path: Path) -> None:
    died = stream_of(job_in(tmp_path))
    died.begin(replaceable=anew)
    put(died, "loss", [7.0] * 10)
    died.keep({"read": 10})
    put(died, "loss", [8.0] * 10, first=10)
    died.close()
    again = stream_of(job_in(tmp_path))
    again.begin(replaceable=lambda state: False)
    assert again.kept["read"] == 10
    put(again, "loss", [2.0] * 5, first=10)
    again.finish({"read": 15}, [], ended=300.0)
    assert values(again) == [7.0] * 10 + [2.0] * 5


def test_a_source_that_says_otherwise_hides_what_it_said(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    put(run, "loss", [1.0] * 10)
    run.finish({}, [], ended=200.0)
    again = stream_of(job_in(tmp_path))
    again.begin(replaceable=anew, afresh=True)
    put(again, "loss", [2.0] * 3)
    again.finish({}, [], ended=200.0)
    assert values(again) == [2.0] * 3
    assert len(values(again, abandoned=True, duplicates=True)) == 13


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    run = stream_of(job_in(tmp_path, dry=True))
    run.begin(replaceable=anew)
    put(run, "loss", [1.0] * 10)
    run.keep({})
    run.finish({}, [], ended=200.0)
    assert run.points == 10
    assert list(tmp_path.iterdir()) == []


def test_of_two_imports_of_one_run_at_once_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    run.close()
    os.mkfifo(tmp_path / "pipe")
    pid = os.fork()
    if not pid:
        with claim(run.folder, 0):
            (tmp_path / "held").touch()
            os.read(os.open(tmp_path / "pipe", os.O_RDONLY), 1)
        os._exit(0)
    while not (tmp_path / "held").exists():
        pass
    monkeypatch.setattr("epochal.placing._CLAIM_S", 0.1)
    other = stream_of(job_in(tmp_path))
    with pytest.raises(RunAliveError, match="by another process"):
        other.begin(replaceable=anew)
    os.close(os.open(tmp_path / "pipe", os.O_WRONLY))
    os.waitpid(pid, 0)


def test_a_run_that_was_recorded_here_is_left_alone(tmp_path: Path) -> None:
    with epochal.init(project="p", id="stream-1", dir=tmp_path) as run:
        run.log({"loss": 1.0})
    job = job_in(tmp_path)
    assert job.stream(SOURCE, [], id="stream-1") is None
    assert [taken.outcome for taken in job.report.runs] == ["here"]


def test_a_folder_that_cannot_be_written_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = stream_of(job_in(tmp_path / "file"))
    with pytest.raises(StorageError, match="choose another folder with --dir"):
        run.begin(replaceable=anew)


def test_want_of_room_is_noticed_when_asked_for_and_the_next_import_has_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stream_of(job_in(tmp_path))
    run.begin(replaceable=anew)
    put(run, "loss", [1.0] * 10)
    run.check()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("epochal.journal.storage._write_whole", refuse)
        put(run, "loss", [1.0] * 10, first=10)
        with pytest.raises(StorageError, match="there is no room; make some, and import again"):
            run.check()
        run.close()
    again = stream_of(job_in(tmp_path))
    again.begin(replaceable=anew)
    put(again, "loss", [1.0] * 20)
    again.finish({}, [], ended=200.0)
    assert values(again) == [1.0] * 20


def test_nothing_is_left_of_a_run_that_could_not_be_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("epochal.exchange.streamed.open_import", refuse)
    run = stream_of(job_in(tmp_path))
    with pytest.raises(StorageError, match="No space left"):
        run.begin(replaceable=anew)
    assert not run.folder.exists()
    assert not Earlier(run.folder).ranks
