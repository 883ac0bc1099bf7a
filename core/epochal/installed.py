"""What is installed, read from `sys.path` without importlib.metadata, whose import alone takes some 50 ms."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple


class Installed(NamedTuple):
    """A distribution: its name in lower case with `-`, its version if known, and the text of its entry points."""

    name: str
    version: str | None
    entry_points: str


class EntryPoint(NamedTuple):
    """A line of a distribution's `entry_points.txt`.

    Attributes:
        name: what stands before the equals sign.
        value: `module` or `module:attribute`.
        distribution: the distribution's name, in lower case with `-`.
        version: its version, or None where it is not known.
    """

    name: str
    value: str
    distribution: str
    version: str | None


def find_entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group in all that is installed."""
    return [
        EntryPoint(name, value, found.name, found.version)
        for found in installed()
        if f"[{group}]" in found.entry_points
        for name, value in _lines_of(found.entry_points, group)
    ]


def installed() -> Iterator[Installed]:
    """Iterate over the distributions that `sys.path` holds; of several with one name the first counts."""
    seen: set[str] = set()
    for found in _everything():
        if found.name not in seen:
            seen.add(found.name)
            yield found


def _everything() -> Iterator[Installed]:
    if _has_foreign_finder():
        yield from _asked_of_metadata(None)
        return
    for place in dict.fromkeys(sys.path):
        if os.path.isfile(place):  # a zip file or an egg
            yield from _asked_of_metadata(place)
        else:
            yield from _in_folder(place or os.curdir)


def _in_folder(place: str) -> Iterator[Installed]:
    try:
        names = os.listdir(place)
    except OSError:
        return
    for folder in sorted(names):
        if not folder.endswith(_ENDINGS):
            continue
        # An unpacked egg stands on sys.path itself, with an EGG-INFO in it.
        stem = os.path.basename(place) if folder == "EGG-INFO" else os.path.splitext(folder)[0]
        name, _, rest = stem.partition("-")
        path = os.path.join(place, folder)
        version = rest.partition("-")[0] or _version_in(os.path.join(path, "PKG-INFO"))
        yield Installed(_normalized(name), version, _text_of(os.path.join(path, "entry_points.txt")))


_ENDINGS: Final = (".dist-info", ".egg-info", "EGG-INFO")


def _lines_of(text: str, group: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield name.strip(), value.partition("[")[0].strip()


def _version_in(path: str) -> str | None:
    found = re.search(r"(?m)^Version:[ \t]*(\S+)", _text_of(path))
    return found.group(1) if found else None


def _text_of(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:  # most distributions have no entry points
        return ""
    with open(fd, encoding="utf-8", errors="replace") as file:
        return file.read()


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _has_foreign_finder() -> bool:
    return any(
        hasattr(finder, "find_distributions") and not getattr(finder, "__module__", "").startswith("_frozen_importlib")
        for finder in sys.meta_path
    )


def _asked_of_metadata(place: str | None) -> Iterator[Installed]:
    import importlib.metadata

    found = importlib.metadata.distributions() if place is None else importlib.metadata.distributions(path=[place])
    for distribution in found:
        if name := distribution.metadata["Name"]:
            text = distribution.read_text("entry_points.txt") or ""
            yield Installed(_normalized(name), distribution.version, text)
