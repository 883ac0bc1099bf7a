"""Where things lie: the runs folder, its projects, and the files of one run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from .errors import BadValueError

ROOT_NAME: Final = "epochal-runs"
TRASH_NAME: Final = ".trash"
SUFFIX: Final = ".epochal"
ROLES: Final = ("main", "child", "system", "import", "edit")

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


def writing_root(dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the absolute runs folder that a new run goes to: the argument, else EPOCHAL_DIR, else ./epochal-runs."""
    return Path(os.path.abspath(os.path.expanduser(dir or os.environ.get("EPOCHAL_DIR") or ROOT_NAME)))


def reading_roots(dir: str | os.PathLike[str] | None = None) -> list[Path]:
    """Return the places to look for runs: the argument or EPOCHAL_DIR alone, else ./epochal-runs and those above."""
    if dir or os.environ.get("EPOCHAL_DIR"):
        return [writing_root(dir)]
    here = Path.cwd()
    return [folder / ROOT_NAME for folder in (here, *here.parents)]


def find_root(dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the first of `reading_roots` that exists, else the first of them."""
    roots = reading_roots(dir)
    return next((root for root in roots if root.is_dir()), roots[0])


def check_run_id(id: str) -> str:
    """Return `id`.

    Raises:
        BadValueError: it is not 1 to 128 of A-Z a-z 0-9 . _ - with a letter or digit first.
    """
    if not _RUN_ID.match(id):
        raise BadValueError(
            f"run id {id!r} cannot be used: take 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or digit"
        )
    return id


def encode_project(project: str) -> str:
    """Return the folder name of a project: percent-encoded UTF-8, never empty, hidden, or a path."""
    name = quote(project, safe=" +,=@()[]{}!~^&;'", encoding="utf-8", errors="surrogatepass")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if not name:
        raise BadValueError("project '' cannot be used: give it a name, or leave the argument out")
    if len(name) > 255:
        raise BadValueError(
            f"project {project[:40]!r}… is too long: its folder name would have {len(name)} characters, 255 fit"
        )
    return name


def decode_project(folder: str) -> str:
    """Return the project that `encode_project` gave this folder name to."""
    return unquote(folder, encoding="utf-8", errors="surrogatepass")


def run_folder(root: str | os.PathLike[str], project: str, id: str) -> Path:
    """Return `<root>/<project>/<run id>`."""
    return Path(root) / encode_project(project) / id


def journal_name(role: str, rank: int, ordinal: int, writer: bytes) -> str:
    """Return a journal's file name; readers trust its header, not its name."""
    return f"{role}-{rank}-{ordinal}-{writer.hex()[:8]}{SUFFIX}"


def lock_path(journal: str | os.PathLike[str]) -> str:
    """Return the lock file that stands beside a journal and is held while its writer lives."""
    return os.fspath(journal).removesuffix(SUFFIX) + ".lock"
