"""A follower gives each row and record of a journal once, while it is written, in bounded memory."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from epochal.clock import run_clock
from epochal.errors import JournalError
from epochal.journal.following import Entry, Follower
from epochal.journal.reader import Journal
from epochal.journal.writer import JournalWriter
from epochal.sinks.messages import row_of


@pytest.fixture
def writer(tmp_path: Path) -> JournalWriter:
    (tmp_path / "journal").mkdir()
    made = JournalWriter(tmp_path, role="main", rank=0, ordinal=1, clock=run_clock(), report=lambda *_: None)
    made.record("open", {"run": "r", "project": "p", "role": "main", "rank": 0, "ordinal": 1})
    return made


def follower_of(writer: JournalWriter) -> Follower:
    return Follower(writer.path, lambda _: lambda _: False)


def everything(follower: Follower, *, deep: bool = False, most: int = 7) -> list[Entry]:
    """Return what is new, taken in small portions."""
    found: list[Entry] = []
    while entries := follower.read(most, 1 << 20, deep=deep):
        found += entries
    return found


def points(entries: list[Entry], name: str) -> list[tuple[int, float]]:
    """Return (step, value) of a metric."""
    found = []
    for entry in entries:
        if entry.table is not None or entry.payload["k"] == "row":
            step, _, values = row_of(entry)
            found += [(step, value) for key, value in values if key == name]
    return found


def test_it_gives_what_the_reader_gives(writer: JournalWriter) -> None:
    chance = random.Random(1)
    follower = follower_of(writer)
    found = everything(follower)
    for step in range(2000):
        kind = chance.randrange(5)
        if kind == 0:
            writer.record("notice", {"code": "x", "text": "y" * chance.randrange(300), "data": {}})
        elif kind == 1:
            writer.row({"text": f"step {step}", "loss": 1.5}, step, 0.0)
        else:
            names = ["loss", "b", "c"][: kind - 1]
            writer.row({name: chance.random() for name in names}, step, 1.0)
        if chance.random() < 0.02:
            found += everything(follower)
    found += everything(follower)
    assert [entry.seq for entry in found] == list(range(1, writer.last_seq + 1))
    writer.close()
    columns = Journal(writer.path, settled=True).columns("loss")
    assert points(found, "loss") == list(zip(columns.steps.tolist(), columns.values.tolist(), strict=True))


def test_a_backlog_of_many_tables_comes_in_the_order_of_seq(writer: JournalWriter) -> None:
    for step in range(3000):
        writer.row({f"m{step % 7}": float(step), "k": step}, step, 0.0)
    seqs = [entry.seq for entry in everything(follower_of(writer), most=100)]
    assert seqs == list(range(1, writer.last_seq + 1))


def test_types_are_given_as_they_were_logged(writer: JournalWriter) -> None:
    for step in range(4):  # the first two stand in frames, the others in a table
        writer.row({"f": -0.0, "i": -(1 << 63), "b": step % 2 == 0, "nan": float("nan")}, step, 2.0)
    rows = [dict(row_of(entry)[2]) for entry in everything(follower_of(writer))[1:]]
    assert [[type(value) for value in row.values()] for row in rows] == [[float, int, bool, float]] * 4
    assert [row["b"] for row in rows] == [True, False, True, False]
    assert all(row["i"] == -(1 << 63) and str(row["f"]) == "-0.0" for row in rows)


def test_threads_and_columns_lose_nothing(writer: JournalWriter) -> None:
    import numpy as np

    follower = follower_of(writer)
    found: list[Entry] = []

    def write(k: int) -> None:
        for step in range(300):
            writer.row({f"t{k % 2}": float(step)}, step, 0.0)
        steps = np.arange(40)
        writer.extend({"whole": steps.astype(float)}, steps, steps.astype(float))

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        found += everything(follower)
    found += everything(follower, deep=True)
    assert sorted(entry.seq for entry in found) == list(range(1, writer.last_seq + 1))


def test_a_slot_that_is_filled_late_comes_late(writer: JournalWriter) -> None:
    for step in range(3):
        writer.row({"a": float(step)}, step, 0.0)
    table = writer.table(("a", float))
    assert table is not None
    slot, _ = table.slots
    late, mark = slot(), writer.next_mark()
    writer.row({"a": 4.0}, 4, 0.0)
    follower = follower_of(writer)
    assert [step for step, _ in points(everything(follower), "a")] == [0, 1, 2, 4]
    os.pwrite(writer.fd, table.pack(3, 3.0, 0.0, mark), late)
    assert points(everything(follower), "a") == [(3, 3.0)]


def test_rows_behind_a_long_stretch_of_nothing_are_found_by_a_deep_look(writer: JournalWriter) -> None:
    for step in range(1000):  # until blocks are large
        writer.row({"a": float(step)}, step, 0.0)
    table = writer.table(("a", float))
    assert table is not None
    follower = follower_of(writer)
    everything(follower)
    for _ in range(700):
        table.slots[0]()
    writer.row({"a": -1.0}, 5000, 0.0)
    assert (5000, -1.0) in points(everything(follower, deep=True), "a")


def test_rows_that_were_passed_are_left_out_and_records_are_not(writer: JournalWriter) -> None:
    for step in range(10):
        writer.row({"a": float(step)}, step, 0.0)
    last = writer.last_seq
    follower = Follower(writer.path, lambda _: lambda seq: seq < last)
    found = everything(follower)
    assert points(found, "a")[-1] == (9, 9.0)
    assert [entry.payload.get("k") for entry in found] == ["open", "row", "row", None]


@pytest.mark.parametrize("cut", [0, 10, 63])
def test_a_file_without_a_whole_header_is_no_journal_yet(tmp_path: Path, writer: JournalWriter, cut: int) -> None:
    short = tmp_path / "short.epochal"
    short.write_bytes(Path(writer.path).read_bytes()[:cut])
    with pytest.raises(JournalError):
        Follower(str(short), lambda _: lambda _: False)


def test_damage_hides_nothing_behind_it(writer: JournalWriter) -> None:
    for step in range(3000):
        writer.row({"a": float(step)}, step, 0.0)
    whole = everything(follower_of(writer))
    fd = os.open(writer.path, os.O_RDWR)
    try:
        size = os.fstat(fd).st_size
        header = bytes(os.pread(fd, size, 0)).find(b"EpBk", size // 3)
        os.pwrite(fd, b"damage!!", header)
    finally:
        os.close(fd)
    found = everything(follower_of(writer))
    assert 0 < len(whole) - len(found) < len(whole) // 2
    assert found[-1].seq == whole[-1].seq


def test_a_named_pipe_does_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.epochal")
    with pytest.raises(JournalError):
        Follower(str(tmp_path / "pipe.epochal"), lambda _: lambda _: False)
