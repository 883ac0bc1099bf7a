"""`Text`: words with a caption, such as what a model has written."""

# ruff: noqa: ARG002 - what is kept as it is has nothing to remark

from __future__ import annotations

from typing import Any, ClassVar, Final

from ..redaction import redact_text
from .item import Media, Piece, Remark
from .sources import text_of

#: Bytes of a text that stand in the record itself.
INLINE_BYTES: Final = 4096


class Text(Media):
    """Text of any length, in UTF-8; a short one stands in the record itself. Secrets are taken out."""

    kind: ClassVar[str] = "text"

    def __init__(self, data: Any, *, caption: str | None = None, markdown: bool = False) -> None:
        """Take a text.

        Args:
            data: a str, or the path of a file as `pathlib.Path`.
            caption: a sentence to it.
            markdown: show it as Markdown.
        """
        super().__init__(data, caption=caption)
        self._markdown = markdown

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        text = redact_text(text_of(self._data, "Text"))
        data = text.encode("utf-8", "backslashreplace")
        fields: dict[str, Any] = {"format": "markdown" if self._markdown else "plain", "characters": len(text)}
        if len(data) <= INLINE_BYTES:
            return {**fields, "text": data.decode()}
        return {**fields, "file": Piece("text", "md" if self._markdown else "txt", data)}

    @property
    def text(self) -> str:
        """The text.

        Raises:
            StorageError: its file is gone or was changed.
        """
        return self.bytes.decode("utf-8", "replace")

    @property
    def bytes(self) -> bytes:
        """The text in UTF-8; see `Media.bytes`."""
        fields = self.encode(lambda _: None) if self._run is None else self._fields
        text = fields.get("text")
        return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else super().bytes
