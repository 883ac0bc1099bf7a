"""Whether a run's writers are alive, and the state of the run that follows from it."""

from __future__ import annotations

import errno
import os
import struct
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from . import layout, processes
from .descriptors import high

try:
    import fcntl
except ImportError:  # Windows: reading only, where a lock cannot be asked for
    fcntl = None  # type: ignore[assignment]

#: How long a run that cannot be asked counts as running after its last change, in seconds.
PATIENCE: Final = 300.0

#: struct flock of F_GETLK: Linux puts the type first, the BSDs and macOS last; a short of 0 is SEEK_SET in both.
_LINUX: Final = sys.platform.startswith("linux")
_FLOCK: Final = struct.Struct("@hhqqi4x" if _LINUX else "@qqihh")
#: What a writer says of its end; the last two are importers', of what their sources tell, or do not tell.
_ENDED: Final = frozenset({"finished", "failed", "interrupted", "killed", "lost"})
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}

#: Journals that this process writes, and lock files that it holds, each with the pid that said so:
#: what a forked child inherits here is not its own.
_owned: dict[str, int] = {}
_held: dict[tuple[int, int], int] = {}


class State(NamedTuple):
    """What a run is, or how it ended.

    Attributes:
        name: running, finished, failed, interrupted, killed or lost.
        reason: why, in words, where that is known.
        ended: seconds since the epoch, as recorded; None while it runs or where nothing tells.
        exit_code: the exit status of the process, where known.
        signal: the signal that ended the process, where known.
        proven: nothing will be added by the run's own processes any more: all of them are known to be gone.
    """

    name: str
    reason: str | None = None
    ended: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    proven: bool = False


class WriterFacts(NamedTuple):
    """What the state depends on in one journal.

    Attributes:
        journal: path of the file.
        opening: its `open` frame.
        finish: its newest `finish` frame, if any.
        end: its newest `end` frame, if any (role system).
        modified: when the file last changed, seconds since the epoch.
    """

    journal: Path
    opening: dict[str, Any]
    finish: dict[str, Any] | None
    end: dict[str, Any] | None
    modified: float


# ---- ownership, told by the process that writes ----


def claim(journal: str | os.PathLike[str]) -> None:
    """Note that this process writes this journal; a child forked from it does not."""
    _owned[os.path.realpath(journal)] = os.getpid()


def release(journal: str | os.PathLike[str]) -> None:
    """Note that this process has closed this journal and its lock."""
    _owned.pop(os.path.realpath(journal), None)
    found = _lock_file(Path(journal))
    if found is not None:
        _held.pop((found.st_dev, found.st_ino), None)


def owns(journal: str | os.PathLike[str]) -> bool:
    """Return whether this very process writes this journal."""
    return bool(_owned) and _owned.get(os.path.realpath(journal)) == os.getpid()


def hold_lock(journal_path: str) -> tuple[int, dict[str, int] | None]:
    """Create the lock file beside a journal and hold a record lock on it until the descriptor is closed.

    Closing any descriptor of that file in this process drops the lock: never open it again here.

    Returns:
        The descriptor, and `{"dev": …, "ino": …}` of the lock file for the `open` frame; None instead where the
        file system keeps no record locks, so that nobody takes the missing lock for a dead writer.

    Raises:
        OSError: the lock file cannot be created.
    """
    fd = high(os.open(layout.lock_path(journal_path), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666))
    facts = os.fstat(fd)
    if fcntl is None:
        return fd, None
    _held[facts.st_dev, facts.st_ino] = os.getpid()
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return fd, None
    return fd, {"dev": facts.st_dev, "ino": facts.st_ino}


# ---- one writer ----


def is_alive(folder: Path, opening: dict[str, Any], journal: Path) -> bool | None:
    """Return whether the process that opened this journal still lives; None where that cannot be decided from here.

    Args:
        folder: the run's folder, where the journal is read.
        opening: the journal's `open` frame.
        journal: the journal's path (relative paths are taken from `folder`).
    """
    path = folder / journal
    if owns(path):
        return True
    lock = opening.get("lock") if isinstance(opening.get("lock"), dict) else None
    boot, namespace = _here()
    same_boot = boot is not None and opening.get("boot") == boot
    found = _lock_file(path) if lock else None
    if lock and found is not None and not _same_file(lock, found, same_boot):
        return False  # a copy: its writer, if it lives, writes the original
    pid, started = opening.get("pid"), opening.get("pid_start")
    if same_boot and opening.get("pidns") == namespace and isinstance(pid, int):
        if pid == os.getpid() and opening.get("role") == "main":  # moved away, or of a program before an exec
            return found is not None and _held.get((found.st_dev, found.st_ino)) == pid
        alive = processes.lives(pid, started if isinstance(started, int) else None)
        if alive is not None:
            return alive
    if lock and found is not None:
        held = is_locked(layout.lock_path(path), found)
        if held:
            return True
        if held is False and same_boot:
            return False
    return None


@cache
def _here() -> tuple[str | None, str | None]:
    """Return this boot and pid namespace: neither changes while a process lives."""
    return processes.boot_id(), processes.pid_namespace()


