"""Writes an imported run's points as the rows that they were, in the source's order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..errors import StorageError
from ..journal.format import BOOL, FLOAT
from .foreign import TEXT, Track

if TYPE_CHECKING:
    from ..journal.points import Ints
    from ..journal.writer import JournalWriter

#: From so many rows of the same metrics on, they are written as columns.
_MANY: Final = 8


def write_rows(writer: JournalWriter, tracks: dict[str, Track], points: dict[str, Ints], time: float | None) -> None:
    """Write points of tracks; those of one row number go into one row.

    Args:
        writer: the journal's.
        tracks: metric to its points.
        points: metric to the indices of those that are to be written.
        time: of all points, in seconds since the epoch, where the source tells none.

    Raises:
        StorageError: storage refused some.
    """
    names = list(points)
    if not names:
        return
    rows = np.concatenate([_numbers(tracks[name].rows)[points[name]] for name in names])
    lengths = [len(points[name]) for name in names]
    metric = np.repeat(np.arange(len(names)), lengths)
    place = np.concatenate([points[name] for name in names])
    kind = np.concatenate([np.frombuffer(tracks[name].kinds, np.uint8)[points[name]] for name in names])
    order = np.argsort(rows, kind="stable")
    for first, count, width in _stretches(rows[order], (metric * 256 + kind)[order]):
        which = order[first : first + count * width].reshape(count, width)
        block = [(names[metric[at]], chr(kind[at]), place[which[:, column]]) for column, at in enumerate(which[0])]
        _write_block(writer, tracks, block, time)
        if not writer.storage.healthy:
            raise StorageError(f"{writer.path} cannot be written: there is no room; make some, and import again")


def _stretches(rows: Ints, codes: Ints) -> Iterator[tuple[int, int, int]]:
    """Yield (index of the first point, rows, points a row) of successive rows that hold the same metrics.

    Rows are told apart by the sum of a random number for each code: no source can make two of them equal.
    """
    starts = np.concatenate([[0], np.flatnonzero(rows[1:] != rows[:-1]) + 1])
    widths = np.diff(starts, append=len(rows))
    known, at = np.unique(codes, return_inverse=True)
    drawn = np.random.default_rng().integers(1, 1 << 63, len(known), np.uint64)
    sums = np.add.reduceat(drawn[at.reshape(-1)], starts)
    changes = np.flatnonzero((sums[1:] != sums[:-1]) | (widths[1:] != widths[:-1])) + 1
    for first, last in pairwise([0, *changes.tolist(), len(starts)]):
        yield int(starts[first]), last - first, int(widths[first])


def _write_block(
    writer: JournalWriter, tracks: dict[str, Track], block: list[tuple[str, str, Ints]], time: float | None
) -> None:
    """Write rows of the same metrics, given as (metric, kind, indices of its points)."""
    steps = [_numbers(tracks[name].steps)[at] for name, _, at in block]
    times = [_times(tracks[name], at, time) for name, _, at in block]
    apart = any((other != steps[0]).any() for other in steps) or len({name for name, *_ in block}) < len(block)
    if len(block) > 1 and (apart or any(other.tobytes() != times[0].tobytes() for other in times)):
        for part in block:  # numbered as one row, and none
            _write_block(writer, tracks, [part], time)
        return
    columns = {name: _values(tracks[name], kind, at) for name, kind, at in block}
    if len(steps[0]) >= _MANY and all(kind != TEXT for _, kind, _ in block):
        writer.extend(columns, steps[0], times[0])
        return
    plain = [column if isinstance(column, list) else column.tolist() for column in columns.values()]
    for step, moment, *values in zip(steps[0].tolist(), times[0].tolist(), *plain, strict=True):
        writer.row(dict(zip(columns, values, strict=True)), step, moment)


def _numbers(column: Any) -> Ints:
    return np.frombuffer(column, np.int64)


def _times(track: Track, at: Ints, time: float | None) -> Any:
    return np.frombuffer(track.times, np.float64)[at] if time is None else np.full(len(at), time)


def _values(track: Track, kind: str, at: Ints) -> Any:
    cells = _numbers(track.cells)[at]
    if kind == TEXT:
        return [track.texts[cell] for cell in cells.tolist()]
    return cells.view(np.float64) if kind == FLOAT else cells != 0 if kind == BOOL else cells
