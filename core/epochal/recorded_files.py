"""What a recorded run tells of a user's files: those saved in it, and its checkpoints."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import BadValueError
from .metadata import in_time, moment
from .run_facts import RunFacts
from .run_files import inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .checkpoints import Checkpoint


class SavedFile(NamedTuple):
    """One file that `run.save` has copied into the run.

    Attributes:
        name: what it was saved as.
        path: where the copy is, within the run's folder.
        sha256: as it was recorded.
        bytes: its size, as it was recorded.
        state: `present`, `vanished`, or `changed`: another size; with `verify=True` another SHA-256 too.
        time: when it was saved, seconds since the epoch.
        source: where the original was.
        changed_while_copied: the original was being written; the copy may hold parts of two versions.
    """

    name: str
    path: Path
    sha256: str
    bytes: int
    state: str
    time: float
    source: str
    changed_while_copied: bool


class RecordedFiles(RunFacts):
    """The files of a `RecordedRun`."""

    def files(self, *, verify: bool = False) -> list[SavedFile]:
        """Return the files that were saved, by name and then by time; of a name all that it stood for.

        Args:
            verify: read each, and compare its SHA-256.
        """
        found = (_saved(fields, self.path, verify=verify) for fields in in_time(self._journals.ordered, "file"))
        unique = {(saved.name, saved.path): saved for saved in found if saved is not None}
        return sorted(unique.values(), key=lambda saved: (saved.name, saved.time))

    def file(self, name: str, *, verify: bool = False) -> SavedFile:
        """Return the newest file that was saved under a name.

        Raises:
            BadValueError: none was; the message names those that there are.
        """
        files = self.files(verify=False)
        found = [saved for saved in files if saved.name == name]
        if not found:
            names = list(dict.fromkeys(saved.name for saved in files))
            told = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
            raise BadValueError(f"run {self.name!r} holds no file {name!r}: there is {told or 'none'}")
        newest = max(found, key=lambda saved: saved.time)
        return newest._replace(state=_state(newest.path, newest.bytes, newest.sha256, verify=verify))

    def checkpoints(self, *, verify: bool = False) -> list[Checkpoint]:
        """Return the checkpoints by step, with what is left of them; those that a resume has abandoned are marked.

        Args:
            verify: read those that are there, and compare their SHA-256; else their size and time of change are.
        """
        from .checkpoints import read_checkpoints

        return read_checkpoints(self.path, self._journals, self._definitions(), verify=verify)


def _saved(fields: Mapping[str, Any], run: Path, *, verify: bool) -> SavedFile | None:
    name, sha256, size = fields.get("name"), fields.get("sha256"), fields.get("bytes")
    path = inside(run, fields.get("file"))
    if path is None or not isinstance(name, str) or not isinstance(sha256, str) or type(size) is not int:
        return None
    state = _state(path, size, sha256, verify=verify)
    changed = fields.get("changed") is True
    return SavedFile(name, path, sha256, size, state, moment(fields), str(fields.get("source") or ""), changed)


def _state(path: Path, size: int, sha256: str, *, verify: bool) -> str:
    """Compare a copy with its record; a link that stands in its place is not followed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return "changed" if os.path.lexists(path) else "vanished"
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != size:
            return "changed"
        if not verify:
            return "present"
        digest = hashlib.sha256()
        while data := os.read(fd, 1 << 20):
            digest.update(data)
    finally:
        os.close(fd)
    return "present" if digest.hexdigest() == sha256 else "changed"
