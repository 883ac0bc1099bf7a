"""Hashes scipy's sparse matrices from the arrays that they consist of."""

from __future__ import annotations

from typing import Any, Final

from .budget import Budget
from .finding import Finding
from .parts import combine

#: The attributes that hold the data of each format; the others are made for changes, not for storage.
_ARRAYS: Final = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}


def fingerprint_sparse(data: Any, budget: Budget) -> Finding | None:
    """Return the fingerprint of a sparse matrix as it is stored, or None for a format without plain arrays."""
    names = _ARRAYS.get(data.format)
    if names is None or len(data.shape) != 2:
        return None
    shape = tuple(int(length) for length in data.shape)
    parts = {"shape": shape, **{name: getattr(data, name) for name in names}}
    return combine(f"scipy.sparse.{data.format}", parts, budget, rows=shape[0])
