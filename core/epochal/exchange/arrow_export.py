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

    def word(text: str) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))

    yield "run", word(run)
    yield "metric", word(points.metric)
    yield "kind", word(points.kind)
    yield "step", pa.array(points.steps)
    yield "time", pa.array(points.times)
    moments = microseconds(points)
    yield "at", pa.array(moments, pa.timestamp("us", tz="UTC"))
    texts = points.kind == TEXT
    values: Any = points.values
    yield "value", pa.nulls(count, pa.float64()) if texts else pa.array(values.astype(np.float64))
    yield "int_value", pa.array(values) if points.kind == "int" else pa.nulls(count, pa.int64())
    yield "text_value", pa.array(plain(points), pa.string()) if texts else pa.nulls(count, pa.string())
    yield "rank", pa.array(points.ranks)
    yield "row", pa.array(points.rows)
    if points.abandoned is not None:
        yield "abandoned", pa.array(points.abandoned)
    if choice.system:
        yield "system", pa.array(np.full(count, points.system))


def microseconds(points: Points) -> Any:
    """Return the times as datetime64[us], NaT where a time is no moment of the years 1 to 9999."""
    times = points.times
    sound = np.isfinite(times) & (times > -62135596800) & (times < 253402300800)
    whole = np.where(sound, np.round(np.where(sound, times, 0.0) * 1e6), 0).astype(np.int64)
    moments = whole.astype("datetime64[us]")
    moments[~sound] = np.datetime64("NaT")
    return moments
