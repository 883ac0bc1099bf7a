"""Media that come as finished files: bytes, or the path of a file, taken as they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import BadValueError
from .item import path_of

#: Bytes of a file that are looked at to know what it is: enough for the header of a JPEG with a large preview.
_HEAD: Final = 1 << 17


class Source(NamedTuple):
    """A finished file.

    Attributes:
        data: its bytes, or where it lies.
        head: its first bytes.
        suffix: the ending of its name, in lower case and without a dot; empty where it has none.
    """

    data: bytes | Path
    head: bytes
    suffix: str = ""


def source(data: Any, *, text_is_path: bool = True) -> Source | None:
    """Return the finished file that a person has given, None where it is something else.

    Args:
        data: bytes, a path, an open file, or anything else.
        text_is_path: whether a str is a path.

    Raises:
        BadValueError: the file cannot be read, or is none.
    """
    if isinstance(data, (bytes, bytearray, memoryview)):
        whole = bytes(data)
        return Source(whole, whole[:_HEAD])
    if callable(getattr(data, "read", None)) and not hasattr(data, "__array__"):
        whole = _read(data)
        return Source(whole, whole[:_HEAD])
    path = Path(data) if text_is_path and isinstance(data, str) else path_of(data)
    if path is None:
        return None
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadValueError(f"{str(path)!r} is no file")
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:
        if isinstance(error, BadValueError):
            raise
        raise BadValueError(f"the file {str(path)[:300]!r} cannot be read: {error}") from error
    if not head:
        raise BadValueError(f"the file {str(path)!r} is empty")
    return Source(path, head, path.suffix.lower().lstrip("."))


def text_of(data: Any, what: str) -> str:
    """Return a text that a person has given: a str, or a path or open file that holds it as UTF-8.

    Raises:
        BadValueError: it is no text.
    """
    if isinstance(data, str):
        return str(data)
    found = source(data, text_is_path=False)
    if found is None:
        raise BadValueError(
            f"{what} takes text, or the path of a file as pathlib.Path, not a {type(data).__qualname__}"
        )
    try:
        whole = found.data if isinstance(found.data, bytes) else found.data.read_bytes()
    except OSError as error:
        raise BadValueError(f"the file {str(found.data)!r} cannot be read: {error}") from error
    return whole.decode("utf-8", "replace")


def _read(file: Any) -> bytes:
    found = file.getvalue() if callable(getattr(file, "getvalue", None)) else file.read()
    return found.encode("utf-8", "backslashreplace") if isinstance(found, str) else bytes(found)
