"""Finds exporters and importers by name among what the plugins register."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import BadValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .formats import Exporter, Importer

F = TypeVar("F", "Exporter", "Importer")


def exporters() -> list[Exporter]:
    """Return the exporters of all plugins; sorted by name; of two of one name Epochal's own counts."""
    return _by_name("register_exporters")


def importers() -> list[Importer]:
    """Return the importers of all plugins; sorted by name; of two of one name Epochal's own counts."""
    return _by_name("register_importers")


def exporter_of(name: str) -> Exporter:
    """Return the exporter of a format.

    Raises:
        BadValueError: there is none.
    """
    return _find(name, exporters(), "export")


def importer_of(name: str) -> Importer:
    """Return the importer of a format.

    Raises:
        BadValueError: there is none.
    """
    return _find(name, importers(), "import")


def _by_name(hook: str) -> list[Any]:
    from ..plugins import get_manager

    # plugins are asked the newest first: what comes last, Epochal's own at the end, is what counts
    found = {each.name: each for each in get_manager().collect(hook)}
    return [found[name] for name in sorted(found)]


def _find(name: str, known: Sequence[F], verb: str) -> F:
    for each in known:
        if each.name == name:
            return each
    names = [each.name for each in known]
    near = difflib.get_close_matches(str(name), names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"formats are {', '.join(names)}"
    raise BadValueError(f"there is no format {name!r} to {verb}: {hint}; `epochal {verb} --help` lists them")
