"""What Epochal asks of this package: Keras variables as numbers, and how the backends' arrays are hashed.

Imports no framework: types are known by name, and what they need is looked up when one is met.
"""

from __future__ import annotations

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
_DATASETS: Final = ("keras.src.trainers.data_adapters.py_dataset_adapter.PyDataset",)


@hookimpl
def register_converters() -> list[Converter]:
    """Return the converter of Keras variables, whichever backend and device hold them."""
    return [Converter(name, _number) for name in _VARIABLES]


@hookimpl
def register_fingerprinters() -> list[Fingerprinter]:
    """Return the fingerprinters of JAX's and TensorFlow's arrays, and of datasets derived from `PyDataset`."""
    arrays = [Fingerprinter(name, _fingerprint_array) for name in _ARRAYS]
    return arrays + [Fingerprinter(name, _fingerprint_dataset) for name in _DATASETS]


def _number(variable: Any) -> Any:
    from ._values import as_array

    return as_array(variable)


def _fingerprint_array(data: Any, budget: Budget) -> Finding | None:
    import numpy as np

    kind = f"{type(data).__module__}.{type(data).__qualname__}"
    return {**budget.of(np.asarray(data)), "kind": "jax.Array" if kind.startswith("jaxlib.") else kind}


def _fingerprint_dataset(data: Any, budget: Budget) -> Finding | None:
    from epochal.fingerprints.attributes import fingerprint_attributes

    return fingerprint_attributes(data, budget)
