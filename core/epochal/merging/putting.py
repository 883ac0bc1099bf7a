"""Brings a run's folder in the target to hold what was decided: each file appears whole, in an order that is sound."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .. import liveness
from ..layout import lock_path
from .copying import Staged
from .faults import Faults
from .listing import Listing, is_journal
from .report import MergedRun
from .versions import Version


class Wanted(NamedTuple):
    """What is to lie under a name.

    Attributes:
        base: the file that it is a version of.
        version: the copy to take.
    """

    base: str
    version: Version


class Putting:
    """The changes to the folder of one run.

    A process that dies in between leaves nothing that a further merge would not bring to the same end: a version gets
    another name before its place is taken, and goes only when what holds all of it is there.
    """

    def __init__(
        self, report: MergedRun, there: Listing, versions: Mapping[str, list[Version]], faults: Faults, *, dry: bool
    ) -> None:
        """`there` is what the folder holds now; `versions` are all copies of each file."""
        self._report = report
        self._folder = os.fspath(report.path)
        self._there = there
        self._versions = versions
        self._faults = faults
        self._dry = dry
        self._made: set[str] = set()

    def put(self, wanted: Mapping[str, Wanted]) -> None:
        """Do it: media before the records that name them, checksums behind what they are of.

        All journals are copied, the companions' first, before the first of them is put in its place, theirs last: so
        the checksums of a run that is going on never cover more than its merged journals hold.

        Raises:
            OSError: nothing more can be written.
        """
        self._clean()
        needed = self._needed(wanted)
        # a version that gives its name up is put under its new one first
        order = sorted(needed, key=lambda name: (name == needed[name].base, name))
        others = [name for name in order if not is_journal(name)]
        # a file that a folder takes the place of makes room before anything is put into that folder
        yielding = self._yielding(wanted)
        self._put_all([name for name in others if needed[name].base in yielding], needed)
        self._remove(wanted, yielding)
        others = [name for name in others if needed[name].base not in yielding]
        self._put_all([name for name in others if name != needed[name].base], needed)
        self._remove(wanted, [base for base in self._versions if base not in wanted and base not in yielding])
        self._put_all([name for name in others if name == needed[name].base], needed)
        self._put_journals([name for name in order if is_journal(name)], needed)
        self._remove(wanted, [base for base in self._versions if base in wanted])
        if self._made:  # a run without a single journal is one even so
            with self._faults.costing("journal"):
                self._folder_of("journal/")

    def _yielding(self, wanted: Mapping[str, Wanted]) -> set[str]:
        """Return the files of the target that give their name up to a folder."""
        here = {version.name for versions in self._versions.values() for version in versions if version.ours}
        return {base for base in self._versions if base not in wanted and base in here}

    def _put_all(self, names: Iterable[str], needed: Mapping[str, Wanted]) -> None:
        for name in names:
            self._publish(name, needed[name], self._stage(name, needed[name]))

    def _put_journals(self, names: list[str], needed: Mapping[str, Wanted]) -> None:
        staged: dict[str, Staged | None] = {}
        try:
            for name in sorted(names, key=_is_system, reverse=True):
                staged[name] = self._stage(name, needed[name])
            for name in sorted(names, key=_is_system):
                self._publish(name, needed[name], staged.pop(name))
        finally:
            for waiting in staged.values():
                if waiting is not None:
                    waiting.drop()

    def _needed(self, wanted: Mapping[str, Wanted]) -> dict[str, Wanted]:
        """Return what is not in its place yet."""
        needed = {}
        for name, (base, version) in wanted.items():
            if version.ours and version.name == name:
                self._report.unchanged += 1
                self._set_time(version)
            else:
                needed[name] = Wanted(base, version)
        for base in [name for name, (base, _) in needed.items() if name == base and self._is_written(base)]:
            self._faults.tell(base, "is being written in the target, and another copy holds more: merge when it ended")
            needed = {name: one for name, one in needed.items() if one.base != base}
        return needed

    def _is_written(self, base: str) -> bool:
        """Return whether a file of the target is a journal that a living process, this one or another, writes."""
        if not is_journal(base) or base not in self._there.files:
            return False
        journal = os.path.join(self._folder, base)
        if liveness.owns(journal):
            return True
        try:
            return bool(liveness.is_locked(lock_path(journal), os.stat(lock_path(journal))))
        except OSError:
            return False

    def _stage(self, name: str, wanted: Wanted) -> Staged | None:
        """Copy a version beside its place; None where that cannot be, or nothing is to be written."""
        version = wanted.version
        if self._dry:
            self._count(name, version.facts.st_size)
            return None
        with self._faults.costing(wanted.base):
            target = os.path.join(self._folder_of(name), os.path.basename(name))
            earlier = version.modified if version.modified < version.facts.st_mtime_ns else None
            return Staged(version.path, target, modified=earlier)
        return None  # what costs this file alone ends here

    def _publish(self, name: str, wanted: Wanted, staged: Staged | None) -> None:
        if staged is None:
            return
        if wanted.base in self._faults.failed:  # what has this name now could not be kept under another
            staged.drop()
            return
        with self._faults.costing(wanted.base):
            if name not in self._there.files and os.path.lexists(staged.target):
                staged.drop()
                self._faults.tell(wanted.base, "the target has something else of this name: move it away, merge again")
                return
            staged.publish()
            self._count(name, staged.size)

    def _count(self, name: str, size: int) -> None:
        self._report.bytes += size
        if name in self._there.files:
            self._report.extended += 1
        else:
            self._report.added += 1

    def _remove(self, wanted: Mapping[str, Wanted], bases: Iterable[str]) -> None:
        """Take away versions of the target that have another name now, or of which another holds all."""
        if self._dry:
            return
        for base in bases:
            names = [one.name for one in self._versions[base] if one.ours and one.name not in wanted]
            for name in names if base not in self._faults.failed else ():
                with self._faults.costing(base), contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(self._folder, name))

    def _clean(self) -> None:
        """Take away what a merge that was interrupted has left; no other is at work here."""
        for name in () if self._dry else self._there.leftovers:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, name))

    def _set_time(self, version: Version) -> None:
        if not self._dry and version.modified < version.facts.st_mtime_ns:
            with contextlib.suppress(OSError):  # a file of somebody else: it keeps its own
                os.utime(version.path, ns=(version.facts.st_atime_ns, version.modified))

    def _folder_of(self, name: str) -> str:
        """Make the folders that a file of the run lies in, and return the last.

        Raises:
            OSError: one cannot be made, or is a link that would lead out of the run.
        """
        if not self._made:
            os.makedirs(self._folder, exist_ok=True)
            self._made.add(self._folder)
        path = self._folder
        for part in name.split("/")[:-1]:
            path = os.path.join(path, part)
            if path not in self._made:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(path)
                if os.path.islink(path) or not os.path.isdir(path):
                    raise NotADirectoryError(errno.ENOTDIR, "the target has something else in the place of its folder")
                self._made.add(path)
        return path


def _is_system(name: str) -> bool:
    return os.path.basename(name).startswith("system-")
