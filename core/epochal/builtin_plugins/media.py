"""Makes pictures, plots and tables of well-known libraries loggable as they are; none of them is imported."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from ..hookspecs import Converter, hookimpl

#: The kind of media, then the types that become it: each under all names that its package has given it.
_TYPES: Final = (
    ("Image", ("PIL.Image.Image",)),
    ("Figure", ("matplotlib.figure.FigureBase", "matplotlib.figure.Figure", "plotly.basedatatypes.BaseFigure")),
    ("Table", ("pandas.DataFrame", "pandas.core.frame.DataFrame", "pyarrow.lib.Table")),
)


@hookimpl
def register_converters() -> list[Converter]:
    """Return the converters; arrays and tensors of more than one element are left to who logs them."""
    return [Converter(name, _late(kind)) for kind, names in _TYPES for name in names]


def _late(kind: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        return getattr(import_module("epochal.media"), kind)(value)

    return convert
