"""The Python files around a script that is in no git repository, as a patch that makes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from .code_state import MOST_PATCH, CodeState, LeftOut, untracked_file

#: How many entries of folders are looked at, how many folders deep, and how many files are kept.
_MOST_ENTRIES: Final = 5000
_DEEPEST: Final = 6
_MOST_FILES: Final = 500
_NOT_CODE: Final = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages"})


def loose_code(folder: str, runs_folder: str) -> CodeState | None:
    """Return the Python files in and below a folder; None where it is nobody's project: a home, or the root.

    Hidden folders, virtual environments and what is too much are left out; of the files those that are too large, no
    text, or hold a secret are named.
    """
    place = os.path.realpath(folder)
    if place in {os.path.realpath(os.path.expanduser("~")), "/", os.path.realpath("/tmp")}:  # noqa: S108 - not written
        return None
    facts: dict[str, Any] = {"root": place}
    left_out = LeftOut()
    kept: list[bytes] = []
    names: list[bytes] = []
    size = looked_at = 0
    for name in _python_files(os.fsencode(place), os.fsencode(os.path.realpath(runs_folder))):
        looked_at += 1
        text = untracked_file(place, name)
        if isinstance(text, bytes) and size + len(text) <= MOST_PATCH and len(kept) < _MOST_FILES:
            kept.append(text)
            names.append(name)
            size += len(text)
        else:
            left_out.add(name, text if isinstance(text, str) else "too large")
    if not looked_at:
        return None
    if left_out.names:
        facts["left_out"] = left_out.names
    if left_out.more:
        facts["left_out_more"] = left_out.more
    return CodeState(facts, b"".join(kept), names)


def _python_files(root: bytes, runs: bytes) -> Iterator[bytes]:
    """Yield the names of Python files below a folder, the nearest first."""
    waiting = [b""]
    looked_at = 0
    while waiting:
        prefix = waiting.pop(0)
        try:
            with os.scandir(os.path.join(root, prefix)) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        if prefix and any(entry.name == b"pyvenv.cfg" for entry in found):
            continue
        for entry in found:
            looked_at += 1
            if looked_at > _MOST_ENTRIES:
                return
            if entry.is_dir(follow_symlinks=False):
                below = not entry.name.startswith(b".") and os.fsdecode(entry.name) not in _NOT_CODE
                if below and prefix.count(b"/") < _DEEPEST and entry.path != runs:
                    waiting.append(prefix + entry.name + b"/")
            elif entry.name.endswith(b".py"):
                yield prefix + entry.name
