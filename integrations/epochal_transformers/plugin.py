"""What Epochal asks of this package: how Hugging Face's datasets are hashed. Imports no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from epochal.hookspecs import Fingerprinter, hookimpl

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinter of `datasets.Dataset`."""
    return [Fingerprinter("datasets.arrow_dataset.Dataset", _fingerprint_dataset)]


def _fingerprint_dataset(data: Any, budget: Budget) -> Finding | None:
    """Return the digest of the Arrow table and, where rows were selected or shuffled, of their indices.

    `datasets_fingerprint` beside it is the library's own: it tells how the dataset was made, not what is in it.
    """
    table = data.data.table
    indices = getattr(data, "_indices", None)
    found = budget.of(table) if indices is None else budget.of({"table": table, "indices": indices.table})
    return {
        **found,
        "kind": "datasets.Dataset",
        "rows": data.num_rows,
        "datasets_fingerprint": getattr(data, "_fingerprint", None),
    }
