"""The JSON-lines sink into a command's standard input: what the command has read counts as delivered."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .messages import line

if TYPE_CHECKING:
    from ..hookspecs import RunInfo

#: How long a command may take to end when its input has ended, in seconds.
_END_S: Final = 5.0
#: How often it is asked whether it has read everything, in seconds.
_LOOK_S: Final = 0.01


class CommandLines:
    """Starts the command at the first batch, with the run's id, project and folder in its environment."""

    def __init__(self, command: Sequence[str], run: RunInfo, folder: str | None = None) -> None:
        told = {"RUN": run.id, "PROJECT": run.project, "FOLDER": str(run.folder)}
        variables = {f"EPOCHAL_SINK_{name}": value for name, value in told.items()}
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **variables},
            cwd=folder,
            bufsize=0,
        )

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        """Give a batch to the command and wait until it has read it.

        Raises:
            OSError: it has ended; what it may not have read is to be given to its successor.
        """
        pipe = self._process.stdin
        if pipe is None:
            raise OSError("the command has no input")
        left = memoryview(b"".join(line(message) + b"\n" for message in batch))
        while left:
            left = left[pipe.write(left) or 0 :]
        while _unread(pipe.fileno()):
            if self._process.poll() is not None:
                raise OSError(f"the command ended with status {self._process.returncode} before it had read everything")
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Let the command see the end of its input, and wait a while for its end."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it is gone
                self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()


def _unread(fd: int) -> int:
    """Return how many bytes stand in a pipe; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0])
    except OSError:
        return 0
