"""A growing journal gives what a fresh reader gives at every moment, and reads full blocks once."""

from __future__ import annotations

import os
import random
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

import epochal
from epochal.clock import run_clock
from epochal.journal.growing import GrowingJournal
from epochal.journal.points import Columns
from epochal.journal.reader import Journal
from epochal.journal.writer import JournalWriter
from epochal.recorded import RecordedRun
from tests.core.journal_maker import Maker

NAMES = ("loss", "acc", "lr", "other", "flag", "count")


@pytest.fixture(params=[1 << 24, 1 << 12], ids=["as it is", "in small pieces"], autouse=True)
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal.journal.kept_rows._CHUNK", request.param)


def make_writer(folder: Path) -> JournalWriter:
    (folder / "journal").mkdir(parents=True, exist_ok=True)
    made = JournalWriter(folder, role="main", rank=0, ordinal=1, clock=run_clock(), report=lambda *_: None)
    made.record("open", {"run": "r", "project": "p", "role": "main", "rank": 0, "ordinal": 1})
    return made


def listed(columns: Columns) -> list[tuple[int, int, float, int, int]]:
    parts = (columns.seqs, columns.steps, columns.times, columns.cells, columns.kinds)
    return list(zip(*(part.tolist() for part in parts), strict=True))


def assert_same(growing: GrowingJournal, path: Path, names: tuple[str, ...] = NAMES) -> None:
    fresh = Journal(path).read(names)
    growing.refresh()
    found = growing.read(names)
    for name in names:
        assert listed(found[name]) == listed(fresh[name]), name


def test_it_gives_what_a_fresh_reader_gives_after_every_few_rows(tmp_path: Path) -> None:
    chance = random.Random(0)
    writer = make_writer(tmp_path)
    growing = GrowingJournal(writer.path)
    tables = [
        {"loss": 1.0, "acc": 0.5},
        {"loss": 1.0},
        {"acc": 1, "lr": 2.0},
        {"flag": True, "count": 2**62, "lr": 1.0},
    ]
    for step in range(3000):
        writer.row({**chance.choice(tables)}, step, step * 0.5)
        if chance.random() < 0.01:
            assert_same(growing, Path(writer.path))
    assert_same(growing, Path(writer.path))


def test_what_it_gave_does_not_change_while_it_grows(tmp_path: Path) -> None:
    writer = make_writer(tmp_path)
    growing = GrowingJournal(writer.path)
    given = []
    for step in range(2000):
        writer.row({"loss": float(step)}, step, 0.0)
        if step % 97 == 0:
            growing.refresh()
            columns = growing.columns("loss")
            given.append((columns, listed(columns)))
    for columns, before in given:
        assert listed(columns) == before


