"""Reading the points of a journal as arrays: exact, in order, and nothing that was not written."""

from __future__ import annotations

import math
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from epochal.errors import JournalError
from epochal.journal import format as layout
from epochal.journal.reader import Journal
from epochal.journal.writer import JournalWriter
from epochal.records import encode
from tests.core.journal_maker import Maker, loop
from tests.core.scans import points


def several_tables() -> Maker:
    """Return a journal with two interleaved tables, rows in frames, an empty slot and a hole."""
    maker = Maker()
    maker.opening()
    maker.frame_row(-3, {"loss": 9.0, "n": 1})
    maker.frame_row(-2, {"loss": 8.5, "n": 2})
    for step in range(40):
        maker.row(step, {"loss": step / 7, "n": (1 << 62) + step})
        if step % 5 == 0:
            maker.row(step, {"ok": step % 2 == 0, "other": float(step)})
        if step == 11:
            maker.slot({"loss": 0.0, "n": 0})
        if step == 20:
            maker.claim(300)
    return maker


def test_values_steps_and_times_are_what_was_written_in_the_order_of_their_seq(tmp_path: Path) -> None:
    maker = several_tables()
    journal = Journal(maker.save(tmp_path))
    for metric, dtype in (("loss", np.float64), ("n", np.int64), ("ok", np.bool_), ("other", np.float64)):
        columns = journal.columns(metric)
        assert points(columns) == maker.points(metric)
        assert columns.values.dtype == dtype
    assert len(journal.columns("unknown")) == 0
    assert journal.names == {"loss", "n", "ok", "other"}
    assert journal.damages == []


def test_several_metrics_are_read_at_once_as_they_are_one_by_one(tmp_path: Path) -> None:
    maker = several_tables()
    journal = Journal(maker.save(tmp_path))
    together = journal.read(["ok", "loss", "n"])
    assert {name: points(columns) for name, columns in together.items()} == {
        name: maker.points(name) for name in ("ok", "loss", "n")
    }


