"""What Epochal asks of this package: how PyTorch's tensors and datasets are hashed. Imports no framework."""

from __future__ import annotations

from epochal.hookspecs import Fingerprinter, hookimpl

from . import _fingerprints


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of tensors, PyTorch's own datasets, and datasets derived from its `Dataset`."""
    return [
        Fingerprinter("torch.Tensor", _fingerprints.fingerprint_tensor),
        Fingerprinter("torch.utils.data.dataset.TensorDataset", _fingerprints.fingerprint_tensors),
        Fingerprinter("torch.utils.data.dataset.Subset", _fingerprints.fingerprint_subset),
        Fingerprinter("torch.utils.data.dataset.ConcatDataset", _fingerprints.fingerprint_concatenation),
        Fingerprinter("torch.utils.data.dataloader.DataLoader", _fingerprints.fingerprint_loader),
        Fingerprinter("torch.utils.data.dataset.Dataset", _fingerprints.fingerprint_dataset),
    ]
