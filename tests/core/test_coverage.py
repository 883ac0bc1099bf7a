"""Which bytes of a growing journal the companion takes for sound and final."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from epochal.companion.coverage import Coverage, Covered
from epochal.journal import format as layout
from epochal.journal.writer import JournalWriter


def refuse(code: str, text: str) -> None:
    raise AssertionError(f"{code}: {text}")


class Followed:
    """A journal with its writer and its reader."""

    def __init__(self, folder: Path) -> None:
        (folder / "journal").mkdir()
        self.writer = JournalWriter(folder, role="main", rank=0, ordinal=1, clock=time.time, report=refuse)
        self.fd = os.open(self.writer.path, os.O_RDWR)
        self.coverage = Coverage(self.fd)
        self.known: dict[int, Covered] = {}

    def grown(self, *, last: bool = False) -> list[Covered]:
        found = self.coverage.grown(last=last)
        self.known.update((covered.block, covered) for covered in found)
        return found

    def rows(self) -> int:
        """Return how many table rows are covered, having checked every checksum."""
        total = 0
        for covered in self.known.values():
            header = self.header(covered.block)
            size = covered.rows * (header.stride or 1)
            assert zlib.crc32(os.pread(self.fd, size, header.body)) == covered.crc
            total += covered.rows if header.stride else 0
        return total

    def header(self, offset: int) -> layout.BlockHeader:
        head = os.pread(self.fd, layout.BLOCK_HEADER.size, offset)
        length = layout.block_header_length(head)
        assert length is not None
        header = layout.unpack_block_header(os.pread(self.fd, length, offset), offset, self.writer.id)
        assert header is not None
        return header

    def row(self, n: int, **more: Any) -> None:
        self.writer.row({"loss": n / 7, **more}, n, time.time())


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    followed = Followed(tmp_path)
    yield followed
    os.close(followed.fd)
    followed.writer.close()


def test_what_was_written_is_covered_piece_by_piece(followed: Followed) -> None:
    for n in range(5000):
        followed.row(n)
        if n % 700 == 0:
            followed.row(n, other=True)
            followed.grown()
    followed.grown()
    assert followed.grown() == []
    assert followed.rows() == 5000 - 2 + 8 - 2


def test_an_array_in_one_call_is_covered(followed: Followed) -> None:
    import numpy as np

    steps = np.arange(100_000)
    followed.writer.extend({"x": steps / 3, "y": steps}, steps, steps / 2.0)
    followed.grown()
    assert followed.rows() == 100_000


def test_large_frames_are_covered_without_being_kept(followed: Followed) -> None:
    for size in (1, 70_000, 3_000_000, 10):
        followed.writer.record("config", {"ops": [[["x"], "y" * size]]})
    followed.grown()
    followed.rows()
    assert sum(covered.rows for covered in followed.known.values()) > 3_070_000


def test_an_empty_slot_ends_the_coverage_until_the_writer_is_dead(followed: Followed) -> None:
    for n in range(6):
        followed.row(n)
    table = followed.writer.tables["loss", float]
    skipped = table.slots[0]()
    for n in range(6, 8):
        followed.row(n)
    followed.grown()
    assert followed.rows() == 4
    row = table.pack(99, 0.5, 1.0, followed.writer.next_mark())
    os.pwrite(followed.fd, row, skipped)
    followed.grown()
    assert followed.rows() == 7


def test_of_a_dead_writer_empty_slots_are_covered_with_what_follows(followed: Followed) -> None:
    for n in range(6):
        followed.row(n)
    followed.writer.tables["loss", float].slots[0]()
    followed.row(6)
    followed.grown(last=True)
    assert followed.rows() == 6


def test_a_hole_among_frames_ends_the_coverage_until_the_writer_is_dead(followed: Followed) -> None:
    followed.writer.record("position", {})
    followed.writer._record_block.claims.take(64)
    followed.writer.record("position", {})
    followed.grown()
    (before,) = followed.known.values()
    followed.grown(last=True)
    (after,) = followed.known.values()
    followed.rows()
    assert after.rows >= before.rows + 64 + layout.FRAME_HEADER.size


def test_a_mark_that_is_not_the_writers_is_not_covered(followed: Followed) -> None:
    for n in range(6):
        followed.row(n)
    table = followed.writer.tables["loss", float]
    os.pwrite(followed.fd, table.pack(99, 0.5, 1.0, 12345), table.slots[0]())
    followed.row(6)
    followed.grown()
    assert followed.rows() == 4


def test_a_block_that_is_claimed_and_not_begun_hides_none_behind_it(followed: Followed) -> None:
    followed.row(0)
    followed.grown()
    gap = followed.writer._space.take(4096)
    for n in range(100):
        followed.row(n)
    followed.grown()
    assert followed.rows() == 101 - 2
    header = layout.pack_block_header(
        followed.writer.id, gap, kind=layout.RECORDS, table=0, stride=0, capacity=4096, declaration=b""
    )
    frame = layout.pack_frame(followed.writer.id, gap + len(header), 1000, b"\x80")
    os.pwrite(followed.fd, header + frame, gap)
    assert [covered.block for covered in followed.grown()] == [gap]


@pytest.mark.parametrize("cut", [0, 10, 63])
def test_a_file_without_its_header_is_not_taken(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(layout.pack_file_header(bytes(16), 0.0)[:cut])
    with open(path, "rb") as file, pytest.raises(ValueError, match="header"):
        Coverage(file.fileno())


def test_the_finish_record_is_found(followed: Followed) -> None:
    followed.writer.record("notice", {"code": "x", "text": "finish"})
    followed.grown()
    assert followed.coverage.finish is None
    followed.writer.record("finish", {"state": "finished", "exit_code": 0, "error": None, "atexit": True})
    followed.grown()
    assert followed.coverage.finish is not None and followed.coverage.finish["atexit"] is True


def test_a_file_that_shrinks_does_no_harm(followed: Followed) -> None:
    for n in range(3000):
        followed.row(n)
    followed.grown()
    os.ftruncate(followed.fd, 5000)
    followed.grown(last=True)
    assert followed.coverage.grown() == []
