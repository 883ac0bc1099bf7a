"""Scans of journals in files of any bytes, for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from epochal.journal.blocks import BlockScan
from epochal.journal.reader import Columns
from tests.core.journal_maker import Maker, loop

_descriptors: list[int] = []


@pytest.fixture(autouse=True)
def close_descriptors() -> Iterator[None]:
    """Close what a test has opened; a module that imports this needs no more."""
    yield
    close_all()


def close_all() -> None:
    while _descriptors:
        os.close(_descriptors.pop())


def scan(data: bytes, folder: Path) -> BlockScan:
    """Return what a scan finds in a file of these bytes."""
    path = folder / "file.epochal"
    path.write_bytes(data)
    return opened(path)


def opened(path: Path) -> BlockScan:
    _descriptors.append(os.open(path, os.O_RDWR))
    return BlockScan(_descriptors[-1])


def kinds(found: BlockScan) -> list[str]:
    return [frame.payload["k"] for frame in found.frames()]


def journal() -> Maker:
    maker = Maker()
    maker.opening()
    for number in range(10):
        maker.record("notice", code="x", text="y" * number)
    loop(maker, range(20), loss=1.0)
    maker.record("finish", state="finished")
    return maker


def points(columns: Columns) -> list[tuple[int, int, float, Any]]:
    """Return (seq, step, time, value) of each point, as `Maker.points` does."""
    arrays = columns.seqs, columns.steps, columns.times, columns.values
    return list(zip(*(array.tolist() for array in arrays), strict=True))
