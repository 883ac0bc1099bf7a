"""The file under a writer: short writes, a buffer while storage refuses, a file that vanishes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from epochal.journal import storage as storage_module
from epochal.journal.storage import BUFFER_BYTES, Storage

FULL = OSError(errno.ENOSPC, "No space left on device")


class Disk:
    """Stands in for `os.pwrite` on a disk that fills up: takes `room` bytes, short at first, then refuses."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._pwrite = os.pwrite

    def __call__(self, fd: int, data: bytes | memoryview, at: int) -> int:
        if not self.room:
            raise FULL
        written = self._pwrite(fd, memoryview(data)[: self.room], at)
        self.room -= written
        return written


@pytest.fixture
def reports() -> list[tuple[str, str]]:
    """What the storage told, as (code, text)."""
    return []


@pytest.fixture
def store(tmp_path: Path, reports: list[tuple[str, str]]) -> Storage:
    """A new file in a folder of its own."""
    (tmp_path / "journal").mkdir()
    return Storage(str(tmp_path / "journal" / "a.epochal"), lambda code, text: reports.append((code, text)))


def full(monkeypatch: pytest.MonkeyPatch, room: int = 0) -> Disk:
    disk = Disk(room)
    monkeypatch.setattr(storage_module.os, "pwrite", disk)
    return disk


def content(store: Storage) -> bytes:
    return Path(store.path).read_bytes()


def test_a_short_write_is_continued_at_once(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(storage_module.os, "pwrite", lambda fd, data, at: real(fd, memoryview(data)[:3], at))

    assert store.write(b"0123456789", 0)
    assert content(store) == b"0123456789"
    assert store.healthy


def test_what_a_full_disk_refuses_is_written_when_there_is_room(
    store: Storage, monkeypatch: pytest.MonkeyPatch, reports: list[tuple[str, str]]
) -> None:
    disk = full(monkeypatch, room=4)

    assert not store.write(b"01234567", 0, seq=1)
    assert not store.write(b"89", 8, seq=2)
    assert not store.healthy
    disk.room = 1 << 20

    assert store.retry(now=True) is None
    assert content(store) == b"0123456789"
    assert store.healthy
    assert {code for code, _ in reports} == {"storage"}
    assert "No space left" in reports[0][1]


def test_rows_beyond_the_buffer_are_counted_with_their_range(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = full(monkeypatch)
    chunk = bytes(1 << 20)
    for seq in range(1, 8):
        store.write(chunk, seq << 20, seq=seq)
    kept = BUFFER_BYTES >> 20

    assert store.retry(now=True) is None
    disk.room = 1 << 30
    missing = store.retry(now=True)

    assert missing == (7 - kept, kept + 1, 7)
    assert store.healthy


def test_storage_that_refused_is_not_tried_again_within_a_second(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = full(monkeypatch)
    store.write(b"x", 0, seq=1)
    disk.room = 100

    assert store.retry() is None
    assert not store.healthy
    assert store.retry(now=True) is None
    assert store.healthy


def test_a_deleted_file_is_written_anew_with_all_that_it_held(store: Storage) -> None:
    store.write(b"head....", 0)
    store.write(b"far away", 1 << 20)
    assert not store.vanished()
    os.unlink(store.path)
    os.rmdir(os.path.dirname(store.path))
    assert store.vanished()

    assert store.restore()
    store.write(b"later...", 64)

    data = content(store)
    assert (data[:8], data[64:72], data[1 << 20 :]) == (b"head....", b"later...", b"far away")
    assert not store.vanished()


def test_after_close_the_number_of_the_descriptor_is_not_given_to_another_file(store: Storage, tmp_path: Path) -> None:
    store.write(b"kept", 0)
    store.close()
    other = tmp_path / "other"
    with other.open("wb") as file:
        assert file.fileno() != store.fd
        os.pwrite(store.fd, b"late", 0)  # a thread that logs while the run finishes

    assert other.read_bytes() == b""
    assert content(store) == b"kept"


def test_a_file_that_exists_is_never_written_over(store: Storage) -> None:
    with pytest.raises(FileExistsError):
        Storage(store.path, lambda code, text: None)
