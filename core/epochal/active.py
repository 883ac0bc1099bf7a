"""Which run is the active one: the context's, else the last one that this process opened and has not closed."""

from __future__ import annotations

import atexit
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .ending import ending_of, last_error
from .errors import EpochalError

if TYPE_CHECKING:
    from .run import Run

_current: ContextVar[Run | None] = ContextVar("epochal_run", default=None)
_open: list[Run] = []
_owner = 0
_opened_once = False


def opened(run: Run) -> None:
    """Make a run known as open and active."""
    global _owner, _opened_once
    if _owner != os.getpid():
        # a forked child: what the parent has open is not the child's to finish
        _open.clear()
        _owner = os.getpid()
        atexit.register(_finish_all, last_error(), _owner)
    _opened_once = True
    _open.append(run)
    _current.set(run)


def activate(run: Run) -> None:
    """Make an open run the active one of this context."""
    _current.set(run)


def closed(run: Run) -> None:
    """Forget a run."""
    if run in _open:
        _open.remove(run)
    if _current.get() is run:
        _current.set(_open[-1] if _open else None)


def open_runs() -> list[Run]:
    """Return the runs that this process has open, oldest first."""
    return list(_open) if _owner == os.getpid() else []


def active_run() -> Run | None:
    """Return the active run, or None.

    In a forked child that is still the run that was active at the fork: what the child logs belongs to it.
    """
    run = _current.get()
    if run is not None and run in _open:
        return run
    return _open[-1] if _open else None


def need_active_run(verb: str) -> Run | None:
    """Return the active run; None where there was one before, so that a late call harms no training.

    Raises:
        EpochalError: no run was ever opened in this process.
    """
    run = active_run()
    if run is None and not _opened_once:
        raise EpochalError(f"epochal.{verb}: no run is open in this process — call epochal.init() first")
    return run


def _finish_all(error_before: BaseException | None, owner: int) -> None:
    """Finish what the script left open, as the interpreter ends."""
    if os.getpid() != owner:
        return
    error = last_error()
    ending = ending_of(error if error is not error_before and not in_notebook() else None)._replace(atexit=True)
    for run in reversed(open_runs()):
        run._end(ending)


def in_notebook() -> bool:
    """Whether this is a kernel of a notebook, which lives on after an error."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")
