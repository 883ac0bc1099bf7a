"""The versions of one file: which of them nothing else makes up for, and under which names they are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .listing import is_journal
from .order import Order, compare

#: Hexadecimal digits of the SHA-256 in the name of a version that is kept beside another.
_DIGITS: Final = 16
_KEPT = re.compile(rf"(?P<stem>.*[^/])\.conflict-(?P<digest>[0-9a-f]{{{_DIGITS}}})(?P<end>\.[^./]*)?\Z", re.DOTALL)
#: A file whose time stamp was this old when it was copied cannot have changed since under the same time stamp.
_SURE_NS: Final = 2_000_000_000


@dataclass
class Version:
    """One copy of a file.

    Attributes:
        path: where it lies, absolute.
        name: its path within the run that it lies in.
        ours: it lies in the target.
        facts: what `lstat` said of it.
        modified: the time stamp that it should have, in nanoseconds: the earliest of equal copies.
        digest: its SHA-256, where it was asked for.
    """

    path: str
    name: str
    ours: bool
    facts: os.stat_result
    modified: int = 0
    digest: str = ""

    def __post_init__(self) -> None:
        self.modified = self.modified or self.facts.st_mtime_ns

    def sha256(self) -> str:
        """Return the digest of what it holds.

        Raises:
            OSError: it cannot be read.
        """
        if not self.digest:
            self.digest = _sha256(self.path)
        return self.digest


def base_of(name: str) -> str:
    """Return the name that a version of a file has where it is alone: without the marks that this module puts in."""
    while (found := _KEPT.match(name)) is not None:
        base = found["stem"] + (found["end"] or "")
        if base.rpartition("/")[2] in (".", ".."):  # somebody's trick
            break
        name = base
    return name


def named(base: str, versions: list[Version], *, taken: bool) -> dict[str, Version]:
    """Return name to version: the longest has the name itself unless a folder has `taken` it, the others are marked.

    Raises:
        OSError: one of them cannot be read.
    """
    if len(versions) == 1 and not taken:
        return {base: versions[0]}
    ordered = sorted(versions, key=lambda version: (version.facts.st_size, version.sha256()), reverse=True)
    stem, end = os.path.splitext(base)
    names = {f"{stem}.conflict-{version.sha256()[:_DIGITS]}{end}": version for version in ordered[not taken :]}
    return names if taken else {base: ordered[0], **names}


def greatest(versions: Iterable[Version], *, check: bool) -> list[Version]:
    """Return the versions that no other holds all of; of equal ones the first.

    `check` compares what they hold even where size and time stamps tell that they are equal.

    Raises:
        OSError: one of them cannot be read.
    """
    kept: list[Version] = []
    for version in versions:
        for other in list(kept):
            order = _order(version, other, check=check)
            if order.within and order.beyond:
                other.modified = min(other.modified, version.modified)
            if order.within:
                break
            if order.beyond:
                kept.remove(other)
        else:
            kept.append(version)
    return kept


def surely_same(one: Version, ours: Version) -> bool:
    """Return whether a copy in the target cannot differ from a file of the same size and time stamp.

    A file system's clock ticks every few milliseconds: what is written within the tick of a copy leaves no trace in
    the time stamp. So the copy must have been made (which its time of change tells) seconds after that stamp. Stamps
    in whole seconds come from archives and coarse file systems: they tell nothing.
    """
    here, there = one.facts, ours.facts
    return (
        here.st_size == there.st_size
        and here.st_mtime_ns == there.st_mtime_ns
        and there.st_ctime_ns - there.st_mtime_ns > _SURE_NS
        and here.st_mtime_ns % 1_000_000_000 != 0
    )


def _order(one: Version, other: Version, *, check: bool) -> Order:
    if not check and other.ours and not one.ours and surely_same(one, other):
        return Order(within=True, beyond=True)
    return compare(one.path, other.path, journal=is_journal(one.name))


def _sha256(path: str) -> str:
    import hashlib

    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
