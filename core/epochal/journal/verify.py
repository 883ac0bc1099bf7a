"""Checks everything in a run's journals that a checksum covers, and says what none covers."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from ..errors import JournalError, RunNotFoundError
from ..layout import SUFFIX
from .format import RECORDS, ROWS, SEQ_BITS, SEQ_MASK, BlockHeader, mark_tag
from .points import Ints
from .reader import Journal
from .window import CHUNK, Window

#: Slots of a damaged range that are named at most.
_NAMED: Final = 100


class Finding(NamedTuple):
    """One thing that is not as it was written.

    Attributes:
        file: the journal's file name.
        offset: where in the file, in bytes.
        length: of the range that holds the fault, in bytes.
        what: what is wrong, in words.
        metrics: the table's metrics, where the fault is in rows.
        rows: first and last slot of the block that may be wrong, where the fault is in rows.
    """

    file: str
    offset: int
    length: int
    what: str
    metrics: tuple[str, ...] = ()
    rows: tuple[int, int] | None = None

    def __str__(self) -> str:
        rows = f", rows {self.rows[0]} to {self.rows[1]} of the block" if self.rows else ""
        shown = ", ".join(self.metrics[:5]) + (f" and {len(self.metrics) - 5} more" if len(self.metrics) > 5 else "")
        table = f" of {shown}" if shown else ""
        return f"{self.file}: {self.what}: {self.length} bytes at {self.offset}{table}{rows}"


@dataclass
class FileReport:
    """What was found in one journal.

    Attributes:
        file: its name.
        role: of its writer; empty where the file is unreadable.
        size: in bytes.
        rows: rows in tables.
        rows_covered: those of them that a checksum covers.
        bytes_uncovered: bytes of rows that no checksum covers.
        frames: sound records, each with a checksum of its own.
        seqs_absent: numbers below the greatest seq under which nothing was found: writes that were cut off, or damage.
    """

    file: str
    role: str = ""
    size: int = 0
    rows: int = 0
    rows_covered: int = 0
    bytes_uncovered: int = 0
    frames: int = 0
    seqs_absent: int = 0


@dataclass
class Report:
    """What `verify` found in one run.

    Attributes:
        folder: the run's.
        files: one report for each journal.
        findings: what is damaged or unreadable, by file and offset.
    """

    folder: Path
    files: list[FileReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was found to be wrong."""
        return not self.findings

    @property
    def rows(self) -> int:
        """Rows in tables, of all files."""
        return sum(report.rows for report in self.files)

    @property
    def rows_uncovered(self) -> int:
        """Rows that no checksum covers."""
        return sum(report.rows - report.rows_covered for report in self.files)

    @property
    def bytes_uncovered(self) -> int:
        """Bytes of rows that no checksum covers."""
        return sum(report.bytes_uncovered for report in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "folder": str(self.folder),
            "sound": self.sound,
            "rows": self.rows,
            "rows_uncovered": self.rows_uncovered,
            "bytes_uncovered": self.bytes_uncovered,
            "files": [vars(report) for report in self.files],
            "findings": [finding._asdict() for finding in self.findings],
        }


#: Of one block: how many slots (or bytes) a checksum covers, and the checksums that were recorded for that many.
_Sums = dict[int, set[int]]


def verify(folder: str | os.PathLike[str]) -> Report:
    """Check a run: headers, frames, commit marks, and rows as far as the companions' checksums cover them.

    Args:
        folder: the run's.

    Raises:
        RunNotFoundError: there is no run in it.
    """
    path = Path(os.path.abspath(folder))
    if not (path / "journal").is_dir():
        raise RunNotFoundError(f"there is no run in {path}: give a folder that holds a folder named journal")
    report = Report(path)
    journals = []
    for file in sorted((path / "journal").glob("*" + SUFFIX)):
        try:
            journals.append(Journal(file))
        except (JournalError, OSError) as error:
            report.files.append(FileReport(file.name, size=file.stat().st_size if file.exists() else 0))
            report.findings.append(Finding(file.name, 0, report.files[-1].size, f"unreadable: {error}"))
    sums, lengths = _recorded(journals)
    for journal in journals:
        # of two versions of a journal, which a merge may have kept, this tells which is the sound one
        check = _Check(journal, sums.get(journal.writer, {}), lengths.get(journal.writer, 0))
        report.files.append(check.run())
        report.findings += check.findings
    for writer in sums.keys() - {journal.writer for journal in journals}:
        report.findings.append(Finding("", 0, 0, f"the journal of writer {writer}, which checksums name, is not there"))
    report.files.sort(key=lambda one: one.file)
    report.findings.sort()
    return report


def _recorded(journals: list[Journal]) -> tuple[dict[str, dict[int, _Sums]], dict[str, int]]:
    """Return the checksums of all companions by writer and block, and the length at the last fsync by writer."""
    sums: dict[str, dict[int, _Sums]] = {}
    lengths: dict[str, int] = {}
    for journal in journals:
        for frame in journal.records("checksum"):
            writer, block, rows, crc = (frame.payload.get(key) for key in ("writer", "block", "rows", "crc"))
            if isinstance(writer, str) and type(block) is int and type(rows) is int and type(crc) is int and rows > 0:
                sums.setdefault(writer, {}).setdefault(block, {}).setdefault(rows, set()).add(crc)
        for frame in journal.records("sync"):
            writer, length = frame.payload.get("writer"), frame.payload.get("bytes")
            if isinstance(writer, str) and type(length) is int:
                lengths[writer] = max(length, lengths.get(writer, 0))
    return sums, lengths