def _lock_file(journal: Path) -> os.stat_result | None:
    try:
        return os.stat(layout.lock_path(journal))
    except OSError:
        return None


def _same_file(lock: dict[str, Any], found: os.stat_result, same_boot: bool) -> bool:
    # Device numbers mean something within one boot only.
    return lock.get("ino") == found.st_ino and (not same_boot or lock.get("dev") == found.st_dev)


def is_locked(path: str, found: os.stat_result) -> bool | None:
    """Ask whether another process holds the record lock; None where that cannot be asked."""
    if _held.get((found.st_dev, found.st_ino)) == os.getpid():
        return True  # ours: to open and close the file would drop the lock
    if fcntl is None:
        return None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        question = _FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0) if _LINUX else _FLOCK.pack(0, 0, 0, fcntl.F_WRLCK, 0)
        answer = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, question))
        return bool((answer[0] if _LINUX else answer[3]) != fcntl.F_UNLCK)
    except OSError:
        return None
    finally:
        os.close(fd)


# ---- the run ----


def state(folder: Path, openings: list[WriterFacts]) -> State:
    """Return the state of a run from all its writers.

    The newest main writer of rank 0 (or of the smallest rank there is) decides; where no main writer is, an importer.
    """
    writer = _deciding(openings)
    if writer is None:
        return State("lost", "no journal of this run can be read", proven=False)
    end = _end_of(writer, openings)
    if writer.finish is not None:
        return _finished(writer, end)._replace(proven=_all_gone(folder, openings))
    if end is not None:
        return _ended(end)._replace(proven=_all_gone(folder, openings))
    alive = is_alive(folder, writer.opening, writer.journal)
    if alive:
        return State("running")
    changed = max(facts.modified for facts in openings)
    if alive is None:
        if abs(time.time() - changed) < PATIENCE:
            return State("running")
        return State("lost", "its process cannot be seen from here and nothing was written for 5 minutes", changed)
    gone = _all_gone(folder, openings)
    return State("killed", "its process ended without finishing the run", writer.modified, proven=gone)


def _deciding(openings: list[WriterFacts]) -> WriterFacts | None:
    for role in ("main", "import", "child"):
        writers = [facts for facts in openings if facts.opening.get("role") == role]
        if writers:
            rank = min(_number(facts.opening, "rank") for facts in writers)
            return max(
                (facts for facts in writers if _number(facts.opening, "rank") == rank),
                key=lambda facts: (_number(facts.opening, "ordinal"), _time(facts.opening) or 0.0),
            )
    return None


def _end_of(writer: WriterFacts, openings: list[WriterFacts]) -> dict[str, Any] | None:
    """Return the `end` frame of the companion that this writer started."""
    for facts in openings:
        opening, parent = facts.opening, facts.opening.get("parent")
        if facts.end is None or opening.get("role") != "system" or not isinstance(parent, dict):
            continue
        if parent.get("ordinal") == writer.opening.get("ordinal") and opening.get("rank") == writer.opening.get("rank"):
            return facts.end
    return None


def _finished(writer: WriterFacts, end: dict[str, Any] | None) -> State:
    finish = writer.finish or {}
    name = finish.get("state")
    name = name if name in _ENDED else "finished"
    error = finish.get("error")
    reason = _text(finish, "reason")
    if isinstance(error, dict) and error.get("type"):
        reason = f"{error['type']}: {error.get('message') or ''}".strip().rstrip(":")
    known = State(name, reason, _time(finish), _whole(finish, "exit_code"), _whole(finish, "signal"))
    if end is None or not end.get("state"):
        return known
    exit_code, signal = _whole(end, "exit_code"), _whole(end, "signal")
    if name != "finished":  # what Python knew tells more: an uncaught KeyboardInterrupt ends by SIGINT, for one
        return known._replace(exit_code=known.exit_code if exit_code is None else exit_code, signal=signal)
    return known._replace(
        name="failed" if end["state"] == "failed" else "killed",
        reason=_text(end, "reason"), exit_code=exit_code, signal=signal,
    )  # fmt: skip


def _ended(end: dict[str, Any]) -> State:
    name = "failed" if end.get("state") == "failed" else "killed"
    reason = _text(end, "reason") or "its process ended without finishing the run"
    return State(name, reason, _time(end), _whole(end, "exit_code"), _whole(end, "signal"))


def _all_gone(folder: Path, openings: list[WriterFacts]) -> bool:
    """Return whether no process of this run can add anything: finished main writers, and dead ones of any role."""
    for facts in openings:
        if facts.finish is not None and facts.opening.get("role") != "system":
            continue
        alive = is_alive(folder, facts.opening, facts.journal)
        if alive or (alive is None and abs(time.time() - facts.modified) < PATIENCE):
            return False
    return True


def _number(record: dict[str, Any], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else 0


def _whole(record: dict[str, Any], name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(record: dict[str, Any]) -> float | None:
    value = record.get("t")
    return float(value) if isinstance(value, (int, float)) else None


def _text(record: dict[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None
