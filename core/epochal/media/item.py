"""`Media`: what all kinds have in common, before they are logged and after they are read back."""

# ruff: noqa: ARG002 - what cannot be encoded has nothing to remark

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ..errors import BadValueError, StorageError

if TYPE_CHECKING:
    from typing_extensions import Self

#: Takes a sentence about something that was changed or left out.
Remark = Callable[[str], None]

#: Characters of a caption that are kept.
LONGEST_CAPTION: Final = 4096


class Piece(NamedTuple):
    """What becomes one file of the run.

    Attributes:
        folder: its folder below `files/media`.
        suffix: the file's ending, without a dot.
        data: the file's bytes, or the path of the file to copy.
    """

    folder: str
    suffix: str
    data: bytes | Path


class StoredFile(NamedTuple):
    """A file that a record refers to.

    Attributes:
        run: the run's folder.
        fields: `{path, sha256, bytes}` as recorded, which may be anything in a damaged record.
    """

    run: Path
    fields: Mapping[str, Any]

    @property
    def path(self) -> Path | None:
        """Where it lies; None where the recorded name would lead out of the run's folder."""
        from ..run_files import inside

        return inside(self.run, self.fields.get("path"))

    def read(self) -> bytes:
        """Return its bytes, which are those that were recorded.

        Raises:
            StorageError: it is gone, was changed, or its name leads out of the run's folder.
        """
        import hashlib

        from ..run_files import open_inside

        path, digest = self.path, self.fields.get("sha256")
        if path is None:
            raise StorageError(f"a record of {self.run} names {self.fields.get('path')!r}, which is no file of the run")
        try:
            with open_inside(self.run, self.fields.get("path")) as file:
                data = file.read()
        except OSError as error:
            raise StorageError(
                f"the media file {path} is gone or cannot be read ({error.strerror or error}); its SHA-256 was {digest}"
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise StorageError(f"the media file {path} was changed: its SHA-256 is {found}, recorded was {digest}")
        return data


class Media:
    """Something to see or hear at a step of a run.

    Making one costs nothing and checks nothing: the data is looked at when it is logged, so that what is wrong with it
    costs a warning and never the training. `epochal.get_run(…).media(key)` gives the same classes back.

    Attributes:
        kind: the word for it, as in records: image, audio, video, …
    """

    kind: ClassVar[str] = "media"

    def __init__(self, data: Any, *, caption: str | None = None) -> None:
        """Take the data; see the class for what it may be.

        Args:
            data: what is shown.
            caption: a sentence to it.
        """
        self._data = data
        self._caption = caption
        self._run: Path | None = None
        self._fields: Mapping[str, Any] = {}

    @classmethod
    def recorded(cls, run: Path, fields: Mapping[str, Any]) -> Self:
        """Return what a record of a run describes.

        Args:
            run: the run's folder.
            fields: one of the record's items.
        """
        media = cls.__new__(cls)
        caption = fields.get("caption")
        media._data, media._caption = None, caption if isinstance(caption, str) else None
        media._run, media._fields = run, fields
        return media

    def encode(self, remark: Remark) -> dict[str, Any]:
        """Return what is recorded of it: plain fields, with a `Piece` wherever a file belongs.

        Args:
            remark: is told what was changed or left out.

        Raises:
            BadValueError: it cannot be recorded.
        """
        raise BadValueError(f"a {type(self).__name__} of epochal.media cannot be logged: take Image, Audio, Video, …")

    def describe(self, remark: Remark) -> dict[str, Any]:
        """Return one item of a record: kind, caption, and what `encode` gives.

        Args:
            remark: is told what was changed or left out.

        Raises:
            BadValueError: it cannot be recorded.
            StorageError: it was read back, and its file is gone.
        """
        if self._run is not None:
            again: dict[str, Any] = _loaded(self._run, dict(self._fields))
            return again
        fields: dict[str, Any] = {"kind": self.kind}
        if self._caption is not None:
            from ..redaction import redact_text

            text = str(self._caption)
            if len(text) > LONGEST_CAPTION:
                remark(f"a caption of {len(text):,} characters was cut to {LONGEST_CAPTION:,}")
                text = text[: LONGEST_CAPTION - 1] + "…"
            fields["caption"] = redact_text(text)
        return {**fields, **self.encode(remark)}

    @property
    def caption(self) -> str | None:
        """The sentence to it."""
        return self._caption

    @property
    def fields(self) -> Mapping[str, Any]:
        """What is recorded of it, as docs/journal-format.md says; empty before it was read back."""
        return self._fields

    @property
    def path(self) -> Path | None:
        """The file that holds it; None before it was read back, and where the record itself holds it."""
        file = self._file("file")
        return None if file is None else file.path

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of that file, as recorded."""
        digest = self._part("file").get("sha256")
        return digest if isinstance(digest, str) else None

    @property
    def bytes(self) -> builtins.bytes:
        """The bytes of its file: as stored, or as they would be.

        Raises:
            StorageError: the file is gone or was changed.
            BadValueError: the data cannot be encoded.
        """
        if self._run is not None:
            return self._read()
        piece = self.encode(lambda _: None).get("file")
        if not isinstance(piece, Piece):
            raise BadValueError(f"a {self.kind} has no file of its own")
        return piece.data if isinstance(piece.data, builtins.bytes) else piece.data.read_bytes()

    def _read(self) -> builtins.bytes:
        file = self._file("file")
        if file is None:
            raise StorageError(f"the record of this {self.kind} in {self._run} names no file")
        return file.read()

    def _file(self, name: str) -> StoredFile | None:
        fields = self._part(name)
        return None if self._run is None or not fields else StoredFile(self._run, fields)

    def _part(self, name: str) -> Mapping[str, Any]:
        found = self._fields.get(name)
        return found if isinstance(found, dict) else {}

    def _number(self, name: str) -> int | float | None:
        """Return a recorded number, None where there is none."""
        found = self._fields.get(name)
        return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None

    def __repr__(self) -> str:
        caption = f", {self._caption[:40]!r}" if isinstance(self._caption, str) else ""
        where = self.path
        return f"<{type(self).__name__}{caption}{f', {where.name}' if where else ''}>"


def _loaded(run: Path, fields: Any) -> Any:
    """Return what a record says with each file as a `Piece`, to be recorded again."""
    if isinstance(fields, list):
        return [_loaded(run, each) for each in fields]
    if not isinstance(fields, dict):
        return fields
    if "sha256" in fields:
        file = StoredFile(run, fields)
        data = file.read()
        _, _, folder, name = str(fields["path"]).split("/", 3)
        return Piece(folder, name.partition(".")[2], data)
    return {name: _loaded(run, each) for name, each in fields.items()}


def path_of(data: Any) -> Path | None:
    """Return the path that a person has given for a file, None where it is none."""
    return Path(os.fsdecode(data)) if isinstance(data, os.PathLike) else None
