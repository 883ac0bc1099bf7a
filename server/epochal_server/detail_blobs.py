"""The files of a run's media, by their SHA-256: what records say of them, and whether that is still true."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from starlette.responses import Response

from epochal.media.picture_facts import picture_format
from epochal.run_files import inside, open_inside

from .detail_bytes import BINARY, Served, serve
from .problems import Problem, not_found

if TYPE_CHECKING:
    from epochal.recorded import RecordedRun

    from .detail_open import Asked, Later

_SHA: Final = re.compile(r"[0-9a-f]{64}\Z")
#: So deep do items stand in one another: a table's cells are media, which have masks.
_DEEPEST: Final = 4
#: A larger file is taken for what its record says when its size is right, in bytes.
_MOST_HASHED: Final = 1 << 30
_HEAD: Final = 4096
#: How many files are remembered to be what their records say.
_REMEMBERED: Final = 20_000

_SOUNDS: Final[Mapping[str, tuple[str, Callable[[bytes], bool]]]] = {
    "wav": ("audio/wav", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE"),
    "mp3": ("audio/mpeg", lambda head: head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1] & 0xE0 == 0xE0)),
    "flac": ("audio/flac", lambda head: head[:4] == b"fLaC"),
    "ogg": ("audio/ogg", lambda head: head[:4] == b"OggS"),
    "m4a": ("audio/mp4", lambda head: head[4:8] == b"ftyp"),
}  # fmt: skip
_FILMS: Final[Mapping[str, tuple[str, Callable[[bytes], bool]]]] = {
    "mp4": ("video/mp4", lambda head: head[4:8] == b"ftyp"),
    "webm": ("video/webm", lambda head: head[:4] == b"\x1aE\xdf\xa3"),
}


class Blob(NamedTuple):
    """One file that a record names.

    Attributes:
        kind: of the item that it belongs to; `mask` for an image's masks.
        format: as the item says, "" where it does not.
        path: its path within the run, as recorded.
        sha256: its SHA-256 as recorded, 64 hexadecimal digits.
        bytes: its size as recorded, -1 where that is no size.
    """

    kind: str
    format: str
    path: str
    sha256: str
    bytes: int

    def state(self, run: RecordedRun) -> str:
        """Return `present`, `missing`, or `changed` where its size is another; nothing is read."""
        path = inside(run.path, self.path)
        try:
            size = os.lstat(path).st_size if path is not None else -1
        except (OSError, ValueError):
            return "missing"
        return "present" if size == self.bytes else "changed"


def blob_of(kind: str, format: Any, file: Any) -> Blob | None:
    """Return the file that an item's record describes, None where it describes none."""
    if not isinstance(file, Mapping):
        return None
    path, sha, size = file.get("path"), file.get("sha256"), file.get("bytes")
    if not isinstance(path, str) or not isinstance(sha, str) or not _SHA.match(sha):
        return None
    return Blob(kind, format if isinstance(format, str) else "", path, sha, size if type(size) is int else -1)


def blobs(run: RecordedRun) -> dict[tuple[str, str], Blob]:
    """Return all files of media that any record of the run names, by SHA-256 and kind; "" stands for the first kind."""
    records = [(journal.writer, len(journal.records("media"))) for journal in run._journals.recording("all")]
    known: tuple[Any, dict[tuple[str, str], Blob]] = run.__dict__.get("_dashboard_blobs", (None, {}))
    if known[0] != records:  # a row alone, which a training adds all the time, changes nothing here
        known = run.__dict__["_dashboard_blobs"] = records, _found(run)
    return known[1]


def open_blob(run: RecordedRun, blob: Blob) -> BinaryIO:
    """Open a file of media whose bytes are those that were recorded.

    Raises:
        Problem: it is gone or was changed.
    """
    try:
        file = open_inside(run.path, blob.path)
    except OSError as error:
        raise not_found(f"the file of this {blob.kind} is gone or cannot be read ({error.strerror})") from None
    try:
        if not _CHECKED.holds(file, blob):
            raise Problem(
                409, "the file was changed", detail=f"the file of this {blob.kind} is not the one that was recorded"
            )
    except BaseException:
        file.close()
        raise
    return file


def read_blob(run: RecordedRun, blob: Blob, most: int) -> bytes:
    """Return the bytes of a file of media, which are those that were recorded.

    Raises:
        Problem: it is gone or was changed, or is larger than `most` bytes.
    """
    with open_blob(run, blob) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Problem(
            413, "too large to show", detail=f"the file of this {blob.kind} has more than {most} bytes: save it"
        )
    return data


