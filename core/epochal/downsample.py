"""Fewer points that draw the same line: of each stretch the first, the last, the lowest and the highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import BadValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT = 4


def downsample(values: NDArray[Any], samples: Any) -> NDArray[np.int64]:
    """Return the indices of at most `samples` points that keep the first, last, lowest and highest of each stretch.

    Where a stretch holds NaN, one of them is kept too, so that a gap stays a gap.

    Args:
        values: shape (n,), in the order in which they are drawn.
        samples: at least 1.

    Returns:
        Ascending, without repetition.

    Raises:
        BadValueError: `samples` is not a positive integer.
    """
    if not isinstance(samples, (int, np.integer)) or isinstance(samples, bool) or samples < 1:
        raise BadValueError(
            f"samples {samples!r} cannot be used: take a positive integer, or leave it out for all points"
        )
    count = len(values)
    if count <= samples:
        return np.arange(count)
    plain: NDArray[Any] = values.astype(np.int8) if values.dtype == np.bool_ else values
    missing = np.isnan(plain) if plain.dtype.kind == "f" else None
    if missing is not None and not missing.any():
        missing = None
    stretches = int(samples) // (_KEPT + (missing is not None))
    if stretches == 0:
        return _few(plain, int(samples))
    size = -(-count // stretches)
    whole = count // size * size
    parts = [_extremes(plain[:whole].reshape(-1, size), 0)]
    if whole < count:
        parts.append(_extremes(plain[whole:].reshape(1, -1), whole))
    starts = np.arange(0, count, size)
    parts += [starts, np.minimum(starts + size, count) - 1]
    if missing is not None:
        gaps = np.flatnonzero(missing)
        # the first NaN of each stretch
        parts.append(gaps[np.unique(gaps // size, return_index=True)[1]])
    return np.unique(np.concatenate(parts))


def _extremes(rows: NDArray[Any], start: int) -> NDArray[np.int64]:
    """Return the indices of the lowest and highest number of each row, for rows that begin at index `start`."""
    low = high = rows
    if rows.dtype.kind == "f":
        missing = np.isnan(rows)
        if missing.any():
            low, high = np.where(missing, np.inf, rows), np.where(missing, -np.inf, rows)
    offsets = start + np.arange(len(rows)) * rows.shape[1]
    return np.concatenate([offsets + low.argmin(axis=1), offsets + high.argmax(axis=1)])


def _few(values: NDArray[Any], samples: int) -> NDArray[np.int64]:
    """Return fewer points than one stretch keeps: the last, the first, then the extremes."""
    low, high = _extremes(values.reshape(1, -1), 0)
    wanted = dict.fromkeys((len(values) - 1, 0, int(high), int(low)))
    return np.array(sorted(list(wanted)[:samples]), np.int64)
