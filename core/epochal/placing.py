"""Where a new run goes, and that one process at a time opens it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from . import layout
from .errors import RunAliveError, StorageError
from .names import new_run_id

#: How long another process may hold the claim on a run while it opens it, in seconds.
_CLAIM_S: Final = 5.0
#: One for each rank of a run that this process has opened: file locks hold between processes, these between threads.
_opening: Final[dict[tuple[int, int], threading.Lock]] = {}
_GITIGNORE: Final = "# Epochal's runs: this folder keeps itself out of version control\n*\n"


def make_root(root: Path) -> None:
    """Create the runs folder, with a `.gitignore` of its own."""
    ignore = root / ".gitignore"
    if os.path.exists(ignore):
        return
    root.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # a folder that was made for us, and can hold runs, is enough
        ignore.write_text(_GITIGNORE, encoding="utf-8")


def find_run(root: Path, id: str) -> Path | None:
    """Return the folder of a run that is in the root already, in whichever project; None where it is in none."""
    try:
        names = sorted(os.listdir(root))
    except (FileNotFoundError, NotADirectoryError):
        return None
    for name in names:
        if not name.startswith(".") and os.path.isdir(os.path.join(root, name, id, "journal")):
            return root / name / id
    return None


def choose_folder(root: Path, project: str | None, id: str | None) -> Path:
    """Return the folder of the run: where the id is in the root already, else in the project."""
    if id is None:
        return layout.run_folder(root, project or default_project(), new_run_id())
    found = find_run(root, id) if project is None else None
    return found or layout.run_folder(root, project or default_project(), id)


def default_project() -> str:
    """Return the name of the git repository around the working folder, else of the working folder."""
    try:
        here = folder = os.getcwd()
    except OSError:  # it was deleted
        return "default"
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return os.path.basename(here) or "default"
        folder = above
    return os.path.basename(folder) or "default"


@contextlib.contextmanager
def claim(folder: Path, rank: int) -> Iterator[None]:
    """Let one process at a time open a rank of a run: of two that claim it at once, one finds the other alive."""
    import fcntl

    try:
        path = os.path.join(folder, "journal", f"opening-{rank}.lock")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror}): check its permissions and room") from error
    facts = os.fstat(fd)  # whatever path the folder was reached by
    mutex = _opening.setdefault((facts.st_dev, facts.st_ino), threading.Lock())
    held = mutex.acquire(timeout=_CLAIM_S)  # it may be left held in a forked child
    try:
        give_up = time.monotonic() + _CLAIM_S
        while True:
            try:
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if time.monotonic() > give_up:
                    raise RunAliveError(
                        f"run {folder.name} is being opened by another process: give another id"
                    ) from None
                time.sleep(0.01)
            except OSError:  # a file system without locks: nothing can be claimed there
                break
        yield
    finally:
        os.close(fd)
        if held:
            mutex.release()
