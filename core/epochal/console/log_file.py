"""The files of one writer's console output: lines are appended, the beginning and the end are kept."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Final

from ..descriptors import close_own, high, identity
from ..run_files import make_folders

FOLDER: Final = "console"
SUFFIX: Final = ".log"
#: The first file holds the beginning, each further one a stretch of what follows, in bytes.
PART_BYTES: Final = 16 << 20
#: So many stretches are kept behind the beginning.
PARTS: Final = 3


class ConsoleFile:
    """Where the lines of one process go: `console/<writer>.log`, then `console/<writer>.2.log` and so on.

    Written by this process alone, one `os.write` for what one call printed. A file is made with its first line. When
    more than the limit was printed, the oldest stretch behind the beginning is deleted, and a line says so. A fault
    is told once; what comes after it is counted.
    """

    def __init__(
        self,
        run: str | os.PathLike[str],
        name: str,
        *,
        remark: Callable[[str], bytes],
        fault: Callable[[str], None],
        part_bytes: int = PART_BYTES,
        parts: int = PARTS,
    ) -> None:
        """Make no file yet.

        Args:
            run: the run's folder.
            name: of the writer.
            remark: makes a line of ours from a text.
            fault: is told what went wrong.
            part_bytes: size of the beginning and of each stretch.
            parts: how many stretches are kept behind the beginning.
        """
        self._run, self.name = os.fspath(run), name
        self._remark, self._fault = remark, fault
        self._part_bytes, self._parts = part_bytes, parts
        self._fd = -1
        self._file: tuple[int, int] | None = None
        self._part = 0
        #: Lines and bytes of each stretch that is kept, the oldest first; the last is being written.
        self._sizes: dict[int, tuple[int, int]] = {}
        self._left_out = (0, 0)
        self._stopped = False
        #: Lines that could not be written.
        self.lost = 0

    def write(self, lines: bytes, count: int) -> None:
        """Append whole lines; never raises.

        Args:
            lines: with their ends.
            count: how many they are.
        """
        if self._stopped:
            self.lost += count
            return
        try:
            if self._fd < 0 or self._sizes[self._part][1] >= self._part_bytes:
                self._next_part()
            elif identity(self._fd) != self._file:  # the program has closed it, its number may be another file's
                self._open(make_folders(self._run, FOLDER))
            self._append(lines, count)
        except OSError as error:
            self._stop(error)
            self.lost += count

    def close(self) -> None:
        """Let go of the file."""
        self._stopped = True
        close_own(self._fd, self._file)
        self._fd = -1

    def _append(self, lines: bytes, count: int) -> None:
        left = lines
        while written := os.write(self._fd, left):
            if written == len(left):
                break
            left = left[written:]
        have = self._sizes[self._part]
        self._sizes[self._part] = have[0] + count, have[1] + len(lines)

    def _next_part(self) -> None:
        folder = make_folders(self._run, FOLDER)
        before = self._fd, self._file
        self._part += 1
        self._open(folder)
        close_own(*before)
        self._sizes[self._part] = 0, 0
        if len(self._sizes) > 1 + self._parts:
            oldest = sorted(self._sizes)[1]
            with contextlib.suppress(OSError):
                os.unlink(self._path(folder, oldest))
            count, size = self._sizes.pop(oldest)
            self._left_out = self._left_out[0] + count, self._left_out[1] + size
            lines, size = self._left_out
            self._append(self._remark(f"left out between parts 1 and {oldest + 1}: {lines} lines, {size} bytes"), 1)

    def _open(self, folder: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        self._fd = high(os.open(self._path(folder, self._part), flags, 0o666))
        self._file = identity(self._fd)

    def _path(self, folder: str, part: int) -> str:
        return os.path.join(folder, f"{self.name}{f'.{part}' if part > 1 else ''}{SUFFIX}")

    def _stop(self, error: OSError) -> None:
        self.close()
        if error.errno != errno.ENOENT:  # else the run's folder was taken away: that is told by the journal
            self._fault(f"console output is not kept any more in {self._run}: {error}; printing goes on")
