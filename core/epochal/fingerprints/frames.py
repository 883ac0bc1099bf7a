"""Hashes pandas objects by column: the values that are stored, whatever stores them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pandas as pd

from .arrays import feed
from .budget import Budget
from .finding import Finding, finding
from .sampling import sampled_spans

Spans = list[tuple[int, int]]

_ROWS: Final = 65_536
#: Bytes that a value behind a pointer is taken to have.
_OBJECT: Final = 64
METHOD: Final = "SHA-256 over index and columns by label, type and values: docs/fingerprints.md, pandas 1"


def fingerprint_frame(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of a DataFrame: index, labels, types and values, all in their order."""
    columns = [(label, data.iloc[:, number]) for number, label in enumerate(data.columns)]
    return _fingerprint("pandas.DataFrame", data.index, columns, budget)


def fingerprint_series(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of a Series."""
    return _fingerprint("pandas.Series", data.index, [(data.name, data)], budget)


def fingerprint_index(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of an Index."""
    return _fingerprint("pandas.Index", data, [], budget)


def _fingerprint(kind: str, index: Any, columns: list[tuple[Any, Any]], budget: Budget) -> Finding:
    rows = len(index)
    parts = [*_index_parts(index), *((f"column {_label(label)}", column) for label, column in columns)]
    row_bytes = sum(_item_bytes(part.dtype) for _, part in parts)
    whole = budget.take(rows * row_bytes)
    spans = [(0, rows)] if whole else sampled_spans(rows, row_bytes, budget)
    head = f"index {index!r}" if isinstance(index, pd.RangeIndex) else f"index of {len(parts) - len(columns)} levels"
    digest = hashlib.sha256(f"{kind} of {rows} rows, {head}\n".encode())
    left_out = 0
    for label, part in parts:
        values = _column_digest(part, spans, budget)
        left_out += values is None
        digest.update(f"{label} {_type_name(part.dtype)} {values}\n".encode("utf-8", "surrogatepass"))
    method = METHOD if whole else f"{METHOD}, of {len(spans)} ranges of {spans[0][1] - spans[0][0]} rows, evenly spaced"
    return finding(
        kind,
        digest.hexdigest(),
        method,
        rows=rows,
        size=rows * row_bytes,
        coverage="full" if whole else "sampled",
        left_out={"columns": left_out},
    )


def _index_parts(index: Any) -> list[tuple[str, Any]]:
    if isinstance(index, pd.RangeIndex):
        return []
    if isinstance(index, pd.MultiIndex):
        frame = index.to_frame(index=False, allow_duplicates=True)
        return [(f"level {_label(name)}", frame.iloc[:, number]) for number, name in enumerate(index.names)]
    return [(f"level {_label(index.name)}", index.to_series())]


def _label(label: Any) -> str:
    """Return a label as text; what has no text of its own that is the same in every process counts by its type."""
    if isinstance(label, tuple):
        return f"({', '.join(map(_label, label))})"
    plain = (str, bytes, int, float, bool, type(None), np.generic, pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval)
    return repr(label) if isinstance(label, plain) else type(label).__qualname__


def _item_bytes(dtype: Any) -> int:
    return _OBJECT if _is_text(dtype) else int(getattr(dtype, "itemsize", _OBJECT))


def _is_text(dtype: Any) -> bool:
    """Return whether values are Python objects or text, which every version of pandas stores in another way."""
    return bool(dtype == np.dtype(object)) or isinstance(dtype, pd.StringDtype)


def _type_name(dtype: Any) -> str:
    if _is_text(dtype):
        return "objects"
    if isinstance(dtype, np.dtype):
        return str(dtype.str)
    return f"category, ordered: {dtype.ordered}" if isinstance(dtype, pd.CategoricalDtype) else str(dtype)


def _column_digest(column: Any, spans: Spans, budget: Budget) -> str | None:
    """Return the digest of a column's rows in the spans, or None for a type that has no plain values."""
    dtype = column.dtype
    if type(dtype).__name__ == "ArrowDtype":
        return _arrow_digest(column, spans, budget)
    digest = hashlib.sha256()
    if isinstance(dtype, pd.CategoricalDtype):
        categories = pd.Series(dtype.categories)
        names = _column_digest(categories, [(0, len(categories))], budget)
        if names is None:
            return None
        digest.update(f"{_type_name(categories.dtype)} {names}\n".encode())
    for begin, end in spans:
        for start in range(begin, end, _ROWS):
            budget.look_at_clock()
            if not _add_rows(digest, column.iloc[start : min(end, start + _ROWS)], dtype):
                return None
    return digest.hexdigest()


def _add_rows(digest: Any, rows: Any, dtype: Any) -> bool:
    if _is_text(dtype):
        return _add_objects(digest, rows.to_numpy(dtype=object))
    if isinstance(dtype, pd.CategoricalDtype):
        feed(digest, rows.cat.codes.to_numpy().astype("<i8"))
    elif isinstance(dtype, np.dtype):
        feed(digest, rows.to_numpy())
    elif isinstance(dtype, pd.DatetimeTZDtype):
        feed(digest, rows.dt.tz_convert(None).to_numpy())
    elif isinstance(getattr(dtype, "numpy_dtype", None), np.dtype):  # numbers with gaps: Int64, boolean …
        gaps = rows.isna().to_numpy()
        feed(digest, gaps)
        feed(digest, rows.fillna(False if dtype.kind == "b" else 0).to_numpy(dtype=dtype.numpy_dtype))
    else:
        return False
    return True


def _add_objects(digest: Any, values: Any) -> bool:
    pieces = []
    for value in values:
        kind = type(value)
        if kind is str:
            data = value.encode("utf-8", "surrogatepass")
            pieces += [b"s%d:" % len(data), data]
        elif kind is bytes:
            pieces += [b"b%d:" % len(value), value]
        elif value is None or value is pd.NA or (kind is float and value != value):
            pieces.append(b"n")
        elif kind in (bool, int):
            pieces.append(b"%s;" % repr(value).encode())
        elif kind is float:
            pieces.append(b"%s;" % value.hex().encode())
        else:
            return False
    digest.update(b"".join(pieces))
    return True


def _arrow_digest(column: Any, spans: Spans, budget: Budget) -> str | None:
    import pyarrow as pa

    from .arrow import UnknownColumnError, column_digest

    values = column.array.__arrow_array__()
    try:
        return column_digest(
            values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values]), spans, budget
        )
    except UnknownColumnError:
        return None
