"""Lines that a run's other processes leave for its trainer to print: they have no terminal, and never write to its."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

from .run_files import make_folders
from .settings import is_set

#: How often the trainer looks for lines, in seconds.
LOOK_S: Final = 5.0
_FOLDER: Final = "console"
# never a link or a pipe, which could lead anywhere or keep us waiting
_SAFE: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _SAFE
_READ: Final = os.O_RDONLY | _SAFE


def _path(folder: str | os.PathLike[str], rank: int) -> str:
    return os.path.join(folder, _FOLDER, f"told-{rank}.txt")


def leave_line(folder: str | os.PathLike[str], rank: int, line: str) -> None:
    """Leave a line for the trainer of a rank; without room or folder it is left out."""
    with contextlib.suppress(OSError):
        make_folders(folder, _FOLDER)
        fd = os.open(_path(folder, rank), _WRITE, 0o666)
        try:
            os.write(fd, line.encode("utf-8", "replace"))
        finally:
            os.close(fd)


class TerminalLines:
    """Prints the lines on the trainer's stderr: while there are none, one system call each time it looks."""

    def __init__(self, folder: str | os.PathLike[str], rank: int) -> None:
        """What an earlier process of the run has been told is not printed again."""
        self._path = _path(folder, rank)
        self._due = 0.0
        try:
            self._at = os.stat(self._path).st_size
        except OSError:
            self._at = 0

    def look(self, now: float, *, last: bool = False) -> None:
        """Print what is new, if it is time to look or the last time."""
        if now < self._due and not last:
            return
        self._due = now + LOOK_S
        try:
            fd = os.open(self._path, _READ)
        except OSError:  # nothing was said yet, or the folder is gone
            return
        try:
            text = os.pread(fd, 1 << 16, self._at)
        except OSError:
            return
        finally:
            os.close(fd)
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        if not whole or is_set("EPOCHAL_QUIET") or sys.stderr is None:
            return
        try:
            sys.stderr.write(whole.decode("utf-8", "replace"))
            sys.stderr.flush()
        except Exception:  # closed, or somebody's own stream: no line is worth a training
            return
