"""Asks git, read-only: no locks, no prompts, no diff programs of a repository's own, and never for long."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Final, NamedTuple

#: One git command may take this long, in seconds.
LIMIT_S: Final = 10.0
#: More output than this is not read, in bytes.
MOST_OUTPUT: Final = 8 << 20

_QUIET: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_SETTINGS: Final = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "core.hooksPath=/dev/null")


class Output(NamedTuple):
    """What a git command wrote; `cut` if there was more than `MOST_OUTPUT`, or than it had time for."""

    text: bytes
    cut: bool


class GitError(Exception):
    """git is not there, said no, or took too long; the message is one line."""


def ask(
    folder: str,
    *arguments: str,
    ok: tuple[int, ...] = (0,),
    limit_s: float | None = None,
    most: int = MOST_OUTPUT,
    environment: Mapping[str, str] | None = None,
) -> Output:
    """Run `git <arguments>` in a folder and return what it wrote.

    Args:
        folder: where.
        arguments: the command with its options.
        ok: exit statuses that are no failure.
        limit_s: how long it may take, by default `LIMIT_S`.
        most: more output than this is not read, in bytes.
        environment: instead of this process's own.

    Raises:
        GitError: it failed. Being stopped for too much output is no failure.
    """
    try:
        process = subprocess.Popen(
            ["git", *_SETTINGS, "-C", folder, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**(os.environ if environment is None else environment), **_QUIET},
            start_new_session=True,
        )
    except OSError as error:
        raise GitError(f"git cannot be run ({error.strerror})") from error
    limit = LIMIT_S if limit_s is None else limit_s
    with process:
        text, problem = _read(process, limit, most)
        if problem:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)  # and the filters that it runs
            process.wait()
            if problem == "time":
                raise GitError(f"git {arguments[0]} took longer than {limit:g} s")
            return Output(text, cut=True)
        if process.wait() not in ok:
            raise GitError(f"git {arguments[0]} ended with status {process.returncode}")
    return Output(text, cut=False)


def line(folder: str, *arguments: str) -> str | None:
    """Return the first line that a git command writes; None where it fails or writes nothing."""
    try:
        text = ask(folder, *arguments).text
    except GitError:
        return None
    return text.decode("utf-8", "backslashreplace").split("\n", 1)[0].strip() or None


def _read(process: subprocess.Popen[bytes], limit_s: float, most: int) -> tuple[bytes, str | None]:
    """Return what the process writes, and `time` or `size` where it was too slow or too much."""
    if process.stdout is None:
        return b"", None
    parts: list[bytes] = []
    size, deadline = 0, time.monotonic() + limit_s
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return b"".join(parts), "time"
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                return b"".join(parts), None
            parts.append(data)
            size += len(data)
            if size > most:
                return b"".join(parts), "size"
