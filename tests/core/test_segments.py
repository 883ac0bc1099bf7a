"""What a later segment has abandoned, and what it has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.journal.reader import Journal
from epochal.segments import Visibility
from tests.core.journal_maker import T0, Maker, loop


def visible(folder: Path, makers: list[Maker], metric: str = "x") -> dict[str, list[int]]:
    """Return the visible steps by writer role, rank and ordinal."""
    journals = [Journal(maker.save(folder), settled=True) for maker in makers]
    visibility = Visibility(journals)
    found = {}
    for journal in journals:
        columns = journal.columns(metric)
        hidden = visibility.hidden(journal, metric, columns)
        shown = columns if hidden is None else columns.take(~hidden)
        found[f"{journal.role}{journal.rank}.{journal.ordinal}"] = shown.steps.tolist()
    return found


def opened(role: str = "main", rank: int = 0, ordinal: int = 1, *, time: float = T0, **fields: Any) -> Maker:
    maker = Maker(role, rank, ordinal)
    maker.opening(time=time, **fields)
    return maker


def test_without_cuts_everything_is_visible(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    loop(first, range(5), x=1.0)
    second.record("segment", why="resume", cut=None, next_step=5)
    loop(second, range(5, 8), x=1.0)
    assert visible(tmp_path, [first, second]) == {"main0.1": [0, 1, 2, 3, 4], "main0.2": [5, 6, 7]}


def test_a_position_hides_what_its_writer_recorded_behind_it(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    loop(first, range(5), x=1.0)  # seqs 2 to 6
    seq = first.record("position")
    loop(first, range(5, 9), x=1.0)
    cut = {"writer": first.hex, "seq": seq, "time": T0 + seq}
    second.record("segment", why="resume", cut=cut, next_step=5, time=T0 + 100)
    loop(second, range(5, 7), x=1.0)
    assert visible(tmp_path, [first, second]) == {"main0.1": [0, 1, 2, 3, 4], "main0.2": [5, 6]}


def test_a_position_hides_others_by_time_and_imports_and_other_ranks_never(tmp_path: Path) -> None:
    first = opened()
    seq = first.record("position")
    child = opened("child", 0, 2, parent={"writer": first.hex, "seq": 1, "ordinal": 1})
    imported = opened("import", 0, 3)
    other_rank = opened("main", 1, 1)
    for maker in (child, imported, other_rank):
        for step, time in enumerate((9.0, 10.0, 10.5, 20.0, 20.5)):
            maker.row(step, {"x": 1.0}, time=T0 + time)
    resumed = opened(ordinal=4, time=T0 + 19)
    cut = {"writer": first.hex, "seq": seq, "time": T0 + 10}
    resumed.record("segment", why="resume", cut=cut, next_step=0, time=T0 + 20)
    resumed.row(
        7, {"x": 1.0}, time=T0 + 15
    )  # a clock that was set back: it was recorded after the segment all the same
    assert visible(tmp_path, [first, child, imported, other_rank, resumed]) == {
        "main0.1": [],
        "child0.2": [0, 1, 4],
        "import0.3": [0, 1, 2, 3, 4],
        "main1.1": [0, 1, 2, 3, 4],
        "main0.4": [7],
    }


def test_a_later_writer_is_not_before_a_segment_however_its_clock_goes(tmp_path: Path) -> None:
    first, second, third = opened(), opened(ordinal=2), opened(ordinal=3)
    cut = {"writer": first.hex, "seq": 1, "time": T0}
    second.record("segment", why="resume", cut=cut, next_step=0, time=T0 + 100)
    third.row(1, {"x": 1.0}, time=T0 + 50)
    assert visible(tmp_path, [first, second, third])["main0.3"] == [1]


def test_a_rewind_hides_earlier_rows_from_its_step_on_and_no_later_ones(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    loop(first, range(10), x=1.0)
    loop(second, range(10, 13), x=1.0)
    second.record("segment", why="rewind", cut={"step": 6}, next_step=6)
    loop(second, range(6, 9), x=1.0)
    assert visible(tmp_path, [first, second]) == {"main0.1": [0, 1, 2, 3, 4, 5], "main0.2": [6, 7, 8]}


def test_a_rewind_hides_what_its_own_child_logged_before_it_and_not_after(tmp_path: Path) -> None:
    first = opened()
    first.record("segment", why="rewind", cut={"step": 0}, next_step=0, time=T0 + 50)
    child = opened("child", 0, 2, parent={"writer": first.hex, "seq": 1, "ordinal": 1})
    grandchild = opened("child", 0, 3, parent={"writer": child.hex, "seq": 1, "ordinal": 2})
    stranger = opened("child", 0, 4, parent={"writer": "00" * 16, "seq": 1, "ordinal": 9})
    for maker in (child, grandchild, stranger):
        maker.row(1, {"x": 1.0}, time=T0 + 49)
        maker.row(2, {"x": 1.0}, time=T0 + 50)
    assert visible(tmp_path, [first, child, grandchild, stranger]) == {
        "main0.1": [],
        "child0.2": [2],
        "child0.3": [2],
        "child0.4": [1, 2],
    }


def test_a_rewind_to_a_position_within_a_writer_goes_by_seq_alone(tmp_path: Path) -> None:
    first = opened()
    loop(first, range(3), x=1.0)
    seq = first.record("position")
    loop(first, range(3, 6), x=1.0)
    cut = {"writer": first.hex, "seq": seq, "time": T0 + 10_000}
    first.record("segment", why="rewind", cut=cut, next_step=3)
    loop(first, range(3, 5), x=2.0)
    assert visible(tmp_path, [first]) == {"main0.1": [0, 1, 2, 3, 4]}


def test_cuts_of_later_segments_hide_resumed_ones_too(tmp_path: Path) -> None:
    first, second, third = opened(), opened(ordinal=2), opened(ordinal=3)
    loop(first, range(4), x=1.0)
    seq = first.record("position")
    loop(first, range(4, 8), x=1.0)
    cut = {"writer": first.hex, "seq": seq, "time": T0 + seq}
    second.record("segment", why="resume", cut=cut, next_step=4, time=T0 + 100)
    for step in range(4, 9):
        second.row(step, {"x": 1.0}, time=T0 + 110 + step)
    third.record("segment", why="resume", cut=cut, next_step=4, time=T0 + 200)
    third.row(4, {"x": 1.0}, time=T0 + 210)
    assert visible(tmp_path, [first, second, third]) == {"main0.1": [0, 1, 2, 3], "main0.2": [], "main0.3": [4]}


def test_a_segment_that_was_abandoned_itself_hides_nothing(tmp_path: Path) -> None:
    """Back to an old checkpoint, and then to a newer one of the first attempt: the first attempt counts up to there."""
    first, second, third = opened(), opened(ordinal=2), opened(ordinal=3)
    loop(first, range(4), x=1.0)
    old = first.record("position")
    loop(first, range(4, 8), x=1.0)
    new = first.record("position")
    loop(first, range(8, 10), x=1.0)
    cuts = [{"writer": first.hex, "seq": seq, "time": T0 + seq} for seq in (old, new)]
    second.record("segment", why="resume", cut=cuts[0], next_step=4, time=T0 + 100)
    for step in range(4, 9):
        second.row(step, {"x": 1.0}, time=T0 + 110 + step)
    third.record("segment", why="resume", cut=cuts[1], next_step=8, time=T0 + 200)
    third.row(8, {"x": 1.0}, time=T0 + 210)
    assert visible(tmp_path, [first, second, third]) == {"main0.1": list(range(8)), "main0.2": [], "main0.3": [8]}


def test_a_rewind_behind_the_position_hides_nothing_any_more(tmp_path: Path) -> None:
    first, second = opened(), opened(ordinal=2)
    loop(first, range(6), x=1.0)
    seq = first.record("position")
    first.record("segment", why="rewind", cut={"step": 2}, next_step=2)
    loop(first, range(2, 4), x=2.0)
    cut = {"writer": first.hex, "seq": seq, "time": T0 + seq}
    second.record("segment", why="resume", cut=cut, next_step=6, time=T0 + 100)
    second.row(6, {"x": 3.0}, time=T0 + 110)
    assert visible(tmp_path, [first, second]) == {"main0.1": list(range(6)), "main0.2": [6]}


def test_a_cut_by_metric_hides_points_of_that_metric_alone(tmp_path: Path) -> None:
    first, second = opened("import"), opened("import", ordinal=2)
    loop(first, range(5), x=1.0, y=2.0)
    second.record("segment", why="import", cut={"metrics": {"x": 3, "z": 0}}, next_step=0)
    loop(second, range(3, 6), x=5.0)
    assert visible(tmp_path, [first, second]) == {"import0.1": [0, 1, 2], "import0.2": [3, 4, 5]}
    assert visible(tmp_path, [first, second], "y")["import0.1"] == [0, 1, 2, 3, 4]


def test_system_metrics_are_never_abandoned(tmp_path: Path) -> None:
    first, system, second = opened(), opened("system", ordinal=2), opened(ordinal=3)
    loop(system, range(3), x=1.0)
    second.record("segment", why="rewind", cut={"step": 0}, next_step=0)
    assert visible(tmp_path, [first, system, second])["system0.2"] == [0, 1, 2]


@pytest.mark.parametrize(
    "cut",
    [{"step": "x"}, {"step": 1 << 70}, {"step": True}, {}, {"writer": "w", "seq": 1}, {"metrics": [1]}, {"step": 1.5}],
)
def test_a_cut_that_is_not_understood_hides_nothing_and_is_named(tmp_path: Path, cut: dict[str, Any]) -> None:
    first = opened()
    loop(first, range(3), x=1.0)
    first.record("segment", why="rewind", cut=cut, next_step=0)
    journal = Journal(first.save(tmp_path), settled=True)
    visibility = Visibility([journal])
    assert visibility.hidden(journal, "x", journal.columns("x")) is None
    assert [segment.cut for segment in visibility.odd] == [cut]
