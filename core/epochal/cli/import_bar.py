"""The bar of a long import: bytes, points, speed, and how long it will still take."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

#: What is done by then shows no bar, in seconds.
_PATIENCE_S: Final = 0.5


@contextlib.contextmanager
def bar_of_bytes() -> Iterator[Callable[[int, int, int], None] | None]:
    """Give what takes (bytes done, bytes in all, points) and shows them on a terminal; None without one."""
    if not sys.stderr.isatty():
        yield None
        return
    begun = time.monotonic()
    bars: list[Any] = []

    def show(done: int, total: int, points: int) -> None:
        if not bars:
            if time.monotonic() - begun < _PATIENCE_S:
                return
            bars.append(_bar())
            bars[0].start()
            bars[0].add_task("", total=total)
        bars[0].update(bars[0].task_ids[0], completed=done, total=total, description=f"{points:,} points")

    try:
        yield show
    finally:
        for bar in bars:
            bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True), transient=True)
