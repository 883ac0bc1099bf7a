"""Hashes an object that a person wrote by the arrays, tensors and tables that it keeps; none of its code is run."""

from __future__ import annotations

from typing import Any, Final

from .budget import Budget
from .finding import Finding, kind_of, nothing
from .parts import combine

#: Where the types come from that hold data and have nothing else to them.
_STORAGE: Final = ("numpy", "torch", "jax", "jaxlib", "tensorflow", "pandas", "pyarrow", "polars", "scipy")
#: What says nothing about the data, whatever it is.
_PLAIN: Final = (bool, int, float, type(None))


def fingerprint_attributes(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of an object by those of its attributes that are arrays, tensors, tables or numbers.

    Text (which may be a path, a label or a cache), functions and all else count as left out, so `coverage` is never
    full where there are any. An object that keeps no data so has no digest.
    """
    kind = kind_of(data)
    kept = {name: value for name, value in sorted(getattr(data, "__dict__", {}).items()) if _is_storage(value)}
    if not kept:
        return nothing(kind, f"a {kind} keeps no arrays as attributes: pass the arrays, files or tables it is made of")
    plain = {name: value for name, value in vars(data).items() if type(value) in _PLAIN}
    found = combine(kind, {**kept, **plain}, budget)
    if found["sha256"] is None:
        return found
    others = len(vars(data)) - len(kept) - len(plain)
    left_out = {**found.get("left_out", {}), **({"attributes": others} if others else {})}
    if left_out:
        found["left_out"] = left_out
        if found["coverage"] == "full":
            found["coverage"] = "partial"
    return found


def _is_storage(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and len(value) <= 64 and all(_is_storage(each) for each in value)
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    return root in _STORAGE and not callable(value) and (hasattr(value, "shape") or hasattr(value, "schema"))
