"""Tells whether anything was made or taken away in a tree of folders, by their time stamps alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


class Folders:
    """The folders below some sources, looked at again and again.

    What changes within one tick of the file system's clock may be missed: look at everything now and then as well.
    """

    def __init__(self, sources: Iterable[Path], but: Path) -> None:
        """`but` is a folder to pass over."""
        self._stamps: dict[str, int] = {os.fspath(source): -1 for source in sources}
        self._places: dict[tuple[int, int], str] = {}  # so that links which lead round in circles end
        self._but = os.fspath(but)

    def changed(self) -> bool:
        """Return whether any of them has other entries than the last time."""
        found, waiting = False, list(self._stamps)
        for folder in waiting:  # which grows meanwhile
            try:
                facts = os.stat(folder)
                place = facts.st_dev, facts.st_ino
                if self._places.setdefault(place, folder) != folder:
                    if os.path.lexists(self._places[place]):
                        continue
                    self._places[place] = folder  # it was called otherwise before
                if facts.st_mtime_ns == self._stamps[folder]:
                    continue
                found = True
                self._stamps[folder] = facts.st_mtime_ns
                waiting += self._new_below(folder)
            except OSError:  # gone, or not to be read
                found = self._stamps.get(folder) != -2 or found
                self._stamps[folder] = -2
        return found

    def _new_below(self, folder: str) -> list[str]:
        with os.scandir(folder) as entries:
            below = [entry.path for entry in entries if entry.is_dir()]
        new = [path for path in below if path not in self._stamps and path != self._but]
        self._stamps.update(dict.fromkeys(new, -1))
        return new
