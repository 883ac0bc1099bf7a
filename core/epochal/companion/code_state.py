"""What code a run was started from: commit, branch, remote, and a patch of all that is not committed and no secret."""

from __future__ import annotations

import os
import re
import stat
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from ..redaction import redact_remote, redact_text
from . import git

#: Limits of the patch, in bytes: all of it, and one untracked file.
MOST_PATCH: Final = 1 << 20
MOST_UNTRACKED: Final = 64 << 10
#: How many names of files that were left out are recorded; the rest is counted.
_MOST_NAMES: Final = 200
#: How many untracked files are looked at.
_MOST_FILES: Final = 5000

_SECRET_FILES: Final = (
    ".env*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.ppk", "*.jks", "*.keystore", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials",
    ".htpasswd", "credentials", "credentials.*", "secrets.*", "kubeconfig", "*.secret", "*.secrets",
)  # fmt: skip
_KEY_WITHOUT_SUFFIX: Final = re.compile(r"id_[^.]*\Z")
#: Settings that decide how git writes a file's lines.
_SETTINGS: Final = ("core.autocrlf", "core.eol")
#: git writes such names in quotes and with escapes.
_ODD_NAME: Final = re.compile(rb'[\x00-\x1f"\\\x7f]')


class CodeState(NamedTuple):
    """Facts for the record, the patch itself, and the names of the files that it changes or makes."""

    facts: dict[str, Any]
    patch: bytes
    names: list[bytes]


