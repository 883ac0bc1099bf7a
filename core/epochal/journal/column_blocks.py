"""Columns of many rows, written as blocks that hold exactly them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from . import format as layout

if TYPE_CHECKING:
    from .writer import JournalWriter

_TYPES: Final[dict[str, type]] = {"f": float, "i": int, "b": bool}


def write_columns(
    writer: JournalWriter,
    columns: Mapping[str, np.ndarray],
    steps: np.ndarray,
    times: np.ndarray,
    marks: np.ndarray | None,
) -> None:
    """Write many rows, each block with one `pwrite`; see `JournalWriter.extend`."""
    table = writer.column_table(tuple(columns), tuple(_TYPES[column.dtype.kind] for column in columns.values()))
    head = layout.aligned(layout.BLOCK_HEADER.size + len(table.declaration))
    fitting = max(layout.LEAST_ROWS, (layout.LARGEST_BLOCK - head) // table.stride)
    for start in range(0, len(steps), fitting):
        part = slice(start, min(start + fitting, len(steps)))
        n = part.stop - start
        if marks is None:
            first = writer.take_marks(n)
            ours = np.arange(first, first + n)
        else:
            ours = marks[part]
        if not writer.storage.accepts:
            writer.storage.drop(int(ours[0]) & layout.SEQ_MASK, n)
            continue
        at, header = writer.claim_rows(table, layout.aligned(head + n * table.stride))
        block = np.empty(head // 8 + n * (len(columns) + 3), "<i8")
        block[: head // 8] = np.frombuffer(header, "<i8")
        rows = block[head // 8 :].reshape(n, -1)
        rows[:, 0] = steps[part]
        for number, column in enumerate(columns.values(), 1):
            rows[:, number] = column[part].view(np.int64) if column.dtype.kind == "f" else column[part]
        rows[:, -2] = times[part].view(np.int64)
        rows[:, -1] = ours
        writer.storage.write(block.data.cast("B"), at)
