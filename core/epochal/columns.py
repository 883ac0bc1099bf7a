"""What a person passes to `extend` becomes columns of float64, int64 and bool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .values import Problem, Unusable, flat

_INT64 = np.iinfo(np.int64)


def plain_columns(
    columns: Mapping[str, Any], steps: Any, times: Any, now: float
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, list[Problem]]:
    """Return (columns, steps int64, times float64, problems), all of shape (n,).

    A column that does not fit costs itself and one warning; steps or times that do not fit cost the call.
    """
    problems: list[Problem] = []
    plain: dict[str, np.ndarray] = {}
    none = np.empty(0, np.int64), np.empty(0)
    try:
        at = _integers(np.asarray(steps), "steps")
    except Exception as error:
        return plain, *none, [Problem("steps", f"run.extend: steps: {error}; nothing was recorded")]
    when = np.full(at.shape, now)
    if times is not None:
        try:
            when = np.array(times, np.float64)
            _check_length(when, len(at), "times")
        except Exception as error:
            when = np.full(at.shape, now)
            problems.append(Problem("times", f"run.extend: times: {error}; now was taken for all"))
    for name, values in flat(columns):
        try:
            array, problem = _column(np.asarray(values), name)
            _check_length(array, len(at), "steps")
        except Exception as error:
            problems.append(Problem(name, f"run.extend: column {name!r}: {error}; it was left out"))
            continue
        plain[name] = array
        if problem:
            problems.append(problem)
    return plain, at, when, problems


def _check_length(array: np.ndarray, length: int, what: str) -> None:
    if array.shape != (length,):
        raise Unusable(f"shape {array.shape} where {length} {what} ask for ({length},)")


def _column(array: np.ndarray, name: str) -> tuple[np.ndarray, Problem | None]:
    """Return a column as float64, int64 or bool, and a problem where values changed on the way."""
    if array.dtype.kind == "O":
        array = np.array([np.nan if value is None else value for value in array.tolist()])
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(np.bool_), None
    if kind == "i" or (kind == "u" and (not array.size or array.max() <= _INT64.max)):
        return array.astype(np.int64), None
    if kind == "u":
        return array.astype(np.float64), Problem(
            name, f"run.extend: column {name!r} has values beyond int64: kept as float64"
        )
    if kind in "SUMmcVO" and not _holds_numbers(array):
        raise Unusable(f"{array.dtype} is no number")
    return array.astype(np.float64), None


def _holds_numbers(array: np.ndarray) -> bool:
    """Whether an object or extension column (Decimal, bfloat16) converts number by number."""
    if array.dtype.kind == "O":
        return all(hasattr(value, "__float__") for value in array.tolist())
    return array.dtype.kind == "V" and not array.dtype.names and hasattr(array.dtype.type, "__float__")


def _integers(array: np.ndarray, what: str) -> np.ndarray:
    if array.ndim != 1:
        raise Unusable(f"shape {array.shape} is not one-dimensional")
    if array.dtype.kind in "iub":
        if array.dtype.kind == "u" and array.size and array.max() > _INT64.max:
            raise Unusable(f"{array.max()} does not fit 64 bits")
        return array.astype(np.int64)
    whole: np.ndarray = array.astype(np.int64)
    if not np.array_equal(whole, array):
        raise Unusable(f"{what} must be integers, got {array.dtype}")
    return whole