class LeftOut:
    """Files that do not stand in the patch, by reason."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.more = 0

    def add(self, name: bytes, why: str) -> None:
        if sum(map(len, self.names.values())) < _MOST_NAMES:
            self.names.setdefault(why, []).append(redact_text(name.decode("utf-8", "backslashreplace")))
        else:
            self.more += 1


def code_state(folder: str, runs_folder: str) -> CodeState | None:
    """Return the state of the git repository that `folder` is in; None where it is in none, or git is not there.

    Args:
        folder: where the training was started.
        runs_folder: what it writes into, which never stands in the patch.
    """
    root = git.line(folder, "rev-parse", "--show-toplevel")
    if root is None:
        return None
    commit = git.line(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    facts: dict[str, Any] = {
        "root": root,
        "commit": commit,
        "branch": git.line(folder, "symbolic-ref", "--short", "--quiet", "HEAD"),
        "remote": _remote(folder),
    }
    settings = {name: value for name in _SETTINGS if (value := git.line(folder, "config", "--get", name))}
    if settings:
        facts["settings"] = settings
    left_out = LeftOut()
    outside = _pathspec(root, runs_folder)
    try:
        names, tracked, cut = _tracked(root, commit, outside, left_out)
        new, untracked, any_untracked = _untracked(root, outside, left_out, MOST_PATCH - len(tracked))
    except git.GitError as error:
        return CodeState({**facts, "dirty": None, "problem": str(error)}, b"", [])
    facts["dirty"] = bool(tracked or any_untracked or cut or left_out.names)
    if left_out.names:
        facts["left_out"] = left_out.names
    if left_out.more:
        facts["left_out_more"] = left_out.more
    if cut:
        facts["problem"] = f"the changes are larger than {git.MOST_OUTPUT >> 20} MiB: the patch holds the first of them"
    return CodeState(facts, tracked + untracked, names + new)


def _remote(folder: str) -> str | None:
    """Return the address of `origin`, or of the first remote there is, without credentials."""
    try:
        names = git.ask(folder, "remote").text.decode("utf-8", "replace").split()
    except git.GitError:
        return None
    if not names:
        return None
    url = git.line(folder, "remote", "get-url", "origin" if "origin" in names else names[0])
    return redact_remote(url) if url else None


def is_secret_file(path: bytes) -> bool:
    """Return whether a file's name says that it holds keys or passwords; so does a folder's on its way."""
    for part in path.decode("utf-8", "backslashreplace").lower().split("/"):
        if any(fnmatchcase(part, pattern) for pattern in _SECRET_FILES) or _KEY_WITHOUT_SUFFIX.match(part):
            return True
    return False


def _pathspec(root: str, runs_folder: str) -> list[str]:
    """Return the arguments that leave the runs folder out, if it is in this repository."""
    inside = os.path.relpath(os.path.realpath(runs_folder), os.path.realpath(root))
    if inside == ".." or inside.startswith("../"):
        return ["--", "."]
    if inside == ".":
        return ["--", "."]  # the runs folder's own .gitignore covers what is in it
    return ["--", ".", f":(exclude,top,literal){inside}"]


# ---- tracked files ----


def _tracked(root: str, commit: str | None, pathspec: list[str], left_out: LeftOut) -> tuple[list[bytes], bytes, bool]:
    """Return names and diff of tracked files against HEAD (staged or not), and whether git had more to say."""
    base = commit or git.line(root, "hash-object", "-t", "tree", os.devnull) or "HEAD"
    diff = git.ask(
        root, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--submodule=short",
        "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=dirty", "--unified=3", "--no-relative",
        base, *pathspec,
    )  # fmt: skip
    kept: list[bytes] = []
    names: list[bytes] = []
    size, cut = 0, diff.cut
    sections = re.split(rb"^(?=diff --git )", diff.text, flags=re.MULTILINE)
    if diff.cut:
        sections = sections[:-1]
    for section in sections:
        if not section:
            continue
        name = _name_of(section)
        why = _why_not(name, section)
        if why is None and size + len(section) > MOST_PATCH:
            why = "too large"
        if name is None or why is not None:
            left_out.add(name or section.split(b"\n", 1)[0], why or "odd name")
            continue
        kept.append(section)
        names.append(name)
        size += len(section)
    return names, b"".join(kept), cut


def _name_of(section: bytes) -> bytes | None:
    """Return the path in `diff --git a/<path> b/<path>`; None for one that git had to quote."""
    rest = section.split(b"\n", 1)[0][len(b"diff --git ") :]
    half = (len(rest) - 1) // 2
    if rest[:2] == b"a/" and rest[half : half + 3] == b" b/" and rest[2:half] == rest[half + 3 :]:
        return rest[2:half]
    return None


def _why_not(name: bytes | None, text: bytes) -> str | None:
    if name is None:
        return "odd name"
    if is_secret_file(name):
        return "key file"
    if b"\nBinary files " in text[:4096]:
        return "binary"
    return "secret inside" if holds_secret(text) else None


def holds_secret(text: bytes) -> bool:
    """Return whether redaction would change a text."""
    plain = text.decode("utf-8", "replace")
    return redact_text(plain) != plain


# ---- untracked files ----


def _untracked(root: str, pathspec: list[str], left_out: LeftOut, room: int) -> tuple[list[bytes], bytes, bool]:
    """Return names and patch of the untracked text files, and whether there are any untracked files at all."""
    listing = git.ask(root, "ls-files", "--others", "--exclude-standard", "-z", *pathspec)
    names = listing.text.split(b"\0")[:-1]
    left_out.more += max(len(names) - _MOST_FILES, 0)
    kept: dict[bytes, bytes] = {}
    for name in sorted(names[:_MOST_FILES]):
        text = untracked_file(root, name)
        if isinstance(text, bytes) and len(text) <= room:
            kept[name] = text
            room -= len(text)
        else:
            left_out.add(name, text if isinstance(text, str) else "too large")
    return list(kept), b"".join(kept.values()), bool(names)


def untracked_file(root: str, name: bytes) -> bytes | str:
    """Return the patch that makes one file or symbolic link, or why there is none."""
    if _ODD_NAME.search(name):
        return "odd name"
    if name.endswith(b"/"):
        return "a repository of its own"
    if is_secret_file(name):
        return "key file"
    path = os.path.join(os.fsencode(root), name)
    try:
        if os.path.islink(path):
            target = os.readlink(path)
            return "secret inside" if holds_secret(target) else _creation(name, target, b"120000")
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                return "not a file"
            data = file.read(MOST_UNTRACKED + 1)
    except OSError:
        return "unreadable"
    if len(data) > MOST_UNTRACKED:
        return "too large"
    if b"\0" in data:
        return "binary"
    if holds_secret(data):
        return "secret inside"
    return _creation(name, data, b"100755" if facts.st_mode & 0o100 else b"100644")


def _creation(name: bytes, data: bytes, mode: bytes) -> bytes:
    head = b"diff --git a/%b b/%b\nnew file mode %b\n" % (name, name, mode)
    if not data:
        return head
    lines = data.split(b"\n")
    ending = b""
    if lines[-1]:
        ending = b"\\ No newline at end of file\n"
    else:
        lines.pop()
    tab = b"\t" if b" " in name else b""  # as git does, so that no tool takes what follows for a time
    head += b"--- /dev/null\n+++ b/%b%b\n@@ -0,0 +1,%d @@\n" % (name, tab, len(lines))
    return head + b"".join(b"+%b\n" % each for each in lines) + ending