def answer(asked: Asked) -> Later:
    """Answer with a file of media: `…/blob/{sha}?kind=&save=&scripts=`; the last for scripts that may run."""
    kind, save = asked.inputs.text("kind", "", longest=100) or "", asked.inputs.flag("save")
    scripts = asked.inputs.flag("scripts")
    asked.inputs.done()
    sha = str(asked.request.path_params["sha"])
    found = blobs(asked.run).get((sha, kind)) if _SHA.match(sha) else None
    if found is None:
        raise not_found("no record of this run names such a file")
    return lambda: _serve(asked, found, save=save, scripts=scripts)


def _serve(asked: Asked, blob: Blob, *, save: bool, scripts: bool) -> Response:
    file = open_blob(asked.run, blob)
    type, ending = media_type(blob, file.read(_HEAD))
    name = f"{blob.sha256[:12]}.{ending}"
    may_run = scripts and blob.kind == "html"
    how = Served(type, name, blob.sha256, attachment=save or type == BINARY, forever=True, scripts=may_run)
    return serve(asked.request, file, os.fstat(file.fileno()).st_size, how)


def media_type(blob: Blob, head: bytes) -> tuple[str, str]:
    """Return media type and ending: what the record says, if the bytes begin like that; else plain bytes.

    Args:
        blob: the file.
        head: its first bytes.
    """
    kind = blob.kind
    if kind in {"image", "mask", "video", "figure"}:
        format = picture_format(head)
        if format is not None:
            return f"image/{format}", format
    if (
        kind == "figure"
        and blob.format == "svg"
        and re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!DOCTYPE|!--|svg)", head)
    ):
        return "image/svg+xml", "svg"
    if (kind == "figure" and blob.format == "plotly") or kind == "histogram":
        return ("application/json", "json") if head[:1] == b"{" else (BINARY, "bin")
    for format, (type, fits) in (_SOUNDS if kind == "audio" else _FILMS if kind == "video" else {}).items():
        if len(head) > 12 and fits(head):
            return type, format
    if kind == "text":
        return "text/plain; charset=utf-8", "md" if blob.format == "markdown" else "txt"
    if kind == "html":
        return "text/html; charset=utf-8", "html"
    name = blob.path.rpartition("/")[2].partition(".")[2]
    return BINARY, name if re.fullmatch(r"[a-z0-9.]{1,10}", name) else "bin"


def _found(run: RecordedRun) -> dict[tuple[str, str], Blob]:
    found: dict[tuple[str, str], Blob] = {}
    for journal in run._journals.recording("all"):
        for frame in journal.records("media"):
            for blob in _within(frame.payload.get("items"), _DEEPEST):
                found.setdefault((blob.sha256, ""), blob)
                found.setdefault((blob.sha256, blob.kind), blob)
    return found


def _within(items: Any, depth: int) -> Iterator[Blob]:
    """Yield the files that items name, with those of their masks, and of the media in their cells."""
    for item in items if isinstance(items, list) and depth else ():
        if not isinstance(item, Mapping):
            continue
        masks = item.get("masks")
        named: list[tuple[str, Any]] = [(str(item.get("kind")), item)]
        named += [("mask", mask) for mask in masks.values()] if isinstance(masks, Mapping) else []
        for kind, fields in named:
            blob = blob_of(kind, fields.get("format"), fields.get("file")) if isinstance(fields, Mapping) else None
            if blob is not None:
                yield blob
        yield from _within(item.get("media"), depth - 1)


class _Checked:
    """Which files hold what their records say: each is read once, and again when it was touched since."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], bool] = OrderedDict()
        self._lock = threading.Lock()

    def holds(self, file: BinaryIO, blob: Blob) -> bool:
        """Return whether a file is the one that was recorded; afterwards it stands at its beginning.

        Raises:
            Problem: it cannot be read.
        """
        facts = os.fstat(file.fileno())
        if facts.st_size != blob.bytes:
            return False
        if facts.st_size > _MOST_HASHED:
            return True
        key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, blob.sha256)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            try:
                digest = hashlib.sha256()
                while piece := file.read(1 << 20):
                    digest.update(piece)
                file.seek(0)
            except OSError as error:
                raise not_found(f"the file of this {blob.kind} cannot be read ({error.strerror})") from None
            known = digest.hexdigest() == blob.sha256
            with self._lock:
                self._known[key] = known
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known


_CHECKED: Final = _Checked()
