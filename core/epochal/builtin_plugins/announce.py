"""Says on stderr, in one line, that a run began, where it is and how to look at it, and how it ended."""

from __future__ import annotations

import os
import shlex
import sys

from ..hookspecs import RunInfo, hookimpl
from ..layout import find_root
from ..settings import is_set


@hookimpl
def run_started(run: RunInfo) -> None:
    """Print the run's name, its folder, and the command that shows it."""
    _say(run, f"{run.name} → {_short(run.folder)} · look: {_command(run)}")


@hookimpl
def run_finished(run: RunInfo, status: str) -> None:
    """Print how the run ended."""
    _say(run, f"{run.name} {status}")


def _say(run: RunInfo, text: str) -> None:
    if run.rank != 0 or is_set("EPOCHAL_QUIET") or sys.stderr is None:
        return
    try:
        sys.stderr.write(f"epochal: {text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # stderr is closed, or a pipe that nobody reads
        pass


def _command(run: RunInfo) -> str:
    words = ["epochal", "show", run.name]
    if os.path.abspath(find_root()) != os.path.abspath(run.root):
        words += ["--dir", _short(run.root)]
    return shlex.join(words)


def _short(path: os.PathLike[str]) -> str:
    """Return the shorter of the path and the path from the working folder."""
    full = os.fspath(path)
    try:
        relative = os.path.relpath(full)
    except (OSError, ValueError):  # the working folder has been removed
        return full
    return relative if len(relative) < len(full) and not relative.startswith(os.pardir) else full
