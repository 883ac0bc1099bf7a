"""Opens text that others have written: its encoding by its first bytes, and nothing that is no text."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from ..errors import BadValueError

_HEAD: Final = 1 << 12
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: First bytes of files that are packed: never opened, since what is in them may be of any size.
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


@contextlib.contextmanager
def open_text(path: Path, encoding: str | None = None) -> Iterator[IO[str]]:
    """Open a file as text; bytes that its encoding does not have become backslash escapes.

    Raises:
        BadValueError: it is no text, is packed, or cannot be read; the encoding is not known.
    """
    wrong = what_is_wrong(path)
    if wrong:
        raise BadValueError(wrong)
    head = _head(path)
    found = encoding or next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    try:
        codecs.lookup(found)
    except LookupError:
        raise BadValueError(f"encoding {found!r} is not known: take a name that Python knows, such as cp1252") from None
    with path.open(encoding=found, errors="backslashreplace", newline="") as file:
        yield file


def what_is_wrong(path: Path) -> str | None:
    """Return why a path cannot be read as text, None where it can."""
    try:
        if not path.is_file():
            return "it is no file"
        head = _head(path)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    for magic, kind in _PACKED.items():
        if head.startswith(magic):
            return f"it is packed ({kind}): unpack it first"
    if b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return "it is no text: it holds zero bytes (give encoding= if it is UTF-16 without a mark)"
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
