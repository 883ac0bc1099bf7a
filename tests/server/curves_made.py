"""Makes series and folders of runs for tests of curves, and takes answers apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from epochal.catalog_entry import Entry
from epochal.recorded import RecordedRun
from epochal_server.curves_answer import curves
from epochal_server.curves_cache import SeriesCache
from epochal_server.curves_codec import decode
from epochal_server.curves_request import CurvesRequest
from epochal_server.curves_series import Series


def series(values: Sequence[float], steps: Sequence[int] | None = None, x: Any = None) -> Series:
    """Return a series; its x axis is the step unless given."""
    at = np.arange(len(values)) if steps is None else np.array(steps, np.int64)
    return Series(at, np.array(values, np.float64), at * 1.0, at if x is None else np.array(x))


def entry_of(run: RecordedRun, **details: Any) -> Entry:
    """Return what a roster says of a run."""
    found = {"config": run.config, "summary": run.summary, "metrics": run.metrics, "tags": list(run.tags), **details}
    return Entry(str(run.path), run.id, run.project, run.name, run.state, _details=found)


class Panel:
    """A folder of runs as a panel asks for them, without a server."""

    def __init__(self, runs: Mapping[str, RecordedRun | Entry], limit: int | None = None) -> None:
        self.cache = SeriesCache(limit)
        self.entries = {key: run if isinstance(run, Entry) else entry_of(run) for key, run in runs.items()}

    def bytes(
        self, *wanted: str | tuple[str | None, str | None], runs: Sequence[str] | None = None, **more: Any
    ) -> bytes:
        asked = CurvesRequest(
            tuple(self.entries) if runs is None else tuple(runs),
            tuple((each, None) if isinstance(each, str) else each for each in wanted),
            "step", 0.0, 1000, None, abandoned=False, clip=False, group=None, log_x=False,
        )  # fmt: skip
        return curves(self.cache, self.entries.__getitem__, asked._replace(**more), 7)

    def ask(self, *wanted: str | tuple[str | None, str | None], **more: Any) -> dict[str, Any]:
        """Return the header, with each line's arrays in the place of where they stand."""
        return unpacked(self.bytes(*wanted, **more))

    def lines(self, *wanted: str | tuple[str | None, str | None], **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(*wanted, **more)["lines"]
        return found


def unpacked(data: bytes) -> dict[str, Any]:
    header, numbers = decode(data)
    for line in header["lines"]:
        line.update({name: numbers[at : at + count] for name, (at, count) in line.pop("arrays").items()})
    return header


def folder_of(root: Path, project: str, id: str) -> Path:
    return root / project / id
