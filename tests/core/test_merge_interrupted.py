"""Merges that are killed, collide or find the disk full: what was done is sound, and merging again ends the same."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.journal.verify import verify
from epochal.merging import copying
from epochal.recorded import RecordedRun
from tests.core.make_runs import make_run
from tests.core.merge_tools import copied, merged, tree, write

#: Everything by which a merge changes a folder.
CHANGES = ("mkdir", "pwrite", "ftruncate", "utime", "replace", "unlink")


def sources(home: Path) -> list[Path]:
    """Two roots that make a merge do all that it can: new files, longer ones, conflicts, a folder in a file's place."""
    run = make_run(home / "a", 1, rows=3)
    other = copied(run, home / "b")
    journal = next((run / "journal").glob("main-*"))
    with journal.open("ab") as file:
        file.write(b"\x01" * 64)
    write(run / "files" / "both", b"one")
    write(other / "files" / "both", b"another")
    write(run / "files" / "swapped", b"another")
    write(other / "files" / "swapped", b"one")
    for files, folders in ((run, other), (other, run)):
        name = f"x{len(list((run / 'files').iterdir()))}"
        write(files / "files" / name, b"file")
        write(folders / "files" / name / "y", b"below")
    return [home / "b", home / "a"]


def killed_at(count: int, work: Callable[[], Any]) -> bool:
    """Do the work in a process that is killed by SIGKILL before its change number `count`; return whether it was."""
    pid = os.fork()
    if not pid:
        left = [count]

        def guarded(change: Callable[..., Any]) -> Callable[..., Any]:
            def call(*words: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*words, **options)

            return call

        for name in CHANGES:
            setattr(os, name, guarded(getattr(os, name)))
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_killed_before_any_of_its_changes_a_merge_comes_to_the_same_end(tmp_path: Path) -> None:
    first, second = sources(tmp_path)
    merged(first, tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "wanted", copy_function=shutil.copy2)
    merged(second, tmp_path / "wanted")
    wanted = tree(tmp_path / "wanted", times=True)
    assert len(wanted) == 10
    count = 0
    while True:
        to = tmp_path / f"to-{count}"
        shutil.copytree(tmp_path / "before", to, copy_function=shutil.copy2)
        if not killed_at(count, lambda to=to: merged(second, to)):  # type: ignore[misc]
            break
        for name, data in tree(tmp_path / "before").items():  # nothing that was there is lost or cut
            held = [kept for other, kept in tree(to).items() if other.startswith(name.rpartition(".")[0] or name)]
            assert any(kept.startswith(data) for kept in held), name  # type: ignore[attr-defined]
        assert merged(second, to).problems == 0
        assert tree(to, times=True) == wanted
        count += 1
    assert count > 20
    assert tree(to, times=True) == wanted


def test_a_new_run_that_was_cut_off_is_completed_and_no_leftover_stays(tmp_path: Path) -> None:
    make_run(tmp_path / "a", 1, rows=3)
    count = 0
    while killed_at(count, lambda: merged(tmp_path / "a", tmp_path / f"to-{count}")):
        to = tmp_path / f"to-{count}"
        (report,) = merged(tmp_path / "a", to).runs
        assert tree(to, times=True) == tree(tmp_path / "a", times=True)
        assert RecordedRun(report.path).state == "finished"
        count += 1
    assert count > 8


def test_merges_into_one_folder_at_the_same_time_take_turns(tmp_path: Path) -> None:
    for name in "abcd":
        make_run(tmp_path / name, ord(name), rows=2)
    shared = make_run(tmp_path / "a", 1, rows=2)
    for at, name in enumerate("bcd"):
        other = copied(shared, tmp_path / name)
        write(other / "files" / "log", b"line\n" * at)
    with pytest.MonkeyPatch.context() as patch:
        running, most = [0], [0]
        real = copying.Staged._copy

        def slow(self: copying.Staged, *words: Any) -> None:
            running[0] += 1
            most[0] = max(most[0], running[0])
            threading.Event().wait(0.002)
            real(self, *words)
            running[0] -= 1

        patch.setattr(copying.Staged, "_copy", slow)
        threads = [threading.Thread(target=merged, args=(tmp_path / name, tmp_path / "to")) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1]
    merged(*(tmp_path / name for name in "abcd"), tmp_path / "wanted")
    assert tree(tmp_path / "to", times=True) == tree(tmp_path / "wanted", times=True)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_merge_with_everything_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    for index in range(4):
        make_run(tmp_path / "a", index, rows=3)
    room = [25_000]
    real = os.pwrite

    def refused(fd: int, data: Any, at: int) -> int:
        fits = min(len(data), room[0])
        room[0] -= fits
        if not fits:
            raise OSError(code, os.strerror(code))
        return real(fd, bytes(data[:fits]), at)

    monkeypatch.setattr(os, "pwrite", refused)
    with pytest.raises(epochal.StorageError, match=r"after \d of 4 runs. What was merged is sound: make room there"):
        merged(tmp_path / "a", tmp_path / "to")
    assert not [path for path in (tmp_path / "to").rglob("*") if path.name.endswith(".part")]
    wanted = tree(tmp_path / "a")
    assert all(wanted[name] == data for name, data in tree(tmp_path / "to").items())
    monkeypatch.setattr(os, "pwrite", real)
    merged(tmp_path / "a", tmp_path / "to")
    assert tree(tmp_path / "to") == wanted


def test_ctrl_c_leaves_no_part_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "a", 1)

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        merged(tmp_path / "a", tmp_path / "to")
    assert tree(tmp_path / "to") == {}


def test_a_source_that_shrinks_or_vanishes_while_it_is_read_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "a", 1)
    write(run / "files" / "gone", b"x")
    real = copying.Staged.__init__

    def late(self: copying.Staged, source: str, *words: Any, **options: Any) -> None:
        if source.endswith("gone"):
            os.unlink(source)
        real(self, source, *words, **options)

    monkeypatch.setattr(copying.Staged, "__init__", late)
    (report,) = merged(tmp_path / "a", tmp_path / "to").runs
    assert report.problems == []
    assert tree(tmp_path / "to") == tree(tmp_path / "a")
    assert verify(report.path).findings == verify(run).findings
