"""Hashes a `tf.data.Dataset` by the tensors and files at its source: nothing is iterated, no TensorFlow imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from epochal.fingerprints.finding import nothing

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding

#: Steps of a pipeline that change the order or grouping of what flows through, and neither its rows nor its values.
_UNCHANGING: Final = (
    "assertcardinality", "batch", "cache", "options", "paddedbatch", "parallelbatch", "prefetch", "repeat", "shuffle",
    "unbatch",
)  # fmt: skip
#: What makes other data out of its source, by code: a generator, or files that are named by what flows in.
_MAKING: Final = ("flatmap", "interleave", "parallelinterleave", "generator")


def fingerprint_tf_dataset(data: Any, budget: Budget) -> Finding:
    """Return the digest of a pipeline's source; functions on the way count as left out."""
    kind = "tf.data.Dataset"
    found = _of(data, budget, kind)
    return {**found, "kind": kind, "element_spec": str(data.element_spec), "cardinality": _cardinality(data)}


def _of(data: Any, budget: Budget, kind: str) -> Finding:
    names = getattr(data, "_filenames", None)
    if names is not None:
        return _files(_texts(getattr(names, "_tensors", [names])[0]), budget)
    tensors = getattr(data, "_tensors", None)
    if tensors is not None:
        return _stored(tensors, budget, kind)
    sources = list(data._inputs())
    if not sources:
        return nothing(kind, "its source cannot be seen: pass the arrays or files it is made of")
    parts = [_of(each, budget, kind) for each in sources]
    if len(parts) == 1:
        found = parts[0]
    elif any(part["sha256"] is None for part in parts):
        return next(part for part in parts if part["sha256"] is None)
    else:
        left_out = next((part["left_out"] for part in parts if "left_out" in part), None)
        found = {**budget.of([bytes.fromhex(part["sha256"]) for part in parts]), "rows": None}
        found["coverage"] = max((part["coverage"] for part in parts), key=("full", "sampled", "partial").index)
        found.update({"left_out": left_out} if left_out else {})
    step = type(data).__name__.strip("_").removesuffix("V1").removesuffix("V2").removesuffix("Dataset").lower()
    return found if found["sha256"] is None else _after(step, found, kind)


def _after(step: str, found: Finding, kind: str) -> Finding:
    """Return the fingerprint of what one step of a pipeline gives."""
    if step in _UNCHANGING or step in ("zip", "concatenate"):
        return found
    if step in _MAKING and not found.get("files"):
        return nothing(kind, f"its data is made by a function ({step}): pass the arrays or files it is made of")
    left_out = dict(found.get("left_out", {}))
    left_out["functions"] = left_out.get("functions", 0) + 1
    return {**found, "left_out": left_out, "coverage": "partial" if found["coverage"] == "full" else found["coverage"]}


def _stored(tensors: Sequence[Any], budget: Budget, kind: str) -> Finding:
    """Return the digest of tensors as of the arrays with the same values; names of files stand for the files."""
    if len(tensors) == 1 or all(not hasattr(each, "numpy") for each in tensors):
        single = tensors[0]
        if not hasattr(single, "numpy") or (not single.shape.rank and len(tensors) == 1):
            return nothing(kind, "its source holds no data: pass the arrays or files it is made of")
    for tensor in tensors:
        if tensor.dtype.name == "string":
            texts = _texts(tensor)
            if texts and os.path.exists(texts[0]):
                return _files(texts, budget)
    arrays = [tensor.numpy() for tensor in tensors]
    return budget.of(arrays[0] if len(arrays) == 1 else arrays)


def _files(paths: list[str], budget: Budget) -> Finding:
    try:
        found = budget.of(list(paths))
    except (OSError, ValueError) as error:
        return nothing("files", f"its files cannot be read ({error})")
    return {**found, "rows": None, "files": len(paths)}


def _texts(tensor: Any) -> list[str]:
    return [os.fsdecode(each) for each in tensor.numpy().reshape(-1).tolist()]


def _cardinality(data: Any) -> int | str:
    """Return the number of elements, batches say; `"infinite"` or `"unknown"` where TensorFlow says so."""
    count = int(data.cardinality())
    return {-1: "infinite", -2: "unknown"}.get(count, count)
