"""What Epochal asks of this package: how Hugging Face's datasets are hashed. Imports no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from epochal.hookspecs import Fingerprinter, hookimpl

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of `datasets.Dataset` and `datasets.IterableDataset`."""
    return [
        Fingerprinter("datasets.arrow_dataset.Dataset", _fingerprint_dataset),
        Fingerprinter("datasets.iterable_dataset.IterableDataset", _fingerprint_stream),
    ]


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
        **_known(data),
        **_format(data),
    }


def _fingerprint_stream(data: Any, budget: Budget) -> Finding:
    """Return what is known of a dataset that exists only by iterating it, which is left to its user."""
    shards = getattr(data, "num_shards", getattr(data, "n_shards", None))
    return {
        "sha256": None,
        "coverage": "none",
        "kind": "datasets.IterableDataset",
        "why": "its rows exist only when it is iterated: fingerprint the files that it reads",
        **({"shards": shards} if shards is not None else {}),
        **_known(data),
    }


def _known(data: Any) -> dict[str, Any]:
    """Return the columns, the split, and the names that the dataset was loaded by."""
    info = getattr(data, "info", None)
    split = getattr(data, "split", None)
    known = {
        "columns": list(data.column_names) if data.column_names is not None else None,
        "split": None if split is None else str(split),
        "dataset_name": getattr(info, "dataset_name", None),
        "config_name": getattr(info, "config_name", None),
    }
    return {key: value for key, value in known.items() if value is not None}


def _format(data: Any) -> dict[str, Any]:
    """Return what is done to rows when they are read, which the digest of what is stored does not cover."""
    kind = getattr(data, "_format_type", None)
    if kind is None:
        return {}
    transform = (getattr(data, "_format_kwargs", None) or {}).get("transform")
    if transform is None:
        return {"format": kind}
    return {"format": kind, "transform": str(getattr(transform, "__qualname__", type(transform).__qualname__))}
