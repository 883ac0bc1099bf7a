"""Histories: sorted by step, the latest of each step, over the axis that was asked for."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from epochal.errors import BadValueError
from epochal.recorded import RecordedRun
from tests.core.journal_maker import T0, Maker, loop
from tests.needs import need


def run_of(folder: Path, *makers: Maker) -> RecordedRun:
    for maker in makers:
        maker.save(folder)
    return RecordedRun(folder)


def opened(role: str = "main", rank: int = 0, ordinal: int = 1, *, time: float = T0) -> Maker:
    maker = Maker(role, rank, ordinal)
    maker.opening(time=time)
    return maker


def test_steps_that_go_back_repeat_and_jump_are_sorted_and_the_latest_of_each_counts(tmp_path: Path) -> None:
    maker = opened()
    for step, value in ((5, 1.0), (3, 2.0), (5, 3.0), (-2, 4.0), (2**62, 5.0), (3, 6.0), (4, 7.0)):
        maker.row(step, {"x": value})
    run = run_of(tmp_path, maker)
    history = run.history("x")
    assert history.steps.tolist() == [-2, 3, 4, 5, 2**62]
    assert history.values.tolist() == [4.0, 6.0, 7.0, 3.0, 5.0]
    every = run.history("x", duplicates=True)
    assert every.steps.tolist() == [-2, 3, 3, 4, 5, 5, 2**62]
    assert every.values.tolist() == [4.0, 2.0, 6.0, 7.0, 1.0, 3.0, 5.0]
    assert history.steps.dtype == np.int64
    assert len(history) == 5


def test_the_type_is_that_of_the_points_that_are_shown(tmp_path: Path) -> None:
    maker = opened()
    maker.row(1, {"i": 0.5, "b": 1})
    maker.row(1, {"i": 2**60 + 1, "b": True})
    maker.row(2, {"i": 3, "b": False})
    maker.row(3, {"mixed": True})
    maker.row(4, {"mixed": 7})
    run = run_of(tmp_path, maker)
    assert run.history("i").values.tolist() == [2**60 + 1, 3]
    assert run.history("i").values.dtype == np.int64
    assert run.history("b").values.dtype == np.bool_
    assert run.history("mixed").values.tolist() == [1.0, 7.0]
    assert run.history("mixed").values.dtype == np.float64
    assert run.history("i", duplicates=True).values.dtype == np.float64


def test_a_childs_row_stands_behind_its_parents_on_an_equal_step(tmp_path: Path) -> None:
    parent, child = opened(), Maker("child", 0, 2)
    child.opening(parent={"writer": parent.hex, "seq": 1, "ordinal": 1})
    parent.row(1, {"x": 1.0}, time=T0 + 50)
    child.row(1, {"x": 2.0}, time=T0 + 5)
    assert run_of(tmp_path, parent, child).history("x").values.tolist() == [2.0]


def test_other_ranks_are_read_when_asked_for(tmp_path: Path) -> None:
    zero, three = opened(), opened(rank=3)
    loop(zero, range(3), x=1.0)
    loop(three, range(1, 4), x=10.0)
    three.row(0, {"only": 1.0})
    run = run_of(tmp_path, zero, three)
    assert run.ranks == [0, 3]
    assert run.history("x").values.tolist() == [1.0, 2.0, 3.0]
    assert run.history("x", rank=3).values.tolist() == [11.0, 12.0, 13.0]
    every = run.history("x", rank="all")
    assert every.steps.tolist() == [0, 1, 1, 2, 2, 3]
    assert every.ranks is not None
    assert every.ranks.tolist() == [0, 0, 3, 0, 3, 3]
    with pytest.raises(BadValueError, match=r"'only' was recorded at rank 3, not at 0"):
        run.history("only")
    for rank in (-1, True, "both", 1.0):
        with pytest.raises(BadValueError, match="rank"):
            run.history("x", rank=rank)  # type: ignore[arg-type]


def test_another_axis_is_its_value_in_the_row_else_the_latest_before(tmp_path: Path) -> None:
    maker = opened()
    maker.row(0, {"loss": 1.0})
    maker.row(1, {"loss": 2.0, "epoch": 1})
    maker.row(2, {"loss": 3.0})
    maker.row(9, {"epoch": 2})
    maker.row(3, {"loss": 4.0})
    run = run_of(tmp_path, maker)
    history = run.history("loss", x="epoch")
    assert history.axis == "epoch"
    assert math.isnan(history.x[0])
    assert history.x[1:].tolist() == [1.0, 1.0, 2.0]
    maker.row(0, {"loss": 5.0})
    whole = run_of(tmp_path, maker).history("loss", x="epoch")
    assert whole.x.tolist() == [2, 1, 1, 2]
    assert whole.x.dtype == np.int64


def test_an_axis_goes_on_through_a_resume_and_not_through_ranks_or_what_was_abandoned(tmp_path: Path) -> None:
    first, second, other = opened(), opened(ordinal=2), opened(rank=1)
    first.row(0, {"epoch": 1.0})
    first.row(5, {"epoch": 9.0})
    second.record("segment", why="resume", cut={"step": 5}, next_step=5)
    second.row(5, {"loss": 1.0})
    other.row(5, {"loss": 2.0})
    run = run_of(tmp_path, first, second, other)
    assert run.history("loss", x="epoch").x.tolist() == [1.0]
    every = run.history("loss", x="epoch", rank="all").x
    assert every[0] == 1.0
    assert math.isnan(every[1])


def test_time_and_relative_are_axes_and_metrics_of_their_names_are_reached_by_prefix(tmp_path: Path) -> None:
    maker = opened()
    for step in range(3):
        maker.row(step, {"loss": 1.0, "step": step * 10, "time": float(step)}, time=T0 + 5 + step)
    run = run_of(tmp_path, maker)
    assert run.history("loss", x="time").x.tolist() == [T0 + 5, T0 + 6, T0 + 7]
    assert run.history("loss", x="relative").x.tolist() == [5, 6, 7]
    assert run.history("loss").x.tolist() == [0, 1, 2]
    assert run.history("loss", x="metric:step").x.tolist() == [0, 10, 20]
    assert run.history("loss", x="metric:time").x.tolist() == [0.0, 1.0, 2.0]
    assert run.history("step").values.tolist() == [0, 10, 20]
    assert run.history("metric:step").values.tolist() == [0, 10, 20]


def test_relative_begins_at_the_first_point_where_its_time_was_kept_from_elsewhere(tmp_path: Path) -> None:
    maker = opened("import", time=T0)
    maker.row(0, {"x": 1.0}, time=100.0)
    maker.row(1, {"x": 1.0}, time=130.0)
    assert run_of(tmp_path, maker).history("x", x="relative").x.tolist() == [0.0, 30.0]


def test_what_was_abandoned_is_shown_marked_when_asked_for(tmp_path: Path) -> None:
    maker = opened()
    loop(maker, range(6), x=1.0, epoch=0.5)
    maker.record("segment", why="rewind", cut={"step": 3}, next_step=3)
    loop(maker, range(3, 5), x=10.0, epoch=7.0)
    run = run_of(tmp_path, maker)
    assert run.history("x").values.tolist() == [1, 2, 3, 13, 14]
    both = run.history("x", abandoned=True, x="epoch")
    assert both.abandoned is not None
    arrays = both.steps, both.values, both.abandoned, both.x
    assert list(zip(*(array.tolist() for array in arrays), strict=True)) == [
        (0, 1, False, 0.5), (1, 2, False, 1.5), (2, 3, False, 2.5), (3, 4, True, 3.5), (3, 13, False, 10.0),
        (4, 5, True, 4.5), (4, 14, False, 11.0), (5, 6, True, 5.5),
    ]  # fmt: skip
    assert run.history("x").abandoned is None


def test_samples_keep_the_extremes(tmp_path: Path) -> None:
    maker = opened()
    for step in range(500):
        maker.row(step, {"x": 1000.0 if step == 321 else -5.0 if step == 99 else step / 500}, slots=100)
    run = run_of(tmp_path, maker)
    history = run.history("x", samples=20)
    assert len(history) <= 20
    assert {0, 99, 321, 499} <= set(history.steps.tolist())
    assert len(history.x) == len(history.times) == len(history.values) == len(history)
    assert len(run.history("x", samples=500)) == 500


def test_system_metrics_are_found_beside_the_record(tmp_path: Path) -> None:
    maker, system = opened(), opened("system", ordinal=2)
    loop(maker, range(3), x=1.0)
    loop(system, range(4), **{"system/cpu": 5.0})
    run = run_of(tmp_path, maker, system)
    assert run.history("system/cpu").values.tolist() == [5.0, 6.0, 7.0, 8.0]
    assert run.metrics == ["x"]
    assert run.system_metrics == ["system/cpu"]


def test_a_name_that_is_not_there_is_told_with_near_ones(tmp_path: Path) -> None:
    maker = opened()
    loop(maker, range(3), **{"train/loss": 1.0, "acc": 2.0})
    run = run_of(tmp_path, maker)
    with pytest.raises(BadValueError, match=r"no metric 'train/los': did you mean 'train/loss'"):
        run.history("train/los")
    with pytest.raises(BadValueError, match=r"no metric 'zzz': the run has 'acc', 'train/loss'"):
        run.history("zzz")
    with pytest.raises(BadValueError, match=r"no metric 'epoch'.*other axes are step, time, relative"):
        run.history("acc", x="epoch")
    with pytest.raises(BadValueError, match="has none yet"):
        run_of(tmp_path / "empty", opened()).history("x")


def test_a_text_metric_has_texts_and_an_empty_history(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    first.frame_row(2, {"note": "b"})
    first.frame_row(1, {"note": "a"})
    first.frame_row(3, {"note": "gone"})
    second.record("segment", why="resume", cut={"step": 3}, next_step=3)
    second.frame_row(2, {"note": "b2"})
    run = run_of(tmp_path, first, second)
    assert len(run.history("note")) == 0
    assert run.texts("note") == ([1, 2], ["a", "b2"], [T0 + 3, T0 + 3])
    assert run.texts("note", duplicates=True).values == ["a", "b", "b2"]
    assert run.texts("note", abandoned=True).values == ["a", "b2", "gone"]


def test_a_table_joins_by_step_with_holes(tmp_path: Path) -> None:
    maker = opened()
    maker.row(0, {"x": 1.0, "n": 1})
    maker.row(1, {"x": 2.0})
    maker.row(2, {"big": 2**60, "ok": True, "n": 3})
    maker.frame_row(2, {"note": "hello"})
    run = run_of(tmp_path, maker)
    table = run.table()
    assert table.steps.tolist() == [0, 1, 2]
    assert list(table) == ["big", "n", "note", "ok", "x"]
    assert table["big"].tolist() == [None, None, 2**60]
    assert table["ok"].tolist() == [None, None, True]
    assert table["note"].tolist() == [None, None, "hello"]
    np.testing.assert_array_equal(table["n"], [1.0, math.nan, 3.0])
    np.testing.assert_array_equal(table["x"], [1.0, 2.0, math.nan])
    assert list(run.table(["x"])) == ["x"]
    assert run.table(["x"]).steps.tolist() == [0, 1]
    assert run.table("n")["n"].dtype == np.int64
    assert len(run.table([])) == 0


def test_histories_and_tables_become_data_frames(tmp_path: Path) -> None:
    need("pandas")
    maker = opened()
    loop(maker, range(3), x=1.0, epoch=0.0)
    run = run_of(tmp_path, maker)
    frame = run.history("x", x="epoch").to_pandas()
    assert list(frame.columns) == ["step", "x", "time", "epoch"]
    assert frame["x"].tolist() == [1.0, 2.0, 3.0]
    assert list(run.history("x", rank="all", abandoned=True).to_pandas().columns) == [
        "step",
        "x",
        "time",
        "rank",
        "abandoned",
    ]
    table = run.table().to_pandas()
    assert table.index.name == "step"
    assert table.loc[2, "x"] == 3.0
