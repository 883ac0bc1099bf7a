"""What Epochal asks of this package: tensors as values, and hashes of them and of datasets. Imports no framework."""

from __future__ import annotations

from epochal.hookspecs import Converter, Fingerprinter, hookimpl

from . import _fingerprints, _values


@hookimpl
def register_converters() -> list[Converter]:
    """Return the converter of tensors: parameters and other subclasses are tensors too."""
    return [Converter("torch.Tensor", _values.from_tensor)]


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
