"""Keras' variables and tensors as NumPy arrays, whichever backend and device hold them."""

from __future__ import annotations

from typing import Any

import keras


def as_array(value: Any) -> Any:
    """Return the NumPy array of a variable, a tensor or a number.

    NumPy cannot be asked for it: a variable knows its old protocol only, a tensor on a device none.
    """
    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(value))


def as_number(value: Any) -> float:
    """Return the number of a variable, a tensor or a number; Keras 3.0 cannot turn all of them into one itself."""
    return value if type(value) is float else float(as_array(value))


def shortest(value: float) -> float:
    """Return the number that a user wrote, where Keras keeps it in 32 bits: 0.1 instead of 0.10000000149011612."""
    import numpy as np

    short = np.float32(value)
    return float(str(short)) if float(short) == value else value
