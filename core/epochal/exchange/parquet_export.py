"""Exports Parquet: the table that the Arrow exporter gives, written piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ..errors import MissingDependencyError
from .arrow_export import arrow, arrow_schema, record_batches
from .formats import Exported

if TYPE_CHECKING:
    from .formats import ExportRequest

#: Rows of a row group, at least: readers skip groups by their statistics, and each costs something.
_GROUP: Final = 1 << 18


def export(request: ExportRequest) -> Exported:
    """Write the runs."""
    assert request.out is not None
    pa, schema = arrow(), arrow_schema(request)
    try:
        import pyarrow.parquet as pq
    except ImportError as error:  # a pyarrow that was built without it
        raise MissingDependencyError("pyarrow.parquet", "parquet") from error
    counts = [0] * len(request.runs)

    def batches() -> Iterator[Any]:
        for at, run in enumerate(request.runs):
            for batch in record_batches(run, request.points, schema):
                counts[at] += batch.num_rows
                yield batch

    with pq.ParquetWriter(request.out, schema, compression="zstd", version="2.6") as writer:
        for group in _groups(batches()):
            table = pa.Table.from_batches(group, schema).unify_dictionaries()
            writer.write_table(table, row_group_size=table.num_rows)
    return Exported(tuple(counts))


def _groups(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the batches in groups of at least `_GROUP` rows."""
    group: list[Any] = []
    count = 0
    for batch in batches:
        group.append(batch)
        count += batch.num_rows
        if count >= _GROUP:
            yield group
            group, count = [], 0
    if group:
        yield group