def test_a_metric_of_several_types_becomes_float64_and_big_integers_infinite_only_beyond_it(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.row(0, {"x": 1})
    maker.row(1, {"x": 0.5})
    maker.row(2, {"x": True})
    maker.frame_row(3, {"x": 1 << 80})
    maker.frame_row(4, {"x": -(1 << 2000)})
    columns = Journal(maker.save(tmp_path)).columns("x")
    assert columns.values.tolist() == [1.0, 0.5, 1.0, float(1 << 80), -math.inf]


def test_nan_keeps_its_bits_and_extremes_their_value(tmp_path: Path) -> None:
    odd = np.uint64(0x7FF8_0000_DEAD_BEEF).view(np.float64).item()
    values = [odd, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    maker = Maker()
    maker.opening()
    for step, value in enumerate(values):
        maker.row(step - (1 << 63), {"x": value, "n": (1 << 63) - 1 - step})
    journal = Journal(maker.save(tmp_path))
    assert journal.columns("x").values.view(np.int64).tolist() == np.array(values).view(np.int64).tolist()
    assert journal.columns("x").steps[0] == -(1 << 63)
    assert journal.columns("n").values.tolist() == [(1 << 63) - 1 - step for step in range(6)]


def test_rows_that_do_not_stand_in_the_order_of_their_seq_are_sorted(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(8), x=1.0)
    first, last = maker.places[2], maker.places[9]
    a, b = bytes(maker.data[first.offset :][:32]), bytes(maker.data[last.offset :][:32])
    maker.write(first.offset, b)
    maker.write(last.offset, a)
    assert points(Journal(maker.save(tmp_path)).columns("x")) == maker.points("x")


def test_texts_are_kept_apart_from_numbers(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.frame_row(3, {"note": "später", "loss": 1.5})
    maker.frame_row(1, {"note": "früher"})
    journal = Journal(maker.save(tmp_path))
    assert [(text.step, text.text) for text in journal.texts("note")] == [(3, "später"), (1, "früher")]
    assert journal.columns("loss").values.tolist() == [1.5]
    assert len(journal.columns("note")) == 0
    assert journal.text_names == {"note"}


def test_a_mark_of_another_writer_is_damage_and_no_row(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(8), x=1.0)
    place = maker.places[5]
    maker.data[place.offset + 31] ^= 0x10
    journal = Journal(maker.save(tmp_path))
    assert [point[0] for point in points(journal.columns("x"))] == [2, 3, 4, 6, 7, 8, 9]
    assert [damage.offset for damage in journal.damages] == [place.offset]


def test_an_empty_slot_needs_two_flipped_bits_to_become_a_row(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(3), x=1.0)
    empty = maker.slot({"x": 0.0})
    for bit in range(64):
        data = bytearray(maker.data) + bytes(64)
        data[empty.offset + 24 + bit // 8] ^= 1 << bit % 8
        path = tmp_path / "flipped.epochal"
        path.write_bytes(data)
        assert len(Journal(path, settled=True).columns("x")) == 3


def test_the_last_value_is_found_without_keeping_the_others(tmp_path: Path) -> None:
    maker = several_tables()
    maker.frame_row(99, {"late": True})
    journal = Journal(maker.save(tmp_path))
    last = journal.last(["loss", "n", "ok", "late", "none"])
    expected = {name: maker.points(name)[-1] for name in ("loss", "n", "ok", "late")}
    assert last == {name: (point[0], point[3]) for name, point in expected.items()}
    shown = journal.last(["loss"], lambda columns: columns.steps >= 10)
    assert shown["loss"][1] == 9 / 7


def test_the_first_frame_gives_role_rank_and_ordinal_and_else_the_name(tmp_path: Path) -> None:
    maker = Maker("child", 3, 7)
    maker.opening()
    path = maker.save(tmp_path)
    path = path.rename(path.with_name("main-0-1-abc.epochal"))
    journal = Journal(path)
    assert (journal.role, journal.rank, journal.ordinal, journal.writer) == ("child", 3, 7, maker.hex)
    maker.data[maker.frames[1].offset + 20] ^= 1
    path = maker.save(tmp_path)
    journal = Journal(path)
    assert (journal.role, journal.rank, journal.ordinal) == ("child", 3, 7)
    assert journal.opening["guessed"]


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.epochal")
    (tmp_path / "folder.epochal").mkdir()
    for name in ("pipe.epochal", "folder.epochal"):
        with pytest.raises(JournalError, match="no regular file"):
            Journal(tmp_path / name)


def test_a_file_that_shrinks_vanishes_or_is_replaced_is_read_as_it_is(tmp_path: Path) -> None:
    maker = several_tables()
    path = maker.save(tmp_path)
    journal = Journal(path)
    os.truncate(path, maker.places[20].offset)
    assert all(point in maker.points("loss") for point in points(journal.columns("loss")))
    path.unlink()
    assert len(journal.columns("loss")) == 0
    assert not journal.refresh()
    other = Maker(ordinal=2)
    other.opening()
    loop(other, range(3), loss=0.5)
    path.write_bytes(other.data)
    assert len(journal.columns("loss")) == 0
    assert journal.refresh()
    assert journal.writer == other.hex
    assert points(journal.columns("loss")) == other.points("loss")


def test_rows_that_come_later_are_found_in_blocks_that_were_known(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(3), x=1.0)
    path = maker.save(tmp_path)
    journal = Journal(path)
    assert len(journal.columns("x")) == 3
    loop(maker, range(3, 6), x=1.0)
    path.write_bytes(maker.data)
    assert len(journal.columns("x")) == 6
    loop(maker, range(6, 30), x=1.0)
    path.write_bytes(maker.data)
    journal.refresh()
    assert points(journal.columns("x")) == maker.points("x")


def test_a_block_that_claims_gigabytes_of_holes_costs_nothing(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(2), x=1.0, y=2.0)
    size = 1 << 33
    at = maker.end
    header = layout.pack_block_header(
        maker.writer, at, kind=layout.ROWS, table=1, stride=40, capacity=size,
        declaration=encode({"names": ["x", "y"], "types": "dd"}),
    )  # fmt: skip
    maker.write(at, header)
    path = maker.save(tmp_path)
    os.truncate(path, at + size)
    assert points(Journal(path).columns("x")) == maker.points("x")


def test_a_reader_beside_a_writer_sees_whole_rows_only_and_in_the_end_all(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    problems: list[str] = []
    writer = JournalWriter(
        tmp_path, role="main", rank=0, ordinal=1, clock=time.time, report=lambda *text: problems.append(str(text))
    )
    writer.record("open", {"run": "r", "role": "main", "rank": 0, "ordinal": 1})
    count = 20_000

    def work(offset: int) -> None:
        for step in range(offset, offset + count):
            writer.row({"a": step * 3, "b": step * 5, "c": float(step)}, step, step * 2.0)

    def extend() -> None:
        for start in range(10 * count, 14 * count, count):
            steps = np.arange(start, start + count)
            writer.extend({"a": steps * 3, "b": steps * 5, "c": steps * 1.0}, steps, steps * 2.0)

    threads = [threading.Thread(target=work, args=(k * count,)) for k in range(2)] + [threading.Thread(target=extend)]
    journal = Journal(writer.path)
    for thread in threads:
        thread.start()
    seen = 0
    while True:
        alive = any(thread.is_alive() for thread in threads)
        journal.refresh()
        found = journal.read("abc")
        steps = found["a"].steps
        assert (found["a"].values == steps * 3).all()
        assert (found["b"].values == steps * 5).all()
        assert (found["c"].values == steps).all()
        assert (found["c"].times == steps * 2.0).all()
        assert len(np.unique(found["a"].seqs)) == len(steps) >= seen
        seen = len(steps)
        if not alive:
            break
    assert sorted(found["a"].steps.tolist()) == [*range(2 * count), *range(10 * count, 14 * count)]
    assert journal.damages == []
    assert problems == []
    writer.close()
