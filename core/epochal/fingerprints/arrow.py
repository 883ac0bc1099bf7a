"""Hashes Arrow tables by what their buffers hold: how the rows are split into chunks or slices makes no difference."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from .budget import Budget
from .finding import Finding, finding
from .sampling import sampled_spans

#: Rows that are looked at together: what has to be copied stays small.
_ROWS: Final = 65_536
METHOD: Final = "SHA-256 over columns by name, type and values: docs/fingerprints.md, Arrow 1"


class UnknownColumnError(Exception):
    """A column of a type whose buffers have no meaning here."""


def fingerprint_table(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of an Arrow table or record batch."""
    table = data if isinstance(data, pa.Table) else pa.Table.from_batches([data])
    return _fingerprint(table, "pyarrow.Table", budget)


def fingerprint_column(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of an Arrow array or chunked array."""
    return _fingerprint(pa.table({"": data}), "pyarrow.Array", budget)


def _fingerprint(table: Any, kind: str, budget: Budget) -> Finding:
    rows, size = table.num_rows, table.nbytes
    whole = budget.take(size)
    spans = [(0, rows)] if whole else sampled_spans(rows, size // rows, budget)
    digest = hashlib.sha256(f"arrow table of {rows} rows\n".encode())
    left_out = 0
    for field, column in zip(table.schema, table.columns, strict=True):
        try:
            values = column_digest(column, spans, budget)
        except UnknownColumnError:
            values, left_out = "none", left_out + 1
        digest.update(f"{field.name!r} {field.type} {values}\n".encode("utf-8", "surrogatepass"))
    method = METHOD if whole else f"{METHOD}, of {len(spans)} ranges of {spans[0][1] - spans[0][0]} rows, evenly spaced"
    coverage = "full" if whole else "sampled"
    return finding(
        kind, digest.hexdigest(), method, rows=rows, size=size, coverage=coverage, left_out={"columns": left_out}
    )


def column_digest(column: Any, spans: list[tuple[int, int]], budget: Budget) -> str:
    """Return the digest of the rows of a chunked array that the spans name.

    Raises:
        UnknownColumnError: its type is not known here.
    """
    streams = _Streams()
    for begin, end in spans:
        for chunk in column.slice(begin, end - begin).chunks:
            for start in range(0, len(chunk), _ROWS):
                budget.look_at_clock()
                streams.feed(chunk.slice(start, _ROWS), "")
    return streams.digest()


class _Streams:
    """One digest for the values, one for the lengths and one for the gaps of each level of a nested column."""

    def __init__(self) -> None:
        self._digests: dict[str, Any] = {}

    def digest(self) -> str:
        lines = [f"{name} {self._digests[name].hexdigest()}\n" for name in sorted(self._digests)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _add(self, name: str, data: Any) -> None:
        if name not in self._digests:
            self._digests[name] = hashlib.sha256()
        self._digests[name].update(np.ascontiguousarray(data).view(np.uint8))

    def feed(self, array: Any, level: str) -> None:
        """Add an array's values; what lies under a gap is arbitrary and is left out or made zero."""
        array = _plain(array)
        valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.uint8)
        self._add(f"{level} valid", valid)
        kind = array.type
        if kinds.is_null(kind):
            return
        if kinds.is_boolean(kind):
            self._add(f"{level} values", array.fill_null(False).to_numpy(zero_copy_only=False).astype(np.uint8))
        elif _is_binary(kind):
            self._feed_binary(array.drop_null(), level)
        elif kinds.is_struct(kind):
            for field, child in zip(kind, array.flatten(), strict=True):
                self.feed(child, f"{level}.{field.name}")
        elif kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_map(kind):
            present = array.drop_null()
            self._add(f"{level} lengths", np.diff(_offsets(present)).astype(np.int64))
            self.feed(_children(present), f"{level}[]")
        elif kinds.is_fixed_size_list(kind):
            self.feed(array.drop_null().flatten(), f"{level}[]")
        elif (width := _width(kind)) is not None:
            self._add(f"{level} values", _fixed(array, width, valid))
        else:
            raise UnknownColumnError(str(kind))

    def _feed_binary(self, array: Any, level: str) -> None:
        offsets = _offsets(array)
        self._add(f"{level} lengths", np.diff(offsets).astype(np.int64))
        data = array.buffers()[-1]
        if data is not None and len(offsets) > 1:
            self._add(f"{level} values", np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]])


def _plain(array: Any) -> Any:
    """Return the array in the form in which its meaning does not depend on how it was made."""
    while isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    if kinds.is_dictionary(array.type):
        return _plain(array.dictionary_decode())
    name = str(array.type)
    if name in ("string_view", "binary_view"):
        return array.cast(pa.large_string() if name == "string_view" else pa.large_binary())
    return array


def _is_binary(kind: Any) -> bool:
    return bool(
        kinds.is_string(kind) or kinds.is_binary(kind) or kinds.is_large_string(kind) or kinds.is_large_binary(kind)
    )


def _is_large(kind: Any) -> bool:
    return bool(kinds.is_large_string(kind) or kinds.is_large_binary(kind) or kinds.is_large_list(kind))


def _offsets(array: Any) -> Any:
    if not len(array):
        return np.zeros(1, np.int64)
    dtype = np.int64 if _is_large(array.type) else np.int32
    offsets = np.frombuffer(array.buffers()[1], dtype)
    return offsets[array.offset : array.offset + len(array) + 1]


def _children(array: Any) -> Any:
    """Return the elements of the lists, without what lies before and behind them."""
    if not len(array):
        return array.values.slice(0, 0)
    offsets = _offsets(array)
    return array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _width(kind: Any) -> int | None:
    try:
        bits = kind.bit_width
    except ValueError:
        return None
    return bits // 8 if bits % 8 == 0 else None


def _fixed(array: Any, width: int, valid: Any) -> Any:
    data = array.buffers()[1]
    if data is None or not len(array) or not width:
        return np.zeros(0, np.uint8)
    values = np.frombuffer(data, np.uint8)[array.offset * width : (array.offset + len(array)) * width]
    if valid.all():
        return values
    return np.where(valid[:, None].astype(bool), values.reshape(-1, width), np.uint8(0))
