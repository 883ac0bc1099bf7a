"""What a resumed run takes over from its earlier writers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import BadValueError, JournalError, PositionError
from .journal import format as layout
from .journal.blocks import BlockScan

_KEYS = ("run", "writer", "seq", "time", "next_step")


def check_position(position: Mapping[str, Any], folder: Path, id: str) -> dict[str, Any]:
    """Return a position that this run holds.

    Raises:
        BadValueError: it is not what `Run.position` gives.
        PositionError: it is of another run, or its writer or seq are not in this one.
    """
    missing = [key for key in _KEYS if key not in position]
    if missing:
        raise BadValueError(f"position {dict(position)!r} lacks {missing[0]!r}: give what run.position() returned")
    if position["run"] != id:
        raise PositionError(
            f"the position is of run {position['run']}, not of {id}: resume that run, or leave position out"
        )
    for scan in _scans(folder):
        if scan.header.writer.hex() == position["writer"]:
            if any(frame.seq == position["seq"] for frame in scan.frames() if frame.payload.get("k") == "position"):
                return {key: position[key] for key in _KEYS}
            raise PositionError(
                f"run {id} has no position {position['seq']} of writer {position['writer']}: was its folder replaced?"
            )
    raise PositionError(
        f"run {id} has no journal of writer {position['writer']}: copy the whole run folder, or leave position out"
    )


def next_step(folder: Path, rank: int) -> int:
    """Return the automatic step at which this rank's record stands: one more than the last step, 0 at the start.

    Forked workers count steps of their own: theirs counts only where the main writers have recorded none.
    """
    last: tuple[tuple[bool, int, int], int] | None = None
    for scan in _scans(folder):
        opening = next((frame.payload for frame in scan.frames()), {})
        if opening.get("rank") != rank or opening.get("role") not in ("main", "child", "import"):
            continue
        for seq, step in _last_rows(scan):
            place = opening["role"] != "child", opening["ordinal"], seq
            if last is None or place > last[0]:
                last = place, step
    return last[1] + 1 if last is not None and last[1] < (1 << 63) - 1 else 0


def _scans(folder: Path) -> Iterator[BlockScan]:
    for path in sorted((folder / "journal").glob("*.epochal")):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            scan = BlockScan(fd)
            scan.refresh()
            yield scan
        except JournalError:
            continue
        finally:
            os.close(fd)


def _last_rows(scan: BlockScan) -> Iterator[tuple[int, int]]:
    """Yield (seq, step) of the last row of each table, of rows and media in frames, and before each segment."""
    for frame in scan.frames():
        if frame.payload.get("k") == "row":
            yield frame.seq, int(frame.payload["step"])
        elif frame.payload.get("k") == "media":
            step = frame.payload.get("step")
            if type(step) is int and -(1 << 63) <= step < 1 << 63:
                yield frame.seq, step
        elif frame.payload.get("k") == "segment":
            yield frame.seq, int(frame.payload["next_step"]) - 1
    tag = layout.mark_tag(scan.header.writer)
    seen: set[int] = set()
    for block in reversed(scan.blocks):
        if block.kind != layout.ROWS or block.table in seen:
            continue
        data = os.pread(scan.fd, block.end - block.body, block.body)
        words = memoryview(data)[: len(data) // block.stride * block.stride].cast("q")
        width = block.stride // 8
        # not simply the last slot: threads and deferred values fill slots in another order than that of their seq
        mark, row = max(
            ((mark, row) for row, mark in enumerate(words[width - 1 :: width]) if mark >> layout.SEQ_BITS == tag),
            default=(0, 0),
        )
        if mark:
            seen.add(block.table)
            yield mark & layout.SEQ_MASK, words[row * width]
