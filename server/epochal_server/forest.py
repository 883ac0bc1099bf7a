"""Whether a random forest can be grown here."""

from __future__ import annotations

import importlib.util


def has_forest() -> bool:
    """Return whether scikit-learn is there; nothing is loaded for it."""
    return importlib.util.find_spec("sklearn") is not None
