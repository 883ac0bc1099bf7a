"""Keys of runs: `<project folder>/<run folder>`, as texts that JSON and addresses can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: Keys that stand in one text, separated by commas: a project's folder may have commas in its name.
_LISTED: Final = re.compile(r"([^/]+/[^/,]+)(?:,|$)")


def key_of(folder: str) -> str:
    """Return the key of a run from its folder, relative to the root: as it is, but for bytes that are no UTF-8."""
    try:
        folder.encode()
    except UnicodeEncodeError:
        return folder.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return folder


def joined(project: str, run: str) -> str:
    """Return the key that two segments of an address name."""
    return f"{project}/{run}"


def listed(texts: Iterable[str]) -> list[str]:
    """Return the keys of texts that hold one or more each, separated by commas."""
    return list(dict.fromkeys(key for text in texts for key in _LISTED.findall(text)))


def readable(text: str) -> str:
    """Return a text as JSON can hold it: what stands for bytes that are no UTF-8 becomes a replacement character."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
