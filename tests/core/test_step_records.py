"""Records at steps: in order, by rank, and hidden where a later segment says so."""

from __future__ import annotations

from pathlib import Path

import epochal
from epochal.journals import Journals
from epochal.step_records import at_steps


def steps(folder: Path, **options: object) -> list[int]:
    return [record.step for record in at_steps(Journals(folder), "mark", **options)]  # type: ignore[arg-type]


def test_they_are_sorted_by_step_and_by_the_order_of_recording(tmp_path: Path) -> None:
    with epochal.init("p", dir=tmp_path) as run:
        for number, step in enumerate((5, 1, 5, -3)):
            run._record("mark", {"step": step, "number": number})
        run._record("mark", {"step": "no step"})
        run._record("mark", {"step": 1 << 70})
    found = at_steps(Journals(run.folder), "mark")
    assert [(record.step, record.fields["number"]) for record in found] == [(-3, 3), (1, 1), (5, 0), (5, 2)]
    assert found[0].rank == 0
    assert found[0].time > 0


def test_a_rewind_hides_them_and_keeps_them(tmp_path: Path) -> None:
    with epochal.init("p", dir=tmp_path) as run:
        for step in range(4):
            run._record("mark", {"step": step})
        run.rewind(2)
        run._record("mark", {"step": 2})
    assert steps(run.folder) == [0, 1, 2]
    assert steps(run.folder, abandoned=True) == [0, 1, 2, 2, 3]
    everything = at_steps(Journals(run.folder), "mark", abandoned=True)
    assert [record.abandoned for record in everything] == [False, False, True, False, True]


def test_each_rank_has_its_own(tmp_path: Path) -> None:
    with epochal.init("p", dir=tmp_path) as first:
        first._record("mark", {"step": 0})
        with epochal.init("p", dir=tmp_path, id=first.id, rank=1, resume="allow") as second:
            second._record("mark", {"step": 7})
    assert steps(first.folder) == [0]
    assert steps(first.folder, rank=1) == [7]
    assert steps(first.folder, rank="all") == [0, 7]
