"""Exports to Arrow: a pyarrow Table with a row for each point; Parquet is made of the same pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MissingDependencyError
from .facts import header, run_facts, to_json
from .formats import Exported
from .points import TEXT, Points, plain, read_points

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from .formats import ExportRequest, PointChoice


def export(request: ExportRequest) -> Exported:
    """Return the points of the runs as one Table; `schema.metadata[b"epochal"]` holds the rest as JSON."""
    pa, schema = arrow(), arrow_schema(request)
    batches, counts = [], []
    for run in request.runs:
        count = 0
        for batch in record_batches(run, request.points, schema):
            batches.append(batch)
            count += batch.num_rows
        counts.append(count)
    return Exported(tuple(counts), data=pa.Table.from_batches(batches, schema))


def arrow() -> Any:
    """Return pyarrow.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "parquet") from error
    return pa


def arrow_schema(request: ExportRequest) -> Any:
    """Return the schema of a table of points, with what is known of the runs in its metadata."""
    pa, choice = arrow(), request.points
    word = pa.dictionary(pa.int32(), pa.string())
    fields = [
        pa.field("run", word, nullable=False),
        pa.field("metric", word, nullable=False),
        pa.field("kind", word, nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("time", pa.float64(), nullable=False),
        pa.field("at", pa.timestamp("us", tz="UTC")),
        pa.field("value", pa.float64()),
        pa.field("int_value", pa.int64()),
        pa.field("text_value", pa.string()),
        pa.field("rank", pa.int64(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
    fields += [pa.field("abandoned", pa.bool_(), nullable=False)] * choice.abandoned
    fields += [pa.field("system", pa.bool_(), nullable=False)] * choice.system
    facts = {**header(choice), "runs": [to_json(run_facts(run)) for run in request.runs]}
    return pa.schema(fields, metadata={"epochal": json.dumps(facts, ensure_ascii=False, allow_nan=False)})


def record_batches(run: RecordedRun, choice: PointChoice, schema: Any) -> Iterator[Any]:
    """Yield a run's points as record batches."""
    pa = arrow()
    for points in read_points(run, choice):
        columns = [column for _, column in columns_for(run.id, points, choice, pa)]
        yield pa.record_batch(columns, schema=schema)


def columns_for(run: str, points: Points, choice: PointChoice, pa: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and array of each column, in the order of the schema."""
    count = len(points)
    texts, values = points.kind == TEXT, points.values
    int64, float64 = pa.int64(), pa.float64()
    for name, text in (("run", run), ("metric", points.metric), ("kind", points.kind)):
        codes = _array(pa, pa.int32(), np.zeros(count, np.int32))
        yield name, pa.DictionaryArray.from_arrays(codes, _strings(pa, [text]))
    yield "step", _array(pa, int64, points.steps)
    yield "time", _array(pa, float64, points.times)
    yield "at", _moments(pa, points)
    yield "value", pa.nulls(count, float64) if texts else _array(pa, float64, np.asarray(values, np.float64))
    yield "int_value", _array(pa, int64, np.asarray(values)) if points.kind == "int" else pa.nulls(count, int64)
    yield "text_value", _strings(pa, plain(points)) if texts else pa.nulls(count, pa.string())
    yield "rank", _array(pa, int64, points.ranks)
    yield "row", _array(pa, int64, points.rows)
    if points.abandoned is not None:
        yield "abandoned", _truths(pa, points.abandoned)
    if choice.system:
        yield "system", _truths(pa, np.full(count, points.system))


# Arrays are made of their buffers: `pa.array` imports pandas wherever it is installed, which takes a second.


def _array(pa: Any, kind: Any, column: np.ndarray) -> Any:
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(np.ascontiguousarray(column))])


def _truths(pa: Any, column: np.ndarray) -> Any:
    bits = np.packbits(column, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(column), [None, pa.py_buffer(bits)])


def _strings(pa: Any, texts: list[str]) -> Any:
    data = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, data)], dtype=np.int64)
    return pa.Array.from_buffers(
        pa.large_string(), len(data), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(data))]
    ).cast(pa.string())


def _moments(pa: Any, points: Points) -> Any:
    moments = microseconds(points)
    valid = np.packbits(~np.isnat(moments), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(moments.view(np.int64))]
    return pa.Array.from_buffers(pa.timestamp("us", tz="UTC"), len(moments), buffers)


def microseconds(points: Points) -> Any:
    """Return the times as datetime64[us], NaT where a time is no moment of the years 1 to 9999."""
    times = points.times
    sound = np.isfinite(times) & (times > -62135596800) & (times < 253402300800)
    whole = np.where(sound, np.round(np.where(sound, times, 0.0) * 1e6), 0).astype(np.int64)
    moments = whole.astype("datetime64[us]")
    moments[~sound] = np.datetime64("NaT", "us")
    return moments
