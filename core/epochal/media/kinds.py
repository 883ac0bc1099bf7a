"""Which class stands for which kind of media in a record."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from .item import Media

KINDS: Final = ("image", "audio", "video", "histogram", "table", "text", "html", "figure", "mesh")


def recorded_media(run: Path, fields: Any) -> Media | None:
    """Return what a record's item describes, a plain `Media` for a kind that is not known; None where it is damaged.

    Args:
        run: the run's folder.
        fields: the item.
    """
    if not isinstance(fields, Mapping) or not isinstance(fields.get("kind"), str):
        return None
    return class_of(fields["kind"]).recorded(run, fields)


def class_of(kind: str) -> type[Media]:
    """Return the class for a kind, `Media` for one that is not known."""
    if kind not in KINDS:
        return Media
    found: type[Media] = getattr(import_module(f".{kind}", __package__), kind.capitalize())
    return found
