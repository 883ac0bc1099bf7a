"""The values of all runs, column by column, kept up to date row by row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any, Final

import numpy as np

from epochal.catalog_entry import Entry, flat

from .runs_column import Column, Ints
from .runs_spread import spread_out
from .runs_subject import Subject

#: Columns of the run itself. Those of the first kind are known without unpacking what the catalog has packed.
PLAIN: Final = ("name", "id", "project", "state", "reason", "started", "finished", "duration")
PACKED: Final = ("group", "job_type", "tags", "notes", "host", "ranks", "metrics")
FIELDS: Final = (*PLAIN, *PACKED)
TIMES: Final = ("started", "finished")
#: Where the other columns come from; each has its name before a dot.
SOURCES: Final = ("config", "summary")


class RunsTable:
    """A row for each run, in no order, and columns that are made when they are first asked for.

    Attributes:
        entries: by row.
        keys: by row.
        stamp: grows with each change.
        membership: grows when runs come, go, or change their project or start.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.keys: list[str] = []
        self.stamp = 0
        self.membership = 0
        self._rows: dict[str, int] = {}
        self._columns: dict[str, Column] = {}
        self._spread: dict[str, Column] | None = None
        self._preparing = threading.Lock()
        self._texts: list[str] | None = None
        self._subjects: list[Subject] = []
        self._newest: tuple[int, Ints] | None = None

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> Entry | None:
        """Return the run of a key."""
        row = self._rows.get(key)
        return None if row is None else self.entries[row]

    def row(self, key: str) -> int | None:
        """Return the row of a key."""
        return self._rows.get(key)

    def change(self, changed: Mapping[str, Entry], gone: Iterable[str]) -> None:
        """Take in runs that came, changed and went."""
        removed = [self._remove(key) for key in gone]
        if self._spread is not None and any(removed):
            self._spread = {name: column for name, column in self._spread.items() if _any_value(column)}
        if len(changed) > len(self.entries):  # so many new ones cost less when columns are made anew
            self._columns, self._spread, self._texts = {}, None, None
        for key, entry in changed.items():
            row = self._rows.get(key)
            if row is None:
                self._append(key, entry)
            else:
                self._set(row, entry)
        self.stamp += 1

    def column(self, name: str) -> Column | None:
        """Return a column; None where no run has it. Its values stay right until the next `change`.

        `duration` is another one at each call: runs that are running grow older.
        """
        if name == "duration":
            return self._durations()
        if name in FIELDS:
            found = self._columns.get(name)
            if found is None:
                get = _getter(name)
                values = [get(entry) for entry in self.entries]
                found = self._columns[name] = Column(name, values, time=name in TIMES)
            return found
        return self.spread().get(name)

    @property
    def prepared(self) -> bool:
        """Whether the columns of config and summary are made, and what filters ask."""
        return self._spread is not None and (bool(self._subjects) or not self.entries)

    def spread(self) -> dict[str, Column]:
        """Return all columns of config and summary, by name."""
        if self._spread is None:
            self._spread = spread_out(self.entries)
        return self._spread

    def prepare(self, lock: AbstractContextManager[Any]) -> None:
        """Make the columns of config and summary, which takes a while, without keeping others from using the table."""
        with self._preparing:  # one thread makes them, others wait
            for _ in range(3):
                with lock:
                    if self._spread is not None:
                        return
                    entries, stamp = list(self.entries), self.stamp
                columns = spread_out(entries)
                with lock:
                    if self.stamp == stamp:
                        self._spread = columns
                        return

    def prepare_subjects(self, lock: AbstractContextManager[Any]) -> None:
        """Make what the first filter asks, without keeping others from using the table."""
        with lock:
            if self._subjects:
                return
            entries = list(self.entries)
        subjects = [Subject(entry) for entry in entries]
        with lock:
            if not self._subjects:
                self._subjects = subjects  # of runs that came or changed meanwhile they are made when they are asked

    def value(self, row: int, name: str) -> Any:
        """Return one value, without making its column."""
        entry = self.entries[row]
        if name in FIELDS:
            return _getter(name)(entry)
        if self._spread is not None:
            column = self._spread.get(name)
            return None if column is None else column.values[row]
        return _values(entry).get(name)

    def spelled(self, name: str) -> list[str]:
        """Return the keys that the name of a column of config or summary stands for: they may have dots themselves."""
        source, _, rest = name.partition(".")
        column = self.spread().get(name)
        row = next((row for row, value in enumerate(column.values if column else ()) if value is not None), None)
        found = None if row is None else _keys(getattr(self.entries[row], source), rest)
        return found or (rest.split(".") if source == "config" else [rest])

    def has(self, name: str) -> bool:
        """Return whether a column has been made already, so that asking it costs next to nothing."""
        return name in self._columns or (name not in FIELDS and self._spread is not None)

    def newest_first(self) -> Ints:
        """Return all rows, the newest run first."""
        if self._newest is None or self._newest[0] != self.membership:
            ids = [entry.id for entry in self.entries]
            order = sorted(range(len(ids)), key=lambda row: (-(self.entries[row].started or 0.0), ids[row]))
            self._newest = self.membership, np.array(order, np.int64)
        return self._newest[1]

    def subjects(self) -> list[Subject]:
        """Return the runs as filters ask them, by row; a run that has changed is another object."""
        subjects, entries = self._subjects, self.entries
        if len(subjects) != len(entries):
            subjects = self._subjects = [Subject(entry) for entry in entries]
        for row, entry in enumerate(entries):
            if subjects[row].entry is not entry:
                subjects[row] = Subject(entry)
        return subjects

    def texts(self) -> list[str]:
        """Return for each row the text that is searched, in folded case."""
        if self._texts is None:
            columns = [column.values for name, column in self.spread().items() if name.startswith("config.")]
            columns = [values for values in columns if any(isinstance(value, str) for value in values)]
            texts = zip(*columns, strict=True) if columns else ((),) * len(self.entries)
            self._texts = [_searched(entry, found) for entry, found in zip(self.entries, texts, strict=True)]
        return self._texts

    # -- within --

    def _durations(self) -> Column:
        now = time.time()
        return Column("duration", [_duration(entry, now) for entry in self.entries])

    def _append(self, key: str, entry: Entry) -> None:
        self.membership += 1
        self._rows[key] = len(self.entries)
        self.keys.append(key)
        self.entries.append(entry)
        for name, column in self._columns.items():
            column.append(_getter(name)(entry))
        if self._spread is not None:
            for column in self._spread.values():
                column.append(None)
            self._spread_row(len(self.entries) - 1, entry)
        if self._texts is not None:
            self._texts.append(_searched(entry))

    def _set(self, row: int, entry: Entry) -> None:
        before = self.entries[row]
        if (before.project, before.started, before.id) != (entry.project, entry.started, entry.id):
            self.membership += 1
        self.entries[row] = entry
        for name, column in self._columns.items():
            column.set(row, _getter(name)(entry))
        if self._spread is not None:
            self._spread_row(row, entry)
        if self._texts is not None:
            self._texts[row] = _searched(entry)

    def _spread_row(self, row: int, entry: Entry) -> None:
        assert self._spread is not None
        values = _values(entry)
        for name, column in self._spread.items():
            column.set(row, values.pop(name, None))
        for name, value in values.items():
            column = self._spread[name] = Column(name, [None] * len(self.entries))
            column.set(row, value)

    def _remove(self, key: str) -> bool:
        row = self._rows.pop(key, None)
        if row is None:
            return False
        self.membership += 1
        last = self.keys.pop()
        moved = self.entries.pop()
        if row < len(self.entries):
            self.keys[row], self.entries[row] = last, moved
            self._rows[last] = row
        for column in (*self._columns.values(), *(self._spread or {}).values()):
            column.remove(row)
        if self._texts is not None:
            text = self._texts.pop()
            if row < len(self._texts):
                self._texts[row] = text
        return True


