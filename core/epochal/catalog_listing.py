"""Which folders a runs folder holds, listed again only where a time stamp says that something came or went."""

from __future__ import annotations

import os
import time
from typing import Final, NamedTuple

#: A folder that was changed so shortly before it was listed may have changed again since, in nanoseconds.
_UNSURE_NS: Final = 2_000_000_000


class _Listed(NamedTuple):
    stamp: tuple[int, int] | None
    names: frozenset[str]


class Listing:
    """The folders of all runs, and of what may become one.

    Attributes:
        folders: `project/run` of everything that lies two levels below the root, in a dict for its order.
        whole: nothing was in the way of the last look.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.folders: dict[str, None] = {}
        self.whole = True
        self._projects: dict[str, _Listed] = {}
        self._top = _Listed(None, frozenset())

    def refresh(self, problems: list[str]) -> tuple[list[str], list[str]]:
        """Return the folders that came and those that went; what cannot be listed is told, and stays as it was."""
        self.whole = True
        come: list[str] = []
        gone: list[str] = []
        self._top = self._listed(self.root, self._top, problems)
        names = {name for name in self._top.names if not name.startswith(".")}
        for project in self._projects.keys() - names:
            gone += [f"{project}/{name}" for name in self._projects.pop(project).names]
        for project in sorted(names):
            before = self._projects.get(project, _Listed(None, frozenset()))
            after = self._projects[project] = self._listed(f"{self.root}{os.sep}{project}", before, problems)
            if after.names is not before.names:
                come += [f"{project}/{name}" for name in after.names - before.names]
                gone += [f"{project}/{name}" for name in before.names - after.names]
        for folder in gone:
            self.folders.pop(folder, None)
        self.folders.update(dict.fromkeys(come))
        return come, gone

    def _listed(self, folder: str, before: _Listed, problems: list[str]) -> _Listed:
        try:
            status = os.stat(folder)
            stamp = status.st_mtime_ns, status.st_ctime_ns
            if stamp == before.stamp:
                return before
            sure = max(stamp) < time.time_ns() - _UNSURE_NS
            names = frozenset(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return _Listed(None, frozenset())
        except OSError as error:
            self.whole = False
            problems.append(f"{folder} cannot be read: {error.strerror}")
            return before
        return _Listed(stamp if sure else None, before.names if names == before.names else names)
