"""The declaration of a row block: which metrics its rows hold, and how."""

from __future__ import annotations

from typing import NamedTuple

from ..records import decode
from .format import BOOL, FLOAT, INT

_TYPES = frozenset((FLOAT, INT, BOOL))


class Table(NamedTuple):
    """One set of metrics that are logged together; `types` has a letter of format.py for each name."""

    id: int
    names: tuple[str, ...]
    types: str

    @property
    def stride(self) -> int:
        """Bytes a row."""
        return 8 * (len(self.names) + 3)


def read_declaration(id: int, declaration: bytes) -> Table | None:
    """Return the table that a block's declaration describes; None where it is unsound."""
    try:
        fields = decode(declaration)
    except ValueError:
        return None
    names, types = fields.get("names"), fields.get("types")
    if not isinstance(names, list) or not isinstance(types, str) or len(names) != len(types):
        return None
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return None
    if not _TYPES.issuperset(types):
        return None
    return Table(id, tuple(names), types)
