"""A journal whose rows are read once: full blocks are kept as arrays, so that a look reads only what may be new."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from .frame_rows import Key
from .kept_rows import KeptRows, Plain, SpanJob, SpanReader
from .points import Columns, by_seq, join
from .reader import Journal
from .rows import RowReader

#: A table of so many bytes is read with all its metrics at once: others of them will be asked for.
_SMALL: Final = 16 << 20
#: A file that was not written for so long gets another time stamp when it is, in seconds.
QUIET_S: Final = 0.05


class GrowingJournal(Journal):
    """A journal that keeps what it has read, for readers that ask again and again while it grows.

    What `read` gives are views of arrays that are kept: they are not to be changed. What they show does not change
    either, whatever is read later.
    """

    _reader = SpanReader
    _kept: dict[Key, KeptRows]
    _known_size: int

    @property
    def kept_bytes(self) -> int:
        """What is kept of rows, in bytes."""
        return sum(kept.nbytes for kept in self._kept.values())

    def forget(self) -> None:
        """Drop what is kept of rows."""
        self._kept.clear()

    def read(self, metrics: Iterable[str]) -> dict[str, Columns]:
        """Return all committed points of several metrics; blocks that were full at an earlier look are not read."""
        wanted = list(dict.fromkeys(metrics))
        parts: dict[str, list[Columns]] = {name: [] for name in wanted}
        for kept, names in self._look(wanted):
            for name in names:
                parts[name].append(kept.columns(name))
        return {name: by_seq(join(found)) for name, found in parts.items()}

    def plain(self, metric: str) -> Plain | None:
        """Return a metric's points without what `read` makes of them, where they stand in one table and in order."""
        found = self._look([metric])
        return found[0][0].plain(metric) if len(found) == 1 else None

    def refresh(self) -> bool:
        """Look for what was written since the last look; return True if anything may be new."""
        changed = super().refresh()
        if changed:
            for kept in self._kept.values():
                kept.complete = False
        return changed

    def _look(self, wanted: Sequence[str]) -> list[tuple[KeptRows, list[str]]]:
        """Read what is new of some metrics; return the tables that hold them, none where the file cannot be read."""
        if self.size < self._known_size:
            self._kept.clear()
        self._known_size = self.size
        tables = [(self._table(key, names), names) for key, names in self._tables_of(wanted)]
        new = [kept for kept, _ in tables if not kept.complete]
        if new and not self._run(lambda reader: self._fill(reader, new)):
            return []
        return tables

    def _fill(self, reader: RowReader, tables: Sequence[KeptRows]) -> None:
        last: list[SpanJob] = []
        for kept in tables:
            jobs = kept.jobs(self._blocks.get(kept.key, []), settled=self.settled)
            job = next(jobs)
            # what stands far before the end of a table is not written any more
            reader.settled = True
            for following in jobs:
                reader.read([job])
                kept.take(job, sound=not reader.problem)
                job = following
            last.append(job)
        # a change after this shows in the file's time stamp: until `refresh` sees one, nothing need be read again
        quiet = self.settled or abs(time.time() - self.modified) > QUIET_S
        reader.settled = self.settled
        reader.read(last)
        for kept, job in zip(tables, last, strict=True):
            kept.take(job, sound=not reader.problem)
            kept.complete = quiet and not reader.problem

    def _absorb_all(self) -> None:
        # also where another file has taken the place of the one that was read
        self._kept = {}
        self._known_size = 0
        super()._absorb_all()

    def _table(self, key: Key, names: Sequence[str]) -> KeptRows:
        """Return what is kept of a table, with nothing in it yet where it cannot be gone on with."""
        early = self._frame_rows.words(key)
        kept = self._kept.get(key)
        if kept is not None and kept.has(names, early):
            return kept
        all_bytes = sum(block.capacity for block in self._blocks.get(key, []))
        before = kept.names if kept is not None else ()
        wanted = key[0] if all_bytes <= _SMALL else tuple(name for name in key[0] if name in {*before, *names})
        self._kept[key] = made = KeptRows(key, early, wanted)
        return made
