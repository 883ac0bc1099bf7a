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
_opening = threading.Lock()
_GITIGNORE: Final = "# Epochal's runs: this folder keeps itself out of version control\n*\n"


def make_root(root: Path) -> None:
    """Create the runs folder, with a `.gitignore` of its own."""
    root.mkdir(parents=True, exist_ok=True)
    ignore = root / ".gitignore"
    if not ignore.exists():
        with contextlib.suppress(OSError):  # a folder that was made for us, and can hold runs, is enough
            ignore.write_text(_GITIGNORE, encoding="utf-8")


def choose_folder(root: Path, project: str | None, id: str | None) -> Path:
    """Return the folder of the run: where the id is in the root already, else in the project."""
    if id is None:
        return layout.run_folder(root, project or default_project(), new_run_id())
    if project is None and root.is_dir():
        for candidate in sorted(root.iterdir()):
            if not candidate.name.startswith(".") and (candidate / id / "journal").is_dir():
                return candidate / id
    return layout.run_folder(root, project or default_project(), id)


def default_project() -> str:
    """Return the name of the git repository around the working folder, else of the working folder."""
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return "default"
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder.name or "default"
    return here.name or "default"


@contextlib.contextmanager
def claim(folder: Path, rank: int) -> Iterator[None]:
    """Let one process at a time open a rank of a run: of two that claim it at once, one finds the other alive."""
    import fcntl

    try:
        fd = os.open(folder / "journal" / f"opening-{rank}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror}): check its permissions and room") from error
    # File locks hold between processes; between threads this one does. It may be left held in a forked child.
    held = _opening.acquire(timeout=_CLAIM_S)
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
            _opening.release()
