"""`Figure`: a plot of matplotlib or plotly."""

# ruff: noqa: ARG002 - what is kept as it is has nothing to remark

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import BadValueError
from .item import Media, Piece, Remark

if TYPE_CHECKING:
    import numpy as np


class Figure(Media):
    """A plot, with a caption: of matplotlib as PNG or SVG, of plotly as its JSON, which stays interactive."""

    kind: ClassVar[str] = "figure"

    def __init__(self, data: Any, *, caption: str | None = None, format: str = "png", dpi: float | None = None) -> None:
        """Take a plot; it is drawn when it is logged, so close it after that.

        Args:
            data: a figure of matplotlib (or its axes, or what has it as `figure`), or of plotly.
            caption: a sentence to it.
            format: `"png"` or `"svg"`, for matplotlib.
            dpi: dots an inch, for PNG of matplotlib; by default the figure's own.
        """
        super().__init__(data, caption=caption)
        self._format, self._dpi = format, dpi

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        if callable(getattr(self._data, "to_plotly_json", None)) and callable(getattr(self._data, "to_json", None)):
            made = self._data.to_json()
            return {"file": Piece("figure", "json", str(made).encode()), "format": "plotly"}
        figure = _matplotlib(self._data)
        if self._format not in ("png", "svg"):
            raise BadValueError(f'format={self._format!r} is not known: a figure becomes "png" or "svg"')
        data = _drawn(figure, self._format, self._dpi)
        return {"file": Piece("figure", self._format, data), "format": self._format}

    @property
    def array(self) -> np.ndarray:
        """The pixels of a PNG, uint8, shape (height, width, channels).

        Raises:
            BadValueError: it is no PNG.
            MissingDependencyError: it takes Pillow.
            StorageError: the file is gone or was changed.
        """
        from .png_reading import decode_picture

        return decode_picture(self.bytes)


def _matplotlib(data: Any) -> Any:
    for found in (data, getattr(data, "figure", None)):
        if callable(getattr(found, "savefig", None)) and hasattr(found, "canvas"):
            return found
    raise BadValueError(f"a {type(data).__module__}.{type(data).__qualname__} is no figure of matplotlib or plotly")


def _drawn(figure: Any, format: str, dpi: float | None) -> bytes:
    """Return a figure's file, the same bytes whenever the figure is the same."""
    import matplotlib as mpl

    made = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "epochal"}):
        metadata = {"Software": None} if format == "png" else {"Date": None, "Creator": None}
        figure.savefig(made, format=format, dpi=dpi or "figure", metadata=metadata)
    return made.getvalue()
