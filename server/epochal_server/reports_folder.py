"""The folder of reports beside the runs: its files are listed, read, written whole or not at all, renamed, thrown away.

Nothing outside of it is reached: names are checked, and no link is followed below the runs folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from epochal.errors import StorageError
from epochal.layout import TRASH_NAME
from epochal.run_files import inside, open_inside

from .inputs import refused
from .problems import Problem, not_found
from .reports_files import is_there, locked, own_folder, regular_file, write_durably
from .reports_format import parse, title_of

FOLDER: Final = "reports"
SUFFIX: Final = ".md"
#: A report has at most so many bytes.
LARGEST: Final = 4 << 20

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


class Report(NamedTuple):
    """A report as its file is.

    Attributes:
        name: of the file, without `.md`.
        title: its heading, else the name.
        text: all of it.
        version: SHA-256 of the bytes.
        changed: when the file was written, in seconds since the epoch.
    """

    name: str
    title: str
    text: str
    version: str
    changed: float

    def shown(self) -> dict[str, Any]:
        """Return it as the API gives it."""
        return {**self._asdict(), "path": f"{FOLDER}/{self.name}{SUFFIX}"}


def check_name(name: str, input: str = "name") -> str:
    """Return the name of a report.

    Raises:
        Problem: it can be none.
    """
    if not _NAME.match(name) or ".." in name or name.endswith(".") or name.lower().endswith(SUFFIX):
        raise refused(
            input,
            f"is {name[:100]!r}: take 1 to 100 of A-Z a-z 0-9 . _ - and begin with a letter or digit; no .., "
            f"and neither . nor {SUFFIX} at the end",
        )
    return name


class ReportsFolder:
    """The reports of one runs folder; several threads may use it, and other programs change the files meanwhile.

    Attributes:
        path: the folder, which need not be there.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(os.path.abspath(root))
        self.path = self._root / FOLDER
        self._writing = threading.Lock()
        self._known: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {}

    def marks(self) -> dict[str, tuple[int, ...]]:
        """Return of each report what changes when its file does."""
        return {name: _mark(facts) for name, facts in self._files()[0].items()}

    def listed(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return {name, title, changed, bytes, grids} of each report, the newest first, and files that can be none."""
        files, others = self._files()
        found = []
        for name, facts in files.items():
            mark = _mark(facts)
            known = self._known.get(name)
            if known is None or known[0] != mark:
                known = mark, self._described(name)
                self._known[name] = known
            found.append({"name": name, **known[1], "changed": facts.st_mtime, "bytes": facts.st_size})
        return sorted(found, key=lambda each: (-each["changed"], each["name"])), sorted(others)

    def read(self, name: str) -> Report:
        """Return a report.

        Raises:
            Problem: there is none of this name, or it cannot be read.
        """
        data, changed = self._bytes(check_name(name))
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            why = f"line {line} of {FOLDER}/{name}{SUFFIX} is no UTF-8: save it as UTF-8 with an editor"
            raise Problem(409, "no text", detail=why) from None
        return Report(name, title_of(text) or name, text, _version(data), changed)

    def save(self, name: str, text: str, version: str | None) -> Report:
        """Write a report, new (`version` None) or in place of the version that was edited, and return it.

        Raises:
            Problem: it is another version by now, or exists, or is gone; it is too large, or cannot be written.
        """
        data = text.encode("utf-8")
        check_name(name)
        if len(data) > LARGEST:
            raise refused("text", f"has {len(data)} bytes: {LARGEST} are the most")
        with self._changing(name, "saved") as folder:
            before = self._checked(folder, name, version)
            write_durably(folder, name + SUFFIX, data, like=before)
        return self.read(name)

    def rename(self, name: str, to: str) -> Report:
        """Give a report another name and return it.

        Raises:
            Problem: there is no such report, the other name is taken or can be none, or it cannot be renamed.
        """
        check_name(name)
        check_name(to, "to")
        with self._changing(name, "renamed") as folder:
            if _file(folder, name) is None:
                raise _gone(name)
            if to != name and is_there(folder, to + SUFFIX):
                raise Problem(409, "the name is taken", detail=f"there is a report {to} already", input="to")
            os.rename(name + SUFFIX, to + SUFFIX, src_dir_fd=folder, dst_dir_fd=folder)
        return self.read(to)

    def delete(self, name: str, version: str | None = None) -> str:
        """Move a report to `.trash/reports/` and return where it is, relative to the runs folder.

        Raises:
            Problem: there is no such report, it is another version by now, or it cannot be moved.
        """
        check_name(name)
        with self._changing(name, "moved to the trash") as folder:
            if _file(folder, name) is None:
                raise _gone(name)
            if version is not None:
                self._checked(folder, name, version)
            with own_folder(self._root, TRASH_NAME, FOLDER) as trash:
                names = (name if number == 1 else f"{name}-{number}" for number in range(1, 1_000_000))
                free = next(each for each in names if not is_there(trash, each + SUFFIX))
                os.rename(name + SUFFIX, free + SUFFIX, src_dir_fd=folder, dst_dir_fd=trash)
        return f"{TRASH_NAME}/{FOLDER}/{free}{SUFFIX}"

    def open_file(self, path: str) -> BinaryIO:
        """Open a file within the folder, such as a picture.

        Raises:
            Problem: there is none, or its path leads elsewhere.
        """
        if inside(self.path, path) is None:
            raise refused("path", "must be a path within the folder of reports, such as figures/a.png")
        try:
            return open_inside(self._root, f"{FOLDER}/{path}")
        except (OSError, ValueError):
            raise not_found(f"there is no file {path} in the folder of reports that could be read") from None

    # -- within --

    def _files(self) -> tuple[dict[str, os.stat_result], list[str]]:
        files: dict[str, os.stat_result] = {}
        others: list[str] = []
        try:
            if not stat.S_ISDIR(os.lstat(self.path).st_mode):  # a link is not followed
                return files, others
        except OSError:  # it may come later: until then a look costs this and no more
            return files, others
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if not entry.name.endswith(SUFFIX) or entry.name.startswith("."):
                    continue
                name = entry.name.removesuffix(SUFFIX)
                try:
                    facts = entry.stat(follow_symlinks=False)
                    check_name(name)
                except (OSError, Problem):
                    others.append(os.fsencode(entry.name).decode("utf-8", "replace"))
                    continue
                if stat.S_ISREG(facts.st_mode):
                    files[name] = facts
                else:
                    others.append(entry.name)
        return files, others

    def _described(self, name: str) -> dict[str, Any]:
        try:
            text = self.read(name).text
        except Problem as problem:
            return {"title": name, "grids": 0, "error": str(problem.more.get("detail", problem.title))}
        return {"title": title_of(text) or name, "grids": sum(block.kind == "grid" for block in parse(text))}

    def _bytes(self, name: str) -> tuple[bytes, float]:
        try:
            with open_inside(self._root, f"{FOLDER}/{name}{SUFFIX}") as file:
                facts = os.fstat(file.fileno())
                if facts.st_size <= LARGEST:
                    return file.read(), facts.st_mtime
        except FileNotFoundError:
            raise _gone(name) from None
        except OSError as error:
            why = f"{FOLDER}/{name}{SUFFIX} cannot be read ({error.strerror}): links are not followed"
            raise not_found(why) from None
        raise Problem(409, "too large", detail=f"{FOLDER}/{name}{SUFFIX} is larger than {LARGEST} bytes: split it")

    def _checked(self, folder: int, name: str, version: str | None) -> os.stat_result | None:
        """Return what is known of the file that a change is of, which must be the one that was edited."""
        facts = _file(folder, name)
        if facts is None and is_there(folder, name + SUFFIX):
            raise Problem(409, "the name is taken", detail=f"{FOLDER}/{name}{SUFFIX} is a link or a folder")
        present = None if facts is None else _version(self._bytes(name)[0])
        if present == version:
            return facts
        if present is None:
            why = (
                f"report {name} is gone: it was renamed or deleted meanwhile; save it with version null to make it anew"
            )
        elif version is None:
            why = f"there is a report {name} already: take another name, or read it and edit that"
        else:
            why = f"report {name} was changed meanwhile: read it again, and put both changes together"
        raise Problem(409, "another version", detail=why, input="version", version=present)

    @contextlib.contextmanager
    def _changing(self, name: str, what: str) -> Iterator[int]:
        """Give the folder, opened, while nobody else who does it by this door changes it."""
        try:
            with self._writing, own_folder(self._root, FOLDER) as folder, locked(folder):
                yield folder
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                why = f"{self.path} cannot be written by this user ({error.strerror}): nothing can be changed"
                raise Problem(403, "read-only", detail=why) from None
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise StorageError(f"{self.path} is a link or no folder: it must be a folder of its own") from None
            raise StorageError(
                f"report {name} cannot be {what} ({error.strerror or error}): nothing was changed; check the room"
            ) from error


def _file(folder: int, name: str) -> os.stat_result | None:
    return regular_file(folder, name + SUFFIX)


def _mark(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _gone(name: str) -> Problem:
    return not_found(f"there is no report {name}: it may have been renamed or deleted")
