"""Everything that one rank of a run records, read while it is written: each row and record once, from all journals."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .. import liveness
from ..errors import JournalError
from ..journal.following import Entry, Follower
from ..layout import ROLES, SUFFIX, decode_project
from .messages import Source

#: Empty slots are looked behind this often, in seconds.
_DEEP_S: Final = 30.0
#: A writer of whom nobody can say whether it lives counts as ended when it was silent for so long, in seconds.
_SILENT_S: Final = 300.0
#: Bytes of rows that are taken at once, about.
_MOST_BYTES: Final = 1 << 20


class _Followed:
    """One journal, and what is known of its writer."""

    def __init__(self, follower: Follower, role: str, rank: int) -> None:
        self.follower = follower
        self.role, self.rank = role, rank
        self.opening: dict[str, Any] = {}
        self.ended = False

    def has_ended(self, folder: Path) -> bool:
        """Return whether its writer writes no more; a journal of this very process does not count as written."""
        if not self.ended:
            if self.opening.get("pid") == os.getpid() and self.role == "system":
                return True
            alive = liveness.is_alive(folder, self.opening, Path(self.follower.path))
            silent = abs(time.time() - self.follower.modified) > _SILENT_S
            self.ended = alive is False or (alive is None and silent)
        return self.ended


class Feed:
    """The rows and records of a rank, those that `passed` tells of left out.

    Attributes:
        more: the last `take` has left something.
    """

    def __init__(self, folder: str, rank: int, passed: Callable[[str], Callable[[int], bool]]) -> None:
        """`passed` gives, for a writer id, what tells whether a seq has been dealt with."""
        self._folder = Path(folder)
        self._rank = rank
        self._passed = passed
        self._followed: dict[str, _Followed] = {}
        self._order: list[_Followed] = []
        self._name: str | None = None
        self._deep_at = 0.0
        self.more = False

    def vanished(self) -> bool:
        """Return whether the run's folder is gone."""
        return not (self._folder / "journal").is_dir()

    def over(self) -> bool:
        """Return whether every writer has ended: nothing more will come, but for what was not read yet."""
        self._discover()
        return all(followed.has_ended(self._folder) for followed in self._order)

    def take(self, most: int, *, deep: bool = False) -> list[tuple[Source, Entry]]:
        """Return what is new, at most so many; none where nothing is.

        Args:
            most: rows and records.
            deep: also look behind slots that are empty, which is else done every 30 s.
        """
        now = time.monotonic()
        if now >= self._deep_at:
            deep, self._deep_at = True, now + _DEEP_S
        self._discover()
        taken: list[tuple[Source, Entry]] = []
        self.more = False
        for followed in self._order:
            if len(taken) >= most:
                self.more = True
                break
            try:
                entries = followed.follower.read(most - len(taken), _MOST_BYTES, deep=deep)
            except (OSError, JournalError):
                continue  # moved, deleted or replaced: it is found again, or it is gone
            self.more |= followed.follower.more
            passed = self._passed(followed.follower.writer)
            for entry in entries:
                self._learn(followed, entry)
                if not passed(entry.seq):
                    taken.append((self._source(followed), entry))
        return taken

    def _learn(self, followed: _Followed, entry: Entry) -> None:
        kind = entry.payload.get("k")
        if kind == "open":
            followed.opening = entry.payload
        elif kind == "finish" and followed.role == "main":
            followed.ended = True
        elif kind == "meta":
            values = entry.payload.get("set")
            name = values.get("name") if isinstance(values, dict) else None
            self._name = name if isinstance(name, str) else self._name

    def _source(self, followed: _Followed) -> Source:
        id = str(followed.opening.get("run") or self._folder.name)
        project = str(followed.opening.get("project") or decode_project(self._folder.parent.name))
        return Source(id, project, self._name or id, followed.rank, followed.role, followed.follower.writer)

    def _discover(self) -> None:
        try:
            names = set(os.listdir(self._folder / "journal"))
        except OSError:
            return
        gone = self._followed.keys() - names
        for name in gone:
            del self._followed[name]
        found = bool(gone)
        for name in names - self._followed.keys():
            parts = name.removesuffix(SUFFIX).split("-")
            if not name.endswith(SUFFIX) or len(parts) != 4 or parts[0] not in ROLES or parts[1] != str(self._rank):
                continue
            try:
                follower = Follower(str(self._folder / "journal" / name), self._passed)
            except (OSError, JournalError):
                continue  # its header is not there yet
            self._followed[name] = _Followed(follower, parts[0], self._rank)
            found = True
        if found:
            in_order = sorted(self._followed, key=_place)
            self._order = [self._followed[name] for name in in_order]


def _place(name: str) -> tuple[int, int, str]:
    """Return a journal's place in the order of a rank's record: by ordinal, the system's behind the trainer's."""
    role, _, ordinal, _ = name.split("-")
    number = int(ordinal) if ordinal.isdecimal() else 0
    return number, ROLES.index(role), name
