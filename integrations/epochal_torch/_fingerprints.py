"""Hashes PyTorch's tensors and datasets by what they store: nothing is iterated or indexed, and no torch imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding

#: What is copied from another device to be hashed, at most, in bytes.
_FROM_DEVICE: Final = 256 << 20


def fingerprint_tensor(data: Any, budget: Budget) -> Finding | None:
    """Return the digest of a dense tensor: that of the NumPy array with the same values."""
    tensor = data.detach()
    if str(tensor.layout) != "torch.strided" or tensor.is_quantized or tensor.is_nested:
        return None
    if tensor.device.type == "meta":
        return None
    if tensor.device.type != "cpu":
        if not budget.full and tensor.numel() * tensor.element_size() > _FROM_DEVICE:
            return None
        tensor = tensor.cpu()
    tensor = tensor.resolve_conj().resolve_neg()
    try:
        found = budget.of(tensor.numpy())
    except TypeError:  # a type that NumPy does not have: bfloat16, float8
        as_bytes = tensor.contiguous().flatten().view(_uint8(tensor)).numpy()
        found = budget.of({"dtype": str(tensor.dtype).encode(), "shape": tuple(tensor.shape), "bytes": as_bytes})
        found["rows"] = tensor.shape[0] if tensor.ndim else None
    return {**found, "kind": "torch.Tensor"}


def _uint8(tensor: Any) -> Any:
    import torch

    return torch.uint8


def fingerprint_tensors(data: Any, budget: Budget) -> Finding:
    """Return the digest of a `TensorDataset`: that of its tensors."""
    rows = len(data.tensors[0]) if data.tensors else 0
    return {**budget.of(list(data.tensors)), "kind": _kind(data), "rows": rows}


def fingerprint_subset(data: Any, budget: Budget) -> Finding | None:
    """Return the digest of a `Subset`, such as `random_split` makes: of the whole and the indices."""
    import numpy as np

    if not isinstance(data.indices, (list, tuple, range, np.ndarray)):
        return None
    whole = budget.of(data.dataset)
    if whole["sha256"] is None:
        return {**whole, "kind": _kind(data), "rows": len(data.indices)}
    indices = np.asarray(data.indices, dtype=np.int64)
    found = budget.of({"dataset": bytes.fromhex(whole["sha256"]), "indices": indices})
    return {
        **found,
        "kind": _kind(data),
        "rows": len(indices),
        "bytes": whole["bytes"],
        "coverage": whole["coverage"] if found["coverage"] == "full" else found["coverage"],
        **({"left_out": whole["left_out"]} if "left_out" in whole else {}),
    }


def fingerprint_concatenation(data: Any, budget: Budget) -> Finding:
    """Return the digest of a `ConcatDataset`: that of its datasets."""
    return {**budget.of(list(data.datasets)), "kind": _kind(data), "rows": data.cumulative_sizes[-1]}


def fingerprint_loader(data: Any, budget: Budget) -> Finding:
    """Return the digest of a `DataLoader`'s dataset."""
    return budget.of(data.dataset)


def fingerprint_dataset(data: Any, budget: Budget) -> Finding | None:
    """Return the digest of what a dataset of the user's own keeps in tensors, arrays and tables."""
    from epochal.fingerprints.attributes import fingerprint_attributes

    return fingerprint_attributes(data, budget)


def _kind(data: Any) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}"
