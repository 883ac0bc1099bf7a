"""Finds the runs of a log folder: as TensorBoard does, each folder with event files is one, named by its path."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ._crc import masked
from ._heads import first_record, time_of

#: TensorBoard's own rule (backend/event_processing/io_wrapper.py): the word stands anywhere in the file's name.
_WORD: Final = "tfevents"
#: What its profiler leaves, so that a folder is taken for a run: there is nothing in it, and it is never read.
_NOTHING: Final = ".profile-empty"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
#: The text of a pointer is shorter; longer files are not looked into.
_LONGEST_POINTER: Final = 1024
_NUMBER: Final = re.compile(r"tfevents\.(\d+)")
_DIGITS: Final = re.compile(r"(\d+)")
#: Entries that are looked at before a folder counts as one without event files.
_MOST_LOOKED_AT: Final = 20_000
#: Joined runs are not the runs that the same files give alone.
_MERGED: Final = "merged"
_HEAD: Final = 8


@dataclass
class Run:
    """A run as a log folder shows it.

    Attributes:
        name: its path from the log folder on; the log folder's own name for the run that lies in it directly.
        folder: where it lies.
        files: its event files, in time order.
        key: tells it from a run with the same first file; empty where there is none.
    """

    name: str
    folder: Path
    files: list[Path] = field(default_factory=list)
    key: str = ""

    @property
    def size(self) -> int:
        """How many bytes its files have by now."""
        return sum(_size(path) for path in self.files)

    def name_of(self, path: Path) -> str:
        """Return what one of its files is called, from its folder on."""
        return path.name if path.parent == self.folder else path.relative_to(self.folder).as_posix()

    def prefix_of(self, path: Path) -> str:
        """Return what stands before the tags of one of its files: the sub-run that it is of, or nothing."""
        return "" if path.parent == self.folder else path.parent.relative_to(self.folder).as_posix() + "/"


class Found(NamedTuple):
    """What was found in a log folder.

    Attributes:
        runs: in the order of their paths.
        problems: (path, why) of what could not be used.
    """

    runs: list[Run]
    problems: list[tuple[Path, str]]


class _File(NamedTuple):
    """An event file that can be read.

    Attributes:
        path: where it was met.
        inode: which file it is.
        linked: whether its name is a symbolic link.
    """

    path: Path
    inode: tuple[int, int]
    linked: bool


def is_event_file(name: str) -> bool:
    """Return whether a file of this name is an event file to TensorBoard, one with events in it."""
    return _WORD in name and not name.endswith(_NOTHING)


def holds_events(path: Path) -> bool:
    """Return whether a path is an event file, or a folder with one in it or below."""
    if path.is_file():
        return is_event_file(path.name)
    looked_at = 0
    for _, entries in _folders(path, []):
        looked_at += len(entries) + 1
        if any(is_event_file(entry.name) for entry in entries):
            return True
        if looked_at > _MOST_LOOKED_AT:
            return False
    return False


def find_runs(source: Path, *, merge: bool = False, but: Path | None = None) -> Found:
    """Find the runs of a log folder, or the one of an event file.

    Symbolic links are followed. What can be reached without one is found so, and nothing is found twice.

    Args:
        source: a folder, or an event file.
        merge: sub-runs become a part of the run that they lie in; which folders are some, `_subruns.py` says.
        but: a folder to pass over.
    """
    problems: list[tuple[Path, str]] = []
    if source.is_file():
        return Found(_of_file(source, problems), problems)
    files: list[_File] = []
    for folder, entries in _folders(source, problems, but):
        files += _usable(folder, entries, problems)
    folders: dict[Path, list[Path]] = {}
    for path in sorted(_once(files), key=lambda path: path.parts):
        folders.setdefault(path.parent, []).append(path)
    if merge:
        from ._subruns import joined

        folders = joined(source, folders)
    runs = [
        Run(_name(source, folder), folder, _in_time(paths), _MERGED if merge else "")
        for folder, paths in sorted(folders.items(), key=lambda item: item[0].parts)
    ]
    return Found(runs, problems)


def _of_file(path: Path, problems: list[tuple[Path, str]]) -> list[Run]:
    try:
        is_one = _WORD in path.name or _begins_with_record(path)
        if not is_one:
            problems.append((path, "this is no event file: it does not begin with a record"))
        elif _is_pointer(path, path.stat().st_size):
            problems.append((path, _POINTS))
        else:
            return [Run(_name(path.parent, path.parent), path.parent, [path])]
    except OSError as error:
        problems.append((path, f"this event file cannot be read: {error.strerror or error}"))
    return []


def _name(source: Path, folder: Path) -> str:
    name = folder.relative_to(source).as_posix()
    if name == ".":
        name = source.name or source.absolute().name or "."
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _folders(
    source: Path, problems: list[tuple[Path, str]], but: Path | None = None
) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """Yield each folder with what is in it and no folder; those behind links come last."""
    seen: set[tuple[int, int]] = set()
    waiting, linked = [source], list[Path]()
    while waiting or linked:
        folder = waiting.pop() if waiting else linked.pop(0)
        try:
            facts = os.stat(folder)
            if (facts.st_dev, facts.st_ino) in seen or folder == but:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.append((folder, f"this folder cannot be read: {error.strerror or error}"))
            continue
        below = [entry for entry in found if _is_folder(entry)]
        yield folder, [entry for entry in found if not _is_folder(entry)]
        waiting += [folder / entry.name for entry in reversed(below) if not entry.is_symlink()]
        linked += [folder / entry.name for entry in below if entry.is_symlink()]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in circles
        return False


_POINTS: Final = "this is a Git LFS pointer, not the event file: `git lfs pull` brings it"


def _usable(folder: Path, entries: Sequence[os.DirEntry[str]], problems: list[tuple[Path, str]]) -> Iterator[_File]:
    """Yield a folder's event files that can be read."""
    for entry in entries:
        if not is_event_file(entry.name):
            continue
        path = folder / entry.name
        try:
            facts = os.stat(path)
            if not stat.S_ISREG(facts.st_mode):  # to open a pipe might take for ever
                problems.append((path, "this is no event file: it is a pipe, a socket or a device"))
            elif not os.access(path, os.R_OK):
                problems.append((path, "this event file cannot be read: permission denied"))
            elif _is_pointer(path, facts.st_size):
                problems.append((path, _POINTS))
            else:
                yield _File(path, (facts.st_dev, facts.st_ino), entry.is_symlink())
        except OSError as error:
            problems.append((path, f"this event file cannot be read: {error.strerror or error}"))


def _is_pointer(path: Path, size: int) -> bool:
    if size > _LONGEST_POINTER:
        return False
    with open(path, "rb", buffering=0) as file:
        return file.read(len(_POINTER)) == _POINTER


def _begins_with_record(path: Path) -> bool:
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD + 4)
    return len(head) == _HEAD + 4 and masked(head[:_HEAD]) == int.from_bytes(head[_HEAD:], "little")


def _once(files: Sequence[_File]) -> Iterator[Path]:
    """Yield files without the links to one of them."""
    seen = {file.inode for file in files if not file.linked}
    for file in files:
        if not file.linked:
            yield file.path
        elif file.inode not in seen:
            seen.add(file.inode)
            yield file.path


def _in_time(files: list[Path]) -> list[Path]:
    """Return files by the time in their name, else that of their first event; where these are equal, by name."""
    if len(files) < 2:
        return files
    return sorted(files, key=lambda path: (_written(path), _natural(path.name), path.as_posix()))


def _written(path: Path) -> float:
    number = _NUMBER.search(path.name)
    if number is not None:
        return float(number[1])
    try:
        return time_of(first_record(path) or b"", path)
    except OSError:
        return 0.0


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a name so that numbers in it count as such: `….10` comes behind `….9`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
