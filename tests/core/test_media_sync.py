"""What the companion brings to the disk of media: what is new, once, and never more than it must."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from epochal.companion.media_sync import MediaSync
from epochal.media.item import Piece
from epochal.media.storage import store


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which the name of each file is added that fsync is called for."""
    names: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        names.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return names


def age(path: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))


def test_new_files_and_their_folder_are_brought_to_the_disk(tmp_path: Path, synced: list[str]) -> None:
    sync = MediaSync(str(tmp_path))
    sync.keep()
    assert synced == []  # a run without media
    one = tmp_path / store(tmp_path, Piece("text", "txt", b"one"))["path"]
    two = tmp_path / store(tmp_path, Piece("image", "png", b"two"))["path"]
    sync.keep()
    assert sorted(synced) == sorted([one.name, two.name, "text", "image"])


def test_what_was_brought_there_is_left_alone(tmp_path: Path, synced: list[str]) -> None:
    old = [tmp_path / store(tmp_path, Piece("text", "txt", word))["path"] for word in (b"older", b"old")]
    age(old[0], 90)
    age(old[1], 60)
    age(old[0].parent, 30)
    sync = MediaSync(str(tmp_path))
    sync.keep()
    synced.clear()
    sync.keep(last=True)
    assert synced == []  # the folder has not changed
    new = tmp_path / store(tmp_path, Piece("text", "txt", b"new"))["path"]
    age(new, 20)
    sync.keep(last=True)
    # the newest of those before might have had a neighbour of the same moment
    assert sorted(synced) == sorted([new.name, old[1].name, "text"])


def test_links_and_hidden_parts_are_passed_over(tmp_path: Path, synced: list[str]) -> None:
    file = tmp_path / store(tmp_path, Piece("text", "txt", b"x"))["path"]
    (file.parent / ".x.part").write_bytes(b"half")
    (file.parent / "link.txt").symlink_to("/etc/hostname")
    MediaSync(str(tmp_path)).keep()
    assert sorted(synced) == sorted([file.name, "text"])
