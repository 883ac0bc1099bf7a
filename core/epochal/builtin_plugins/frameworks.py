"""Tells which version of each well-known framework is installed, without importing any of them."""

from __future__ import annotations

from typing import Any, Final

from ..hookspecs import hookimpl
from ..installed import installed

_KNOWN: Final = frozenset(
    {
        "torch",
        "lightning",
        "pytorch-lightning",
        "keras",
        "jax",
        "tensorflow",
        "tensorflow-cpu",
        "transformers",
        "datasets",
        "scikit-learn",
        "numpy",
    }
)


@hookimpl
def collect_environment() -> dict[str, Any]:
    """Return `{"frameworks": {name: version}}` of what is installed where the training process imports from."""
    found = {each.name: each.version for each in installed() if each.name in _KNOWN}
    return {"frameworks": dict(sorted(found.items()))} if found else {}
