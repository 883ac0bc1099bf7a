"""The writer of a journal, read back through the reader."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.clock import run_clock
from epochal.journal import format as layout
from epochal.journal.reader import Journal
from epochal.journal.writer import JournalWriter

Opened = Callable[[], JournalWriter]


@pytest.fixture
def new_writer(tmp_path: Path) -> Opened:
    """Make writers of one run, each with its `open` frame."""
    made = iter(range(1, 1_000))

    def make() -> JournalWriter:
        ordinal = next(made)
        folder = tmp_path / "run"
        (folder / "journal").mkdir(parents=True, exist_ok=True)
        writer = JournalWriter(
            folder, role="main", rank=0, ordinal=ordinal, clock=run_clock(), report=lambda code, text: None
        )
        writer.record("open", {"run": "r", "project": "p", "role": "main", "rank": 0, "ordinal": ordinal, "pid": 1})
        return writer

    return make


def points(writer: JournalWriter, metric: str) -> list[tuple[int, Any]]:
    columns = Journal(writer.path).columns(metric)
    order = np.argsort(columns.seqs, kind="stable")
    return list(zip(columns.steps[order].tolist(), np.asarray(columns.values)[order].tolist(), strict=True))


def test_rows_come_back_exactly_also_those_that_stand_in_frames(new_writer: Opened) -> None:
    writer = new_writer()
    for i in range(1_000):
        writer.row({"loss": i * 0.1, "count": i, "even": i % 2 == 0}, i, 0.0)

    assert points(writer, "loss") == [(i, i * 0.1) for i in range(1_000)]
    assert points(writer, "count") == [(i, i) for i in range(1_000)]
    assert points(writer, "even") == [(i, i % 2 == 0) for i in range(1_000)]
    rows = [frame for frame in Journal(writer.path).frames if frame.payload["k"] == "row"]
    assert len(rows) == 2, "the first two rows of a key set stand in frames"


def test_a_key_set_seen_twice_makes_no_table(new_writer: Opened) -> None:
    writer = new_writer()
    for i in range(500):
        writer.row({f"only here {i // 2}": 1.0}, i, 0.0)

    assert Journal(writer.path).tables == {}
    assert points(writer, "only here 3") == [(6, 1.0), (7, 1.0)]


def test_the_type_of_a_value_is_part_of_its_table(new_writer: Opened) -> None:
    writer = new_writer()
    for value in (1, True, 1.0) * 4:
        writer.row({"x": value}, 0, 0.0)

    assert sorted(table.types for table in Journal(writer.path).tables.values()) == ["b", "d", "q"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.text(max_size=5),
                st.one_of(
                    st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(alphabet="aé\n", max_size=4)
                ),
                max_size=4,
            ),
            st.integers(-(2**63), 2**63 - 1),
        ),
        max_size=40,
    )
)
def test_any_rows_come_back(rows: list[tuple[dict[str, Any], int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "journal").mkdir()
        writer = JournalWriter(
            Path(folder), role="main", rank=0, ordinal=1, clock=run_clock(), report=lambda code, text: None
        )
        writer.record("open", {"run": "r", "role": "main", "rank": 0, "ordinal": 1})
        for _ in range(3):  # frames first, a table at the third sight
            for values, step in rows:
                if values:
                    writer.row(values, step, 1.5)
        for name in {name for values, _ in rows for name in values}:
            wanted = [
                (step, values[name]) for values, step in rows if name in values and not isinstance(values[name], str)
            ]
            got = points(writer, name)
            kinds = {type(value) for _, value in wanted}
            if kinds in ({int}, {bool}):
                assert got == wanted * 3
            else:
                assert repr([(s, float(v)) for s, v in got]) == repr([(s, float(v)) for s, v in wanted * 3])


@pytest.mark.parametrize("n", [1, 7, 100_000])
def test_columns_come_back_exactly(new_writer: Opened, n: int) -> None:
    writer = new_writer()
    values = np.random.default_rng(0).standard_normal(n)
    steps = np.arange(n, dtype=np.int64)[::-1].copy()
    writer.extend({"x": values, "n": steps * 3, "odd": steps % 2 == 1}, steps, np.full(n, 2.5))
    writer.row({"x": 1.0}, 5, 0.0)

    got = Journal(writer.path).columns("x")
    assert np.array_equal(got.steps[:n], steps)
    assert np.array_equal(got.values[:n], values)
    assert sorted(got.seqs.tolist()) == list(range(2, n + 3)), "every seq is used once"
    assert points(writer, "odd")[:3] == [(int(s), bool(s % 2)) for s in steps[:3]]


def test_every_seq_is_used_once_whoever_writes_at_once(new_writer: Opened) -> None:
    writer = new_writer()

    def work(k: int) -> None:
        for i in range(3_000):
            writer.row({f"m{i % 3}": float(i), "k": k}, i, 0.0)
            if i % 100 == 0:
                writer.record("notice", {"code": "x", "text": "y" * i})

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    journal = Journal(writer.path)
    seqs = [frame.seq for frame in journal.frames if frame.payload["k"] != "row"]
    seqs += journal.columns("k").seqs.tolist()
    assert sorted(seqs) == list(range(1, writer.last_seq + 1))
    assert len(seqs) == 4 * 3_000 + 4 * 30 + 1
    assert journal.damages == []


def test_a_record_of_ten_megabytes_is_one_frame(new_writer: Opened) -> None:
    writer = new_writer()
    text = "x" * (10 << 20)
    writer.record("config", {"ops": [[["text"], text]]})
    writer.record("notice", {"code": "after", "text": ""})

    frames = Journal(writer.path).frames
    assert frames[1].payload["ops"] == [[["text"], text]]
    assert frames[2].payload["code"] == "after"


def test_ten_thousand_metrics_in_one_row(new_writer: Opened) -> None:
    writer = new_writer()
    names = [f"layer/{i}/gradient norm" for i in range(10_000)]
    for step in range(20):
        writer.row(dict.fromkeys(names, float(step)), step, 0.0)

    assert points(writer, names[9_999]) == [(step, float(step)) for step in range(20)]
    assert os.path.getsize(writer.path) < 8 * 10_000 * 20 * 2


def test_blocks_grow_to_a_mebibyte_and_no_further(new_writer: Opened) -> None:
    writer = new_writer()
    for i in range(60_000):
        writer.row({"x": 1.0, "y": 2.0, "z": 3.0}, i, 0.0)

    sizes = [block.capacity for block in Journal(writer.path)._scan.blocks if block.kind == layout.ROWS]
    assert sizes == sorted(sizes)
    assert sizes[0] == 1 << 10
    assert max(sizes) == 1 << 20


def test_key_sets_that_never_repeat_cost_bounded_memory(new_writer: Opened) -> None:
    writer = new_writer()
    for i in range(30_000):
        writer.row({f"a{i}": 1.0, f"b{i}": 1.0, f"c{i}": 1.0}, i, 0.0)

    assert len(writer.tables) == 0
    assert writer._sighted_cells <= 200_000 + 12


def test_the_last_seq_is_known_without_taking_one(new_writer: Opened) -> None:
    writer = new_writer()
    before = writer.last_seq
    assert writer.record("position", {}) == before + 1
    assert writer.last_seq == before + 1
