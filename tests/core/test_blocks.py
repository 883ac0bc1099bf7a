"""Finding the blocks and frames of a journal, also while it grows."""

from __future__ import annotations

import os
import threading
import time
import zlib
from pathlib import Path

import pytest

from epochal.errors import JournalError, JournalVersionError
from epochal.journal import format as layout
from epochal.records import encode
from tests.core.journal_maker import Maker, loop
from tests.core.scans import close_descriptors, journal, kinds, opened, scan

__all__ = ["close_descriptors"]


def test_a_sound_journal_is_found_whole(tmp_path: Path) -> None:
    maker = journal()
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", *["notice"] * 10, "finish"]
    assert [frame.seq for frame in found.frames()] == sorted(maker.frames)
    assert [block.offset for block in found.blocks] == [place.offset for place in maker.headers]
    assert found.damages == []
    assert found.header.writer == maker.writer


def test_what_is_appended_is_found_by_the_next_refresh_and_nothing_new_is_told_as_such(tmp_path: Path) -> None:
    maker = journal()
    path = tmp_path / "file.epochal"
    path.write_bytes(maker.data)
    found = opened(path)
    assert not found.refresh()
    before = found.frames()
    for number in range(100):
        maker.record("later", number=number)
        loop(maker, [number], loss=2.0)
    path.write_bytes(maker.data)
    assert found.refresh()
    assert kinds(found)[-100:] == ["later"] * 100
    assert found.frames()[: len(before)] == before
    assert len(found.blocks) == len(maker.headers)
    assert not found.refresh()


def test_a_frame_that_is_written_late_takes_its_place(tmp_path: Path) -> None:
    maker = journal()
    place = maker.frames[5]
    late = bytes(maker.data[place.offset : place.offset + place.length])
    maker.write(place.offset, bytes(place.length))
    found = scan(bytes(maker.data), tmp_path)
    assert [frame.seq for frame in found.frames()] == [seq for seq in sorted(maker.frames) if seq != 5]
    assert found.damages == []
    os.pwrite(found.fd, late, place.offset)
    found.refresh()
    assert [frame.seq for frame in found.frames()] == sorted(maker.frames)


def test_a_frame_caught_half_written_is_damage_only_until_it_is_whole(tmp_path: Path) -> None:
    maker = journal()
    place = maker.frames[9]
    half = place.offset + 20
    rest = bytes(maker.data[half : place.offset + place.length])
    maker.write(half, bytes(len(rest)))
    found = scan(bytes(maker.data), tmp_path)
    assert [damage.what for damage in found.damages] == ["not a sound frame"]
    assert 10 in {frame.seq for frame in found.frames()}
    os.pwrite(found.fd, rest, half)
    found.refresh()
    assert [frame.seq for frame in found.frames()] == sorted(maker.frames)
    assert found.damages == []


def test_a_block_whose_header_is_written_late_is_found_later(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(8), loss=1.0)
    place = maker.headers[-1]
    header = bytes(maker.data[place.offset : place.offset + place.length])
    maker.write(place.offset, bytes(len(maker.data) - place.offset))
    maker.record("notice", number=1, text="x" * 500)
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "notice"]
    assert len(found.blocks) == 2
    assert found.damages == []
    os.pwrite(found.fd, header, place.offset)
    assert found.refresh()
    assert [block.offset for block in found.blocks] == [place.offset for place in maker.headers]


def test_a_hole_that_nobody_filled_is_no_damage(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.claim(1 << 16)
    maker.record("notice", text="x" * 1000)
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "notice"]
    assert found.damages == []


def with_version(data: bytes, major: int, minor: int) -> bytes:
    head = layout.FILE_HEADER.pack(
        layout.FILE_MAGIC, major, minor, 0, data[16:32], 0.0, bytes(20), 0
    )[:60]  # fmt: skip
    return head + zlib.crc32(head).to_bytes(4, "little") + data[64:]


def test_a_newer_major_version_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(JournalVersionError, match=r"version 2\.3 .* reads version 2"):
        scan(with_version(bytes(journal().data), 2, 3), tmp_path)


def test_a_newer_minor_version_is_read(tmp_path: Path) -> None:
    assert kinds(scan(with_version(bytes(journal().data), 1, 9), tmp_path))[-1] == "finish"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes"),
        (b"EPOCHAL\n", "8 bytes"),
        (b"PK\x03\x04" + bytes(200), "begins with"),
        (b"EPOCHAL\n" + b"\xff" * 100, "beyond repair"),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(JournalError, match=why):
        scan(data, tmp_path)


def test_a_file_that_becomes_shorter_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    maker = journal()
    found = scan(bytes(maker.data), tmp_path)
    os.ftruncate(found.fd, maker.headers[1].offset + 10)
    assert found.refresh()
    assert len(found.blocks) == 1
    assert any("shorter" in damage.what for damage in found.damages)
    os.ftruncate(found.fd, 0)
    found.refresh()
    assert found.frames() == []


def test_holes_of_any_size_cost_nothing(tmp_path: Path) -> None:
    maker = journal()
    path = tmp_path / "file.epochal"
    path.write_bytes(maker.data)
    far = 1 << 42
    os.truncate(path, far)
    found = opened(path)
    assert kinds(found)[-1] == "finish"
    os.pwrite(found.fd, layout.pack_block_header(
        maker.writer, far, kind=layout.RECORDS, table=0, stride=0, capacity=512, declaration=b""
    ) + layout.pack_frame(maker.writer, far + 64, 99, encode({"k": "far"})), far)  # fmt: skip
    found.refresh()
    assert kinds(found)[-1] == "far"


def test_a_scan_beside_a_writer_sees_only_whole_frames_and_in_the_end_all(tmp_path: Path) -> None:
    from epochal.journal.writer import JournalWriter

    (tmp_path / "journal").mkdir()
    problems: list[str] = []
    writer = JournalWriter(
        tmp_path, role="main", rank=0, ordinal=1, clock=time.time, report=lambda *text: problems.append(str(text))
    )
    writer.record("open", {"run": "r"})
    count = 3000

    def work(name: str) -> None:
        for number in range(count):
            writer.record("notice", {"name": name, "number": number, "filling": "z" * (number % 700)})

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    found = opened(Path(writer.path))
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        found.refresh()
        for frame in found.frames()[-50:]:
            assert frame.payload["k"] == "open" or len(frame.payload["filling"]) == frame.payload["number"] % 700
    found.refresh()
    assert sorted(frame.seq for frame in found.frames()) == list(range(1, 2 * count + 2))
    assert found.damages == []
    assert problems == []
    writer.close()
