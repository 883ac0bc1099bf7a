"""The cache gives what the Python API gives, while runs are written, resumed and deleted, in bounded memory."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

import epochal
from epochal.errors import BadValueError, RunNotFoundError
from epochal.recorded import RecordedRun
from epochal.run import Run
from epochal_server.curves_cache import HeldRun, SeriesCache, sensible_limit
from epochal_server.curves_series import Series
from tests.core.journal_maker import T0, Maker
from tests.core.recorded_runs import record


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def assert_same(found: Series, folder: Path, metric: str, x: str = "step") -> None:
    history = RecordedRun(folder).history(metric, x=x)
    np.testing.assert_array_equal(found.steps, history.steps)
    np.testing.assert_array_equal(found.values, history.values.astype(np.float64))
    np.testing.assert_array_equal(found.times, history.times)
    np.testing.assert_array_equal(found.x, history.x)


@pytest.mark.parametrize("x", ["step", "relative", "time", "metric:epoch"])
def test_a_running_training_is_followed(x: str, tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    held = HeldRun(str(run.folder))
    for step in range(3000):
        run.log({"loss": 1 / (step + 1), "epoch": step // 100}, step=step)
        if step % 300 == 0:
            held.look()
            assert_same(held.series("loss", x), Path(run.folder), "loss", x)
    run.finish()
    held.look()
    assert_same(held.series("loss", x), Path(run.folder), "loss", x)


def test_integers_bools_and_metrics_of_several_tables_are_followed(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    held = HeldRun(str(run.folder))
    for step in range(900):
        run.log({"count": step} if step % 3 else {"count": step, "flag": step % 2 == 0, "loss": 0.5}, step=step)
        if step % 200 == 5:
            held.look()
            for metric in ("count", "flag", "loss"):
                assert_same(held.series(metric), Path(run.folder), metric)
    run.finish()


def test_nothing_is_read_where_nothing_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = record(tmp_path, "one", metrics={"loss": [3.0, 2.0, 1.0]})
    for journal in (run.path / "journal").iterdir():
        os.utime(journal, (T0, T0))  # what was written this instant is looked at again
    cache = SeriesCache()
    with cache.looking() as look:
        first = look.run(str(run.path)).series("loss")
    monkeypatch.setattr(RecordedRun, "refresh", None)  # what would look into the journals
    with cache.looking() as look:
        assert look.run(str(run.path)).series("loss") is first


def test_the_same_series_stays_while_only_others_grow(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    run.extend({"loss": np.arange(50.0)}, steps=np.arange(50))
    held = HeldRun(str(run.folder))
    first = held.series("loss")
    run.extend({"acc": np.arange(50.0)}, steps=np.arange(50))
    held.look()
    assert held.series("loss") is first
    assert len(held.series("acc")) == 50
    run.finish()


def test_a_resumed_run_shows_what_counts_and_ghosts_of_what_does_not(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    for step in range(100):
        run.log({"loss": 1.0 * step}, step=step)
    held = HeldRun(str(run.folder))
    assert held.series("loss", abandoned=True).ghosts == ()
    run.rewind(50)
    for step in range(50, 120):
        run.log({"loss": 1000.0 + step}, step=step)
    run.rewind(110)
    for step in range(110, 130):
        run.log({"loss": 2000.0 + step}, step=step)
    run.finish()
    held.look()
    found = held.series("loss", abandoned=True)
    assert_same(found, Path(run.folder), "loss")
    assert [(ghost.steps[0], ghost.steps[-1], len(ghost)) for ghost in found.ghosts] == [(50, 99, 50), (110, 119, 10)]
    assert found.ghosts[0].values.tolist() == [1.0 * step for step in range(50, 100)]
    assert held.series("loss").ghosts == ()


def test_each_of_two_abandoned_stretches_that_overlap_is_a_ghost(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    for attempt in range(3):
        for step in range(10 + attempt * 5):
            run.log({"loss": attempt}, step=step)
        if attempt < 2:
            run.rewind(4)
            for step in range(4):
                run.log({"loss": attempt}, step=step)  # goes back by itself: of a step the latest counts
    run.finish()
    ghosts = HeldRun(str(run.folder)).series("loss", abandoned=True).ghosts
    assert all((np.diff(ghost.steps) > 0).all() for ghost in ghosts)
    assert {float(ghost.values[-1]) for ghost in ghosts} == {0.0, 1.0}


def test_a_deleted_run_is_told_and_forgotten(tmp_path: Path) -> None:
    run = record(tmp_path, "one", metrics={"loss": [1.0]})
    cache = SeriesCache()
    with cache.looking() as look:
        look.run(str(run.path)).series("loss")
    assert cache.nbytes
    shutil.rmtree(run.path)
    with cache.looking() as look, pytest.raises(RunNotFoundError):
        look.run(str(run.path))
    assert not cache.nbytes
    record(tmp_path, "one", metrics={"loss": [1.0, 2.0]})
    with cache.looking() as look:
        assert len(look.run(str(run.path)).series("loss")) == 2


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    runs = []
    for number in range(4):
        run = epochal.init("p", dir=tmp_path)
        run.extend({"loss": np.arange(20_000.0)}, steps=np.arange(20_000))
        run.finish()
        runs.append(str(run.folder))
    cache = SeriesCache(limit=1_300_000)  # two and a half of them
    for folder in (*runs[:2], runs[0], *runs[2:]):
        with cache.looking() as look:
            assert len(look.run(folder).series("loss")) == 20_000
            assert len(look.run(folder).series("loss", "relative")) == 20_000
        assert cache.nbytes <= 1_300_000
    assert runs[1] not in cache._runs
    assert runs[3] in cache._runs
    one = SeriesCache(limit=1)
    with one.looking() as look:
        assert len(look.run(runs[0]).series("loss")) == 20_000
    assert not one.nbytes
    assert sensible_limit() > 1 << 20


def test_no_such_metric_no_such_axis_and_text(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.frame_row(0, {"said": "hello", "loss": 1.0})
    maker.save(tmp_path)
    held = HeldRun(str(tmp_path))
    with pytest.raises(BadValueError, match="did you mean 'loss'"):
        held.series("los")
    with pytest.raises(BadValueError, match="no metric"):
        held.series("loss", "metric:nothing")
    assert len(held.series("said")) == 0
    assert len(held.series("loss")) == 1


def test_several_threads_read_what_is_being_written(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    run.log({"loss": 0.0}, step=0)
    cache = SeriesCache(limit=100_000)
    problems: list[BaseException] = []
    ended = threading.Event()

    def read() -> None:
        seen = 0
        try:
            while not ended.is_set():
                with cache.looking() as look:
                    found = look.run(str(run.folder)).series("loss")
                assert found.values.tolist() == [2.0 * step for step in range(len(found))]
                assert len(found) >= seen
                seen = len(found)
        except BaseException as error:  # whatever a thread raises is told by the test
            problems.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(1, 4000):
        Run.log(run, {"loss": 2.0 * step}, step=step)
    ended.set()
    for thread in threads:
        thread.join()
    run.finish()
    assert problems == []


def test_points_without_a_place_on_the_axis_are_left_out_and_the_others_stand_in_its_order(tmp_path: Path) -> None:
    run = epochal.init("p", dir=tmp_path)
    run.log({"loss": 9.0}, step=0)  # no epoch yet
    for step, epoch in ((1, 3.0), (2, 1.0), (3, 2.0), (4, 1.0)):
        run.log({"loss": 1.0 * step, "epoch": epoch}, step=step)
    run.finish()
    found = HeldRun(str(run.folder)).series("loss", "metric:epoch")
    assert found.places.tolist() == [1.0, 1.0, 2.0, 3.0]
    assert found.drawn.tolist() == [2.0, 4.0, 3.0, 1.0]
    assert found.steps[found.index(np.arange(4))].tolist() == [2, 4, 3, 1]


def test_what_storage_refused_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = record(tmp_path, "one", metrics={"loss": [3.0, 2.0, 1.0, 0.5]})
    held = HeldRun(str(run.path))

    def refuse(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("epochal.journal.rows.read_into", refuse)
        assert len(held.series("loss")) == 0
    held.look()
    assert held.series("loss").values.tolist() == [3.0, 2.0, 1.0, 0.5]
