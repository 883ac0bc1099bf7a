"""The regular files below a folder, and how much else there is: links are not followed, nothing is opened."""

from __future__ import annotations

import os
import stat
from collections import Counter


def files_below(folder: str, runs: str) -> tuple[list[str], Counter[str]]:
    """Return the names of the regular files below a folder, sorted, and how many of what else there is.

    Args:
        folder: where to look; what cannot be looked at is counted.
        runs: the runs folder, which is left out: a run must not be copied into itself.
    """
    names: list[str] = []
    left_out: Counter[str] = Counter()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        place = os.path.join(folder, prefix)
        if os.path.realpath(place) == runs:
            left_out["runs folder"] += 1
            continue
        try:
            with os.scandir(place) as entries:
                found = list(entries)
        except OSError:
            left_out["unreadable folders"] += 1
            continue
        for entry in found:
            what = _kind(entry)
            if what == "folder":
                waiting.append(f"{prefix}{entry.name}/")
            elif what == "file":
                names.append(prefix + entry.name)
            else:
                left_out[what] += 1
    return sorted(names), left_out


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return "vanished files"
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "symbolic links" if stat.S_ISLNK(mode) else "pipes, sockets and devices"
