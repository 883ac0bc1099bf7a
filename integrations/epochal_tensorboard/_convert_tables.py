"""Tables: out of PR curves, and into text that TensorBoard shows as one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError
from epochal.media import Table
from epochal.media.table_file import decode_table

from ._convert_tensors import numbers_of

if TYPE_CHECKING:
    from epochal.media.item import Media, Remark

#: The rows of a PR curve's tensor.
_ROWS: Final = (
    "true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall",
)  # fmt: skip
#: Of a table so many rows are written as text: more would make a page that no browser shows.
_MOST_ROWS: Final = 1000


def curves(value: Any) -> list[Media]:
    """Return a PR curve as a table: a row for each threshold, which lie evenly from 0 to 1.

    Raises:
        BadValueError: it is none.
    """
    import numpy as np

    array = numbers_of(value.tensor)
    if array.ndim != 2 or array.shape[0] != len(_ROWS) or not array.shape[1]:
        raise BadValueError(f"a PR curve has the shape (6, thresholds), not {array.shape}")
    thresholds = np.linspace(0, 1, array.shape[1]).tolist()
    return [Table({"threshold": thresholds, **dict(zip(_ROWS, array.astype(float).tolist(), strict=True))})]


def markdown_of(data: bytes, remark: Remark) -> str:
    """Return a table's file as a table of Markdown.

    Raises:
        BadValueError: it is damaged.
    """
    columns = decode_table(data)
    if not columns:
        return ""
    rows = max(len(column.cells) for column in columns)
    if rows > _MOST_ROWS:
        remark(f"of a table with {rows:,} rows the first {_MOST_ROWS:,} are shown")
    if any(column.type == "media" for column in columns):
        remark("pictures and other media in a table's cells are left out")
    cells = [[_cell(cell, column.type) for cell in column.cells[:_MOST_ROWS]] for column in columns]
    lines = [[_escaped(column.name) for column in columns], ["---"] * len(columns), *zip(*cells, strict=True)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(cell: Any, kind: str) -> str:
    if cell is None:
        return ""
    if kind == "media":
        return "…"
    return _escaped(cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False))


def _escaped(text: str) -> str:
    return "<br>".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())
