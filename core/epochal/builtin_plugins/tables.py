"""Hashes tables: pandas, Arrow, and scipy's sparse matrices; nothing is imported before such a table is met."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..hookspecs import Fingerprinter, hookimpl

if TYPE_CHECKING:
    from ..fingerprints.budget import Budget
    from ..fingerprints.finding import Finding

#: Module and function, then the types: each under all names that its package has given it.
_TABLES: Final = (
    ("frames", "fingerprint_frame", ("pandas.DataFrame", "pandas.core.frame.DataFrame")),
    ("frames", "fingerprint_series", ("pandas.Series", "pandas.core.series.Series")),
    ("frames", "fingerprint_index", ("pandas.Index", "pandas.core.indexes.base.Index")),
    ("arrow", "fingerprint_table", ("pyarrow.lib.Table", "pyarrow.lib.RecordBatch")),
    ("arrow", "fingerprint_column", ("pyarrow.lib.Array", "pyarrow.lib.ChunkedArray")),
    ("sparse", "fingerprint_sparse", ("scipy.sparse._base._spbase", "scipy.sparse.base.spmatrix")),
)


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of the table types."""
    return [Fingerprinter(name, _late(module, function)) for module, function, names in _TABLES for name in names]


def _late(module: str, function: str) -> Callable[[Any, Budget], Finding | None]:
    def call(data: Any, budget: Budget) -> Finding | None:
        found = getattr(importlib.import_module(f"epochal.fingerprints.{module}"), function)
        answer: Finding | None = found(data, budget)
        return answer

    return call
