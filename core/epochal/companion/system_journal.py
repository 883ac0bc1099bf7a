"""The companion's own journal: opened beside the trainer's, with notices that are told once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..clock import run_clock
from ..journal.format import SEQ_MASK
from ..journal.writer import JournalWriter
from ..writers import next_ordinal, record_opening, roles_and_ordinals
from .assignment import Assignment


class SystemJournal:
    """A journal of role `system`. A disk that refuses is no fault of this process: records wait, or are counted."""

    def __init__(self, assignment: Assignment) -> None:
        """Create the file and write its first frame.

        Raises:
            OSError: the file cannot be created.
        """
        self._told: set[str] = set()
        self.now = run_clock()
        rank = assignment.rank
        ordinal = next_ordinal(assignment.folder, rank)
        self._writer = JournalWriter(
            Path(assignment.folder), role="system", rank=rank, ordinal=ordinal, clock=self.now, report=self.notice
        )
        self._parent_ordinal = assignment.ordinal
        self._folder, self._rank = assignment.folder, rank
        record_opening(
            self._writer,
            run=assignment.id,
            project=assignment.project,
            parent={"writer": assignment.writer, "seq": 1, "ordinal": assignment.ordinal},
        )

    @property
    def path(self) -> str:
        """Where the file was created; the run may have been moved since."""
        return self._writer.path

    def record(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a frame with the present time."""
        self._writer.record(kind, fields)

    def checksum(self, writer: str, block: int, rows: int, crc: int) -> None:
        """Write a `checksum` frame, the one kind without a time: there are many of them."""
        payload = {"k": "checksum", "writer": writer, "block": block, "rows": rows, "crc": crc}
        self._writer._frame(payload, self._writer.next_mark() & SEQ_MASK)

    def row(self, values: Mapping[str, float], step: int, time: float) -> None:
        """Write one row of system metrics at `step` seconds since the run's start."""
        self._writer.row(values, step, time)

    def notice(self, code: str, text: str, **data: Any) -> None:
        """Write something that whoever reads the run should know; the same words are written once."""
        if text not in self._told and len(self._told) < 100:
            self._told.add(text)
            self._writer.record("notice", {"code": code, "text": text, "data": data})

    def check(self) -> None:
        """Try again to write what the disk refused, at most once a second."""
        self._writer.check(self.now())

    def vanished(self) -> bool:
        """Return whether the file was deleted. A run that was moved elsewhere is still written."""
        return self._writer.storage.vanished()

    def superseded(self) -> bool:
        """Return whether another process has opened this rank since: what concerns the whole run is its task now."""
        return any(
            role == "main" and number > self._parent_ordinal
            for role, number in roles_and_ordinals(self._folder, self._rank)
        )

    def close(self) -> None:
        """Write what waits and close the file."""
        self._writer.close()