def _any_value(column: Column) -> bool:
    """Return whether any run has the column."""
    return any(value is not None for value in column.values)


def is_column(name: str) -> bool:
    """Return whether a name can be a column's."""
    return name in FIELDS or (name.partition(".")[0] in SOURCES and "." in name)


def _keys(values: Any, name: str) -> list[str] | None:
    """Return the keys of nested mappings that lead to what `flat` calls `name`."""
    if not isinstance(values, dict):
        return None
    if name in values:
        return [name]
    for key, value in values.items():
        if name.startswith(f"{key}."):
            rest = _keys(value, name[len(key) + 1 :])
            if rest:
                return [key, *rest]
    return None


def _getter(name: str) -> Callable[[Entry], Any]:
    return attrgetter(name)


def _duration(entry: Entry, now: float) -> float | None:
    if entry.started is None:
        return None
    end = now if entry.state == "running" else entry.finished
    return None if end is None else end - entry.started


def _values(entry: Entry) -> dict[str, Any]:
    found = {f"config.{name}": value for name, value in flat(entry.config).items()}
    found.update((f"summary.{name}", value) for name, value in flat(entry.summary).items())
    return found


def _searched(entry: Entry, settings: Iterable[Any] | None = None) -> str:
    texts: list[Any] = [entry.name, entry.id, entry.project, entry.state, entry.group, entry.job_type, entry.notes]
    texts += [entry.host, *entry.tags, *(flat(entry.config).values() if settings is None else settings)]
    return "\n".join(text for text in texts if isinstance(text, str)).casefold()
