"""A folder that git fills: a commit from a repository on this machine, and patches; nothing reaches beyond it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .companion import git

#: A commit of a large repository is copied within this time, in seconds.
_LONG_S: Final = 1800.0
_MOST_LISTING: Final = 256 << 20
#: git's own configuration of the user says how to convert files and which programs to run; here nothing does.
_ALONE: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "file",
}  # fmt: skip
_LINES: Final = re.compile(rb"true|false|input|lf|crlf|native")


class RestoredTree:
    """A new repository in an empty folder.

    Nothing is asked of the network, no hook, filter or program of any repository is run, and what a patch names is
    checked before git sees it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Take a folder that is there and empty; `settings` are those that decide how lines end."""
        self.folder = folder
        self._settings: list[str] = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"]
        for name in ("core.autocrlf", "core.eol"):
            value = settings.get(name)
            if isinstance(value, str) and _LINES.fullmatch(value.lower().encode()):
                self._settings += ["-c", f"{name}={value}"]
        self._outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def begin(self, source: Path | None) -> None:
        """Make the repository, of the same kind as the one that a commit will be taken from.

        Raises:
            git.GitError: git is not there, or says no.
        """
        kind = None if source is None else git.line(str(source), "rev-parse", "--show-object-format")
        form = ["--object-format=sha256"] if kind == "sha256" else []
        self._git("init", "--quiet", "--template=", *form)

    def check_out(self, source: Path, commit: str) -> None:
        """Copy a commit from a repository on this machine, without its history, and write its files.

        Raises:
            git.GitError: it cannot be had.
        """
        # the user's own configuration may be what lets git read a repository of another user
        trust = {**self._outside, "GIT_ALLOW_PROTOCOL": "file"}
        self._git("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--",
                  os.fspath(source.absolute()), commit, environment=trust)  # fmt: skip
        self._git("checkout", "--quiet", "--detach", commit)

    def submodules(self) -> dict[str, str]:
        """Return path and commit of each submodule of the commit."""
        listing = self._git("ls-files", "--stage", "-z").split(b"\0")
        found = (line.split(b"\t", 1) for line in listing if line.startswith(b"160000 "))
        return {_shown(name): head.split()[1].decode() for head, name in found}

    def filtered(self) -> list[str]:
        """Return the files whose content lies behind a filter (LFS): written here as git keeps them."""
        try:
            found = self._git("ls-files", "-z", "--", ":(top)", ":(exclude,top,attr:!filter)").split(b"\0")
        except git.GitError:
            return []
        return [_shown(name) for name in found if name]

    def apply(self, patch: bytes) -> list[tuple[str, str]]:
        """Apply a patch, and return name and reason of each file for which that cannot be done."""
        sound: list[tuple[bytes, bytes]] = []
        failed: list[tuple[str, str]] = []
        links: set[bytes] = set()
        for section in sections(patch):
            name = name_of(section)
            why = _why_not(name, section, links)
            if name is None or why is not None:
                failed.append((_shown(name or section.split(b"\n", 1)[0]), why or "its name cannot be read"))
                continue
            sound.append((name, section))
        if sound and not self._applies(b"".join(section for _, section in sound)):
            failed += [
                (_shown(name), "the patch does not fit") for name, section in sound if not self._applies(section)
            ]
        return failed

    def write(self, relative: str, data: bytes, *, executable: bool) -> bool:
        """Write a file; return False where a link stands in its way, which might lead anywhere."""
        path = self.folder
        for part in relative.split("/")[:-1]:
            path /= part
            if path.is_symlink():
                return False
            path.mkdir(exist_ok=True)
        path /= relative.rsplit("/", maxsplit=1)[-1]
        if path.is_symlink() or path.is_dir():
            return False
        path.write_bytes(data)
        if executable:
            path.chmod(path.stat().st_mode | 0o111)
        return True

    def _applies(self, patch: bytes) -> bool:
        with tempfile.NamedTemporaryFile(suffix=".diff") as file:
            file.write(patch)
            file.flush()
            try:
                self._git("apply", "--whitespace=nowarn", "--", file.name)
            except git.GitError:
                return False
        return True

    def _git(self, *arguments: str, environment: Mapping[str, str] | None = None) -> bytes:
        told = {**self._outside, **_ALONE} if environment is None else environment
        ceiling = {"GIT_CEILING_DIRECTORIES": os.fspath(self.folder.parent)}
        return git.ask(
            os.fspath(self.folder), *self._settings, *arguments,
            limit_s=_LONG_S, most=_MOST_LISTING, environment={**told, **ceiling},
        ).text  # fmt: skip


def sections(patch: bytes) -> list[bytes]:
    """Return the parts of a patch, one a file."""
    return [part for part in re.split(rb"^(?=diff --git )", patch, flags=re.MULTILINE) if part]


def name_of(section: bytes) -> bytes | None:
    """Return the path in `diff --git a/<path> b/<path>`; None for anything else."""
    rest = section.split(b"\n", 1)[0]
    head, rest = rest[: len(b"diff --git ")], rest[len(b"diff --git ") :]
    half = (len(rest) - 1) // 2
    if head != b"diff --git " or rest[:2] != b"a/" or rest[half : half + 3] != b" b/":
        return None
    return rest[2:half] if rest[2:half] == rest[half + 3 :] else None


def _why_not(name: bytes | None, section: bytes, links: set[bytes]) -> str | None:
    """Return why a part of a patch is not given to git; `links` gathers those that the patch makes."""
    if name is None:
        return "its name cannot be read"
    head = section.split(b"\n@@ ", 1)[0].split(b"\n")[1:]
    parts = name.split(b"/")
    if any(part in {b"", b".", b".."} or part.lower().rstrip(b". ") == b".git" for part in parts):
        return "its name leads out of the folder, or into git's own"
    tab = b"\t" if b" " in name else b""
    expected = {b"--- a/%b%b" % (name, tab), b"+++ b/%b%b" % (name, tab), b"--- /dev/null", b"+++ /dev/null"}
    for line in head:
        if line.startswith((b"--- ", b"+++ ")) and line not in expected:
            return "it names two files"
        if line.startswith((b"rename ", b"copy ", b"GIT binary")):
            return "it is no patch of text"
    if any(b"/".join(parts[:at]) in links for at in range(1, len(parts))):
        return "it leads through a link that the patch makes"
    modes = {line[-6:] for line in head if line.startswith((b"new file mode ", b"old mode ", b"new mode ", b"index "))}
    if b"160000" in modes:
        return "a submodule at another commit"
    if b"120000" in modes:
        links.add(name)
    return None


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
