"""How far a sink has come with a run, in a file that is whole whenever a process dies; one deliverer at a time."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable
from typing import Final

from ..errors import EpochalError
from ..run_files import make_folders
from .seqs import Seqs

try:
    import fcntl
except ImportError:  # Windows: reading only
    fcntl = None  # type: ignore[assignment]

#: Where cursors lie within a run's folder.
FOLDER: Final = "sinks"
_VERSION: Final = 1
_ODD = re.compile(r"[^A-Za-z0-9._-]")


class CursorBusyError(EpochalError):
    """Another process delivers to this sink."""


class Cursor:
    """The seqs of each writer that a sink has confirmed.

    Attributes:
        problem: why an earlier cursor could not be used, if so: everything is then delivered again.
    """

    def __init__(self, run: str, sink: str, rank: int) -> None:
        """Take the lock and read the file.

        Args:
            run: the run's folder.
            sink: the sink's name.
            rank: of the writers that are followed.

        Raises:
            CursorBusyError: another process has it.
            OSError: the folder cannot be written, or is gone.
        """
        self._run = run
        make_folders(run, FOLDER)
        self._path = _path(run, sink, rank)
        self._fd = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            self._lock(sink)
            self.writers, self.problem = _read(f"{self._path}.cursor")
        except BaseException:
            os.close(self._fd)
            raise

    def _lock(self, sink: str) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CursorBusyError(f"another process delivers to {sink}") from error
        except OSError:
            pass  # a file system without locks: two deliverers repeat records, they lose none

    def passed(self, writer: str) -> Callable[[int], bool]:
        """Return what tells whether a seq of a writer has been dealt with."""
        return self.seqs(writer).__contains__

    def seqs(self, writer: str) -> Seqs:
        """Return what has been dealt with of a writer; to be added to."""
        return self.writers.setdefault(writer, Seqs())

    def save(self) -> None:
        """Bring the cursor to the disk.

        Raises:
            OSError: it cannot be written; the one before stays.
        """
        plain = {"version": _VERSION, "writers": {writer: seqs.plain() for writer, seqs in self.writers.items()}}
        part = f"{self._path}.part"
        try:
            make_folders(self._run, FOLDER)  # a run's folder that was deleted is written anew, without ours
            with open(part, "wb") as file:
                file.write(json.dumps(plain).encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, f"{self._path}.cursor")
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise

    def close(self) -> None:
        """Let another process have it."""
        os.close(self._fd)


def confirmed(run: str, sink: str, rank: int) -> dict[str, Seqs]:
    """Return what a sink has confirmed of each writer, without taking its lock."""
    return _read(f"{_path(run, sink, rank)}.cursor")[0]


def _path(run: str, sink: str, rank: int) -> str:
    return os.path.join(run, FOLDER, f"{_ODD.sub('_', sink)}-{rank}")


def _read(path: str) -> tuple[dict[str, Seqs], str | None]:
    """Return what a cursor file says, and why it cannot be used, if so."""
    try:
        with open(path, encoding="utf-8") as file:
            plain = json.load(file)
        if plain["version"] != _VERSION:
            raise ValueError(f"it is of version {plain['version']!r}")
        return {str(writer): Seqs.of(seqs) for writer, seqs in plain["writers"].items()}, None
    except FileNotFoundError:
        return {}, None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {}, f"the cursor {path} cannot be used ({error}): everything is delivered again"
