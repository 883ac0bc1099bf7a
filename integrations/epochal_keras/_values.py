"""Keras' variables and tensors as NumPy arrays, whichever backend and device hold them."""

from __future__ import annotations

from typing import Any

import keras


def as_array(value: Any) -> Any:
    """Return the NumPy array of a variable, a tensor or a number.

    NumPy cannot be asked for it: a variable knows its old protocol only, a tensor on a device none.
    """
    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(value))
