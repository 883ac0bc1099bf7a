"""What Epochal asks of this package: how scikit-learn's data sets are hashed. Imports no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from epochal.hookspecs import Fingerprinter, hookimpl

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding

#: What a `Bunch` holds of data; the rest is description.
_DATA: Final = ("data", "target", "frame")


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinter of what `sklearn.datasets.load_…` gives, known by its name alone."""
    return [Fingerprinter("sklearn.utils._bunch.Bunch", _fingerprint_bunch)]


def _fingerprint_bunch(bunch: Any, budget: Budget) -> Finding | None:
    """Return the digest of a bunch's arrays; None, which is to say that it cannot be hashed, where it has none."""
    parts = {name: bunch[name] for name in _DATA if bunch.get(name) is not None}
    if not parts:
        return None
    rows = len(bunch["data"]) if "data" in parts else None
    return {**budget.of(parts), "kind": "sklearn.Bunch", "rows": rows}
