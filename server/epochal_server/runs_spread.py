"""Makes a column of each setting and result that any run has, in one walk over all runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from epochal.catalog_entry import Entry
from epochal.collection import no_collection

from .runs_column import Column


class _Slot:
    """What stands under one key: values of runs, and what they have below it where it is a mapping."""

    __slots__ = ("below", "name", "values")

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: list[Any] | None = None
        self.below: dict[str, _Slot] = {}


def spread_out(entries: Sequence[Entry]) -> dict[str, Column]:
    """Return the columns by name, such as `config.optimizer.lr` and `summary.val/acc`, in the order of the runs."""
    config, summary = _Slot("config"), _Slot("summary")
    with no_collection():
        for row, entry in enumerate(entries):
            _fill(config, entry.config, row, len(entries))
            _fill(summary, entry.summary, row, len(entries))
    columns: dict[str, Column] = {}
    _gather(config, columns)
    _gather(summary, columns)
    return columns


def _fill(slot: _Slot, values: Mapping[str, Any], row: int, count: int) -> None:
    below = slot.below
    for key, value in values.items():
        inner = below.get(key)
        if inner is None:  # the name is put together once, not for each run
            inner = below[key] = _Slot(f"{slot.name}.{key}")
        if type(value) is dict and value:
            _fill(inner, value, row, count)
        else:
            if inner.values is None:
                inner.values = [None] * count
            inner.values[row] = value


def _gather(slot: _Slot, columns: dict[str, Column]) -> None:
    if slot.values is not None:
        column = columns.get(slot.name)
        if column is None:
            columns[slot.name] = Column(slot.name, slot.values)
        else:  # {"a": {"b": 1}} in one run, {"a.b": 1} in another
            for row, value in enumerate(slot.values):
                if value is not None:
                    column.values[row] = value
    for inner in slot.below.values():
        _gather(inner, columns)
