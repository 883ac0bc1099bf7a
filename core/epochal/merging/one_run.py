"""Merges the copies of one run into its folder in the target: which versions of which files it holds afterwards."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator

from .faults import Faults
from .listing import Listing, list_files
from .putting import Putting, Wanted
from .report import MergedRun, Remark
from .versions import Version, base_of, greatest, named, surely_same


def merge_run(report: MergedRun, sources: Iterable[str], *, check: bool, dry: bool) -> None:
    """Merge copies of a run into `report.path`, and say in the report what became of it.

    Raises:
        OSError: nothing more can be written: what was put in place so far is whole.
    """
    folder = os.fspath(report.path)
    new = not os.path.lexists(folder)
    if not new and (os.path.islink(folder) or not os.path.isdir(folder)):
        report.problems.append(Remark(".", "what has its name in the target is no folder: move it away, merge again"))
        return
    merging = _RunMerge(report, check=check)
    there = Listing()
    if not new:
        there = list_files(folder)
        merging.collect(folder, there, ours=True)
    for source in sources:
        if new or not os.path.samefile(source, folder):
            merging.collect(source, list_files(source), ours=False)
    Putting(report, there, merging.versions, merging.faults, dry=dry).put(merging.decide())
    if report.added or report.extended:
        report.status = "new" if new else "extended"


class _RunMerge:
    """The copies of one run.

    Attributes:
        versions: path of a file within the run to its copies, the target's first.
        faults: what could not be read.
    """

    def __init__(self, report: MergedRun, *, check: bool) -> None:
        self.versions: dict[str, list[Version]] = {}
        self.faults = Faults(report)
        self._report = report
        self._check = check

    def collect(self, folder: str, found: Listing, *, ours: bool) -> None:
        """Take the files of a copy in."""
        for name, facts in found.files.items():
            version = Version(os.path.join(folder, name), name, ours, facts)
            self.versions.setdefault(base_of(name), []).append(version)
        for name, why in found.problems.items():
            self.faults.tell(name, why)
        if not ours:
            self._report.notices += [Remark(name, f"is {why}: left out") for name, why in found.left_out.items()]

    def decide(self) -> dict[str, Wanted]:
        """Return name to what is to lie there, for all that the run holds afterwards."""
        wanted: dict[str, Wanted] = {}
        folders = {above for base in self.versions for above in _above(base)}
        for base, versions in sorted(self.versions.items()):
            if base not in folders and self._is_settled(base, versions):
                wanted[base] = Wanted(base, versions[0])
                continue
            with self.faults.costing(base):
                kept = greatest(versions, check=self._check)
                names = named(base, kept, taken=base in folders)
                wanted.update({name: Wanted(base, version) for name, version in names.items()})
                if len(kept) > 1 or base in folders:
                    self._report.conflicts.append(base)
        self._tell_of_cases(wanted)
        return wanted

    def _is_settled(self, base: str, versions: list[Version]) -> bool:
        """Return whether all copies are surely what is in the target already."""
        ours, others = versions[0], versions[1:]
        if not ours.ours or ours.name != base:
            return False
        return not others or (not self._check and all(not one.ours and surely_same(one, ours) for one in others))

    def _tell_of_cases(self, names: Iterable[str]) -> None:
        for remark in alike(names):
            self._report.notices.append(remark)


def alike(names: Iterable[str]) -> Iterator[Remark]:
    """Yield what is to be said of names that are the same where a file system does not tell capitals apart."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(name)
    for several in found.values():
        if len(several) > 1:
            first, *others = sorted(several)
            what = f"differs from {', '.join(others)} in capitals or accents alone: some file systems cannot hold both"
            yield Remark(first, what)


def _above(name: str) -> Iterator[str]:
    """Yield the folders that a path lies in."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
