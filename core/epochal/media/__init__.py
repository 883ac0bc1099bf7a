"""What is logged beside numbers: images, audio, video, histograms, tables, text, HTML, figures and meshes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .audio import Audio
    from .figure import Figure
    from .histogram import Histogram
    from .html import Html
    from .image import Image
    from .item import Media
    from .mesh import Mesh
    from .overlays import Box, Mask
    from .reading import LoggedMedia
    from .table import Table
    from .text import Text
    from .video import Video

__all__ = [
    "Audio",
    "Box",
    "Figure",
    "Histogram",
    "Html",
    "Image",
    "LoggedMedia",
    "Mask",
    "Media",
    "Mesh",
    "Table",
    "Text",
    "Video",
]

#: Names that do not stand in a module of their own name.
_HOMES = {"Box": "overlays", "Mask": "overlays", "Media": "item", "LoggedMedia": "reading"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        value = getattr(import_module(f".{_HOMES.get(name, name.lower())}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
