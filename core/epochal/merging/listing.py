"""The files of a run that are merged, and those that are left out by rule."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..layout import SUFFIX
from .copying import is_leftover

#: What `run_files.write_file` leaves where its process died.
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.part\Z", re.DOTALL)
#: Ends of names that concern one machine alone, by the folder at the top of the run: locks, how far a sink has come.
_OF_ONE_MACHINE: Final[dict[str, tuple[str, ...]]] = {
    "journal": (".lock",),
    "sinks": (".lock", ".cursor", ".part"),
}


@dataclass
class Listing:
    """What lies in a run's folder.

    Attributes:
        files: path within the run, with `/`, to what `lstat` says of the file.
        leftovers: paths of what an interrupted merge has left behind.
        left_out: path to why it is not merged.
        problems: path to why it cannot be looked at.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def list_files(run: str) -> Listing:
    """List a run's folder; symbolic links are not followed, and what vanishes meanwhile is not there."""
    found = Listing()
    folders = [""]
    while folders:
        above = folders.pop()
        try:
            for entry in _entries(os.path.join(run, above) if above else run):
                _take(entry, above + entry.name, folders, found)
        except FileNotFoundError:
            continue
        except OSError as error:
            found.problems[above.rstrip("/") or "."] = f"cannot be listed: {error.strerror}"
    return found


def is_journal(path: str) -> bool:
    """Return whether a path within a run is a journal's."""
    folder, _, name = path.partition("/")
    return folder == "journal" and "/" not in name and name.endswith(SUFFIX)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries


def _take(entry: os.DirEntry[str], path: str, folders: list[str], found: Listing) -> None:
    if entry.is_symlink():
        found.left_out[path] = "a symbolic link"
    elif entry.is_dir(follow_symlinks=False):
        folders.append(f"{path}/")
    elif not entry.is_file(follow_symlinks=False):
        found.left_out[path] = "no regular file"
    elif is_leftover(entry.name):
        found.leftovers.append(path)
    elif not _UNFINISHED.match(entry.name) and not path.endswith(_OF_ONE_MACHINE.get(path.partition("/")[0], ())):
        try:
            found.files[path] = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
