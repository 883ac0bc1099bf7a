"""What Epochal asks of this package: Keras variables as numbers, and how the backends' arrays are hashed.

Imports no framework: types are known by name, and what they need is looked up when one is met.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from epochal.hookspecs import Converter, Fingerprinter, hookimpl

if TYPE_CHECKING:
    from epochal.fingerprints.budget import Budget
    from epochal.fingerprints.finding import Finding

#: A variable's class, as Keras has called it from 3.0 on.
_VARIABLES: Final = (
    "keras.src.backend.common.variables.Variable",
    "keras.src.backend.common.variables.KerasVariable",
)
#: Arrays that NumPy can see as one of its own. PyTorch's tensors are epochal_torch's.
_ARRAYS: Final = (
    "jaxlib._jax.ArrayImpl",
    "jaxlib.xla_extension.ArrayImpl",
    "tensorflow.python.framework.ops.EagerTensor",
)
#: What is copied from a device to be hashed, at most, in bytes.
_FROM_DEVICE: Final = 256 << 20
_TF_DATASETS: Final = ("tensorflow.python.data.ops.dataset_ops.DatasetV2",)
_DATASETS: Final = ("keras.src.trainers.data_adapters.py_dataset_adapter.PyDataset",)


@hookimpl
def register_converters() -> list[Converter]:
    """Return the converter of Keras variables, whichever backend and device hold them."""
    return [Converter(name, _number) for name in _VARIABLES]


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of JAX's and TensorFlow's arrays, `tf.data`, and datasets derived from `PyDataset`."""
    arrays = [Fingerprinter(name, _fingerprint_array) for name in _ARRAYS]
    stored = [Fingerprinter(name, _fingerprint_dataset) for name in _DATASETS]
    return arrays + stored + [Fingerprinter(name, _fingerprint_tf_dataset) for name in _TF_DATASETS]


def _number(variable: Any) -> Any:
    from ._values import as_array

    return as_array(variable)


def _fingerprint_array(data: Any, budget: Budget) -> Finding | None:
    import numpy as np

    from epochal.fingerprints.finding import nothing

    kind = "jax.Array" if type(data).__module__.startswith("jaxlib.") else "tf.Tensor"
    if not getattr(data, "is_fully_addressable", True):
        return nothing(kind, "other processes hold parts of it: pass what it was made from")
    # TensorFlow's types call it `size`
    size = math.prod(data.shape) * int(getattr(data.dtype, "itemsize", 0) or data.dtype.size)
    if not budget.full and size > _FROM_DEVICE and not _is_on_cpu(data):
        return nothing(kind, "it is large and on a device: pass the arrays or files it was made from")
    return {**budget.of(np.asarray(data)), "kind": kind}


def _is_on_cpu(data: Any) -> bool:
    if hasattr(data, "devices"):
        return all(each.platform == "cpu" for each in data.devices())
    return "CPU:" in str(getattr(data, "device", ""))


def _fingerprint_dataset(data: Any, budget: Budget) -> Finding | None:
    from epochal.fingerprints.attributes import fingerprint_attributes

    return fingerprint_attributes(data, budget)


def _fingerprint_tf_dataset(data: Any, budget: Budget) -> Finding | None:
    from ._tf_data import fingerprint_tf_dataset

    return fingerprint_tf_dataset(data, budget)