class _Check:
    """The check of one journal."""

    def __init__(self, journal: Journal, sums: Mapping[int, _Sums], length: int) -> None:
        self.findings: list[Finding] = []
        self._journal = journal
        self._sums = sums
        self._synced = length
        self._report = FileReport(journal.file, journal.role, journal.size, frames=len(journal.frames))
        self._seqs: list[Ints] = [np.array([frame.seq for frame in journal.frames], np.int64)]

    def run(self) -> FileReport:
        journal = self._journal
        for damage in journal.damages:
            self._find(damage.offset, damage.length, damage.what)
        if journal.lacks_opening:
            self._find(0, journal.size, "no first record: role, rank and place are taken from the file's name")
        if self._synced > journal.size:
            self._find(journal.size, self._synced - journal.size, "the end of the file is missing")
        try:
            with open(journal.path, "rb", buffering=0) as file:
                self._window = Window(file.fileno())
                self._check_blocks()
                if self._window.problem:
                    self._find(0, 0, self._window.problem)
        except OSError as error:  # it has gone since it was listed
            self._find(0, journal.size, f"unreadable: {error}")
        self._check_seqs()
        return self._report

    def _check_blocks(self) -> None:
        for block in self._journal.blocks:
            if block.kind == ROWS:
                self._check_rows(block)
            elif block.kind == RECORDS:
                self._check_sums(block, 1)
        for offset in sorted(self._sums.keys() - {block.offset for block in self._journal.blocks}):
            what = f"a block that checksums name is not there, with {max(self._sums[offset])} rows or bytes"
            self._find(offset, 0, what)

    def _find(self, offset: int, length: int, what: str, **more: Any) -> None:
        self.findings.append(Finding(self._journal.file, offset, length, what, **more))

    def _check_rows(self, block: BlockHeader) -> None:
        covered = self._check_sums(block, block.stride)
        tag = mark_tag(bytes.fromhex(self._journal.writer)) << SEQ_BITS
        report, names = self._report, self._names(block)
        for first, words in self._slots(block):
            seqs = words[:, -1] ^ tag
            there = (seqs > 0) & (seqs <= SEQ_MASK)
            self._seqs.append(seqs[there])
            behind = int(np.count_nonzero(there[max(0, covered - first) :]))
            count = int(np.count_nonzero(there))
            report.rows += count
            report.rows_covered += count - behind
            report.bytes_uncovered += behind * block.stride
            odd = np.flatnonzero(~there & (words[:, -1] != 0)) + first
            for slot in odd[:_NAMED].tolist():
                place = block.body + slot * block.stride
                self._find(
                    place, block.stride, "a row whose commit mark is not the writer's", metrics=names, rows=(slot, slot)
                )

    def _check_sums(self, block: BlockHeader, unit: int) -> int:
        """Compare each stretch between two recorded checksums; return how many slots or bytes they cover."""
        sums = self._sums.get(block.offset, {})
        done, before = 0, {0}
        for count in sorted(sums):
            start, stop = block.body + done * unit, block.body + count * unit
            if stop > block.end:
                self._find(start, stop - block.end, "a checksum that covers more than its block holds")
                break
            # a checksum goes on from the one before: each stretch is judged for itself
            if not any(self._sum(start, stop, seed) in sums[count] for seed in before):
                rows = {"metrics": self._names(block), "rows": (done, count - 1)} if block.kind == ROWS else {}
                self._find(start, stop - start, "the checksum does not hold", **rows)
            done, before = count, sums[count]
        return done

    def _sum(self, start: int, stop: int, crc: int) -> int:
        while start < stop:
            # holes in a copy are zeros in the original: they are read as what they are
            data = self._window.read(start, min(CHUNK, stop - start))
            if not data:
                return -1
            crc = zlib.crc32(data, crc)
            start += len(data)
        return crc

    def _slots(self, block: BlockHeader) -> Iterator[tuple[int, Ints]]:
        """Yield (first slot, rows of words) over what the file holds of a block."""
        step = max(1, CHUNK // block.stride)
        stop = block.body + (min(block.end, self._journal.size) - block.body) // block.stride * block.stride
        behind = block.body
        for begin, end in self._window.data_ranges(block.body, max(stop, block.body)):
            at = max(behind, begin - (begin - block.body) % block.stride)
            while at < end:
                data = self._window.read(at, min(step * block.stride, stop - at))
                count = len(data) // block.stride
                if not count:
                    return
                words = np.frombuffer(data, np.int64, count * block.stride // 8).reshape(count, -1)
                yield (at - block.body) // block.stride, words
                at += count * block.stride
            behind = at

    def _names(self, block: BlockHeader) -> tuple[str, ...]:
        table = self._journal.tables.get(block.table)
        return table.names if table is not None else ()

    def _check_seqs(self) -> None:
        seqs = np.sort(np.concatenate(self._seqs))
        twice = seqs[1:][seqs[1:] == seqs[:-1]]
        for seq in np.unique(twice)[:_NAMED].tolist():
            self._find(0, 0, f"seq {seq} is there more than once: a commit mark was changed")
        if len(seqs):
            self._report.seqs_absent = max(0, int(seqs[-1]) - len(np.unique(seqs)))
