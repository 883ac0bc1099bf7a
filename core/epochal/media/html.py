"""`Html`: a page or a part of one."""

# ruff: noqa: ARG002 - what is kept as it is has nothing to remark

from __future__ import annotations

from typing import Any, ClassVar

from ..redaction import redact_text
from .item import Media, Piece, Remark
from .sources import text_of


class Html(Media):
    """HTML with a caption. It is kept as it is, but for secrets; whoever shows it must not trust it."""

    kind: ClassVar[str] = "html"

    def __init__(self, data: Any, *, caption: str | None = None) -> None:
        """Take a page.

        Args:
            data: a str of HTML, or the path of a file as `pathlib.Path`.
            caption: a sentence to it.
        """
        super().__init__(data, caption=caption)

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        text = redact_text(text_of(self._data, "Html"))
        return {"file": Piece("html", "html", text.encode("utf-8", "backslashreplace"))}

    @property
    def text(self) -> str:
        """The HTML.

        Raises:
            StorageError: its file is gone or was changed.
        """
        return self.bytes.decode("utf-8", "replace")