def test_rows_of_several_threads_are_all_found(tmp_path: Path) -> None:
    writer = make_writer(tmp_path)
    growing = GrowingJournal(writer.path)
    ended = threading.Event()

    def work(number: int) -> None:
        for step in range(3000):
            writer.row({"loss": float(number)}, step, 0.0)
            if step % 5 == 0:
                writer.row({"acc": float(number), "loss": 0.0}, step, 0.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = 0
    while not ended.is_set():
        if not any(thread.is_alive() for thread in threads):
            ended.set()
        growing.refresh()
        columns = growing.columns("loss")
        assert (np.diff(columns.seqs) > 0).all()
        assert len(columns) >= seen
        seen = len(columns)
    assert_same(growing, Path(writer.path))
    assert seen == 4 * (3000 + 600)


def test_full_blocks_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make_writer(tmp_path)
    for step in range(70_000):
        writer.row({"loss": 1.0, "acc": 2.0, "lr": 3.0}, step, 0.0)
    growing = GrowingJournal(writer.path)
    growing.read(["loss"])
    slots: list[int] = []
    take = GrowingJournal._reader._words

    def counted(self: object, block: object, first: int, number: int) -> object:
        slots.append(number)
        return take(self, block, first, number)  # type: ignore[arg-type]

    monkeypatch.setattr(GrowingJournal._reader, "_words", counted)
    growing.refresh()
    growing.read(["loss"])  # what was near the end is looked at once more
    slots.clear()
    writer.row({"loss": 5.0, "acc": 2.0, "lr": 3.0}, 70_000, 0.0)
    growing.refresh()
    assert growing.read(["loss"])["loss"].values[-1] == 5.0
    # two looks at a block of 1 MiB at most, of the 4 MB that are there
    assert sum(slots) * 48 <= 3 << 20
    assert_same(growing, Path(writer.path), ("loss", "acc", "lr"))


def test_metrics_asked_for_later_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal.journal.growing._SMALL", 0)  # every table is a large one
    writer = make_writer(tmp_path)
    growing = GrowingJournal(writer.path)
    for step in range(500):
        writer.row({"loss": 1.0 * step, "acc": 2.0, "lr": 3}, step, 0.0)
    assert_same(growing, Path(writer.path), ("loss",))
    assert_same(growing, Path(writer.path), ("lr",))
    writer.row({"loss": 7.0, "acc": 2.0, "lr": 9}, 500, 0.0)
    assert_same(growing, Path(writer.path), ("loss", "acc"))
    assert growing.kept_bytes
    growing.forget()
    assert not growing.kept_bytes
    assert_same(growing, Path(writer.path), ("lr",))


def test_a_settled_journal_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make_writer(tmp_path)
    for step in range(100):
        writer.row({"loss": 1.0 * step}, step, 0.0)
    growing = GrowingJournal(writer.path, settled=True)
    first = listed(growing.columns("loss"))
    monkeypatch.setattr(growing, "_run", None)  # what would open it
    assert listed(growing.columns("loss")) == first


def test_a_file_that_became_shorter_is_read_anew(tmp_path: Path) -> None:
    writer = make_writer(tmp_path)
    growing = GrowingJournal(writer.path)
    for step in range(5000):
        writer.row({"loss": 1.0}, step, 0.0)
    assert_same(growing, Path(writer.path))
    with Path(writer.path).open("r+b") as file:
        file.truncate(100_000)
    assert_same(growing, Path(writer.path))


def test_a_file_that_another_took_the_place_of_is_read_anew(tmp_path: Path) -> None:
    one, other = Maker(), Maker()
    for maker, value in ((one, 1.0), (other, 2.0)):
        maker.opening()
        for step in range(20):
            maker.row(step, {"loss": value})
    path = one.save(tmp_path)
    growing = GrowingJournal(path)
    assert set(growing.columns("loss").values.tolist()) == {1.0}
    shutil.copy(other.save(tmp_path / "other"), tmp_path / "new")
    (tmp_path / "new").replace(path)
    growing.refresh()
    assert set(growing.columns("loss").values.tolist()) == {2.0}


def test_a_run_can_be_read_with_it(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    for step in range(50):
        maker.row(step, {"loss": 1.0 * step})
    maker.save(tmp_path)
    run = RecordedRun(tmp_path, GrowingJournal)
    assert run.history("loss").values.tolist() == RecordedRun(tmp_path).history("loss").values.tolist()


def test_a_journal_that_is_gone_gives_nothing(tmp_path: Path) -> None:
    writer = make_writer(tmp_path)
    writer.row({"loss": 1.0}, 0, 0.0)
    growing = GrowingJournal(writer.path)
    Path(writer.path).unlink()
    assert not len(growing.columns("loss"))


def test_a_file_that_was_not_written_meanwhile_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = make_writer(tmp_path)
    for step in range(100):
        writer.row({"loss": 1.0 * step}, step, 0.0)
    growing = GrowingJournal(writer.path)
    os.utime(writer.path, (1.0, 1.0))  # long ago
    growing.refresh()
    first = listed(growing.columns("loss"))
    with monkeypatch.context() as closed:
        closed.setattr(growing, "_run", None)  # what would open it
        growing.refresh()
        assert listed(growing.columns("loss")) == first
    writer.row({"loss": 7.0}, 100, 0.0)
    assert_same(growing, Path(writer.path))
    assert len(growing.columns("loss")) == 101


def test_columns_written_in_small_pieces_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece has a block of its own, with a slot that nobody fills."""
    monkeypatch.setattr("epochal.journal.kept_rows.PATIENCE_S", 0.0)
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    run = epochal.init("p", dir=tmp_path)
    for piece in range(300):
        run.extend({"loss": np.full(51, piece * 1.0)}, steps=np.arange(51) + piece * 51)
    (path,) = (Path(run.folder) / "journal").glob("main*.epochal")
    growing = GrowingJournal(path)
    for piece in range(300, 330):
        assert_same(growing, path, ("loss",))
        run.extend({"loss": np.full(51, piece * 1.0)}, steps=np.arange(51) + piece * 51)
    growing.refresh()
    jobs: list[int] = []
    read = GrowingJournal._reader.read

    def counted(self: object, wanted: list[object]) -> None:
        jobs.extend(len(job.blocks) for job in wanted)  # type: ignore[attr-defined]
        read(self, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(GrowingJournal._reader, "read", counted)
    assert len(growing.columns("loss")) == 330 * 51
    assert sum(jobs) < 60  # those of the last 64 KiB, of 330
    run.finish()
    assert_same(growing, path, ("loss",))


def test_slots_that_stay_empty_hold_nothing_up_and_a_late_row_is_found_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("epochal.journal.kept_rows.PATIENCE_S", 0.0)
    maker = Maker()
    maker.opening()
    late = []
    for step in range(200):
        if step in (3, 70):
            late.append(maker.slot({"loss": 1.0}))
        maker.row(step, {"loss": 1.0 * step})
        if step == 100:
            for _ in range(16):  # blocks that nobody writes to at all
                maker.slot({"loss": 1.0})
    path = maker.save(tmp_path)
    growing = GrowingJournal(path)
    for _ in range(3):
        os.utime(path)
        assert_same(growing, path, ("loss",))
    row = maker.row(200, {"loss": -1.0})
    words = maker.data[maker.places[row].offset : maker.places[row].offset + late[0].length]
    with path.open("r+b") as file:
        file.seek(late[0].offset)
        file.write(words)
    growing.refresh()
    growing.settled = True
    found = growing.columns("loss")
    assert found.steps.tolist() == Journal(path).columns("loss").steps.tolist()
    assert 200 in found.steps.tolist()


def test_what_storage_refused_once_is_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal.journal.kept_rows.PATIENCE_S", 0.0)
    maker = Maker()
    maker.opening()
    for step in range(300):
        maker.row(step, {"loss": 1.0 * step})
    path = maker.save(tmp_path)
    os.utime(path, (1.0, 1.0))
    growing = GrowingJournal(path, settled=True)

    def refuse(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("epochal.journal.rows.read_into", refuse)
        for _ in range(3):
            assert not len(growing.columns("loss"))
    assert_same(growing, path, ("loss",))
    assert len(growing.columns("loss")) == 300
