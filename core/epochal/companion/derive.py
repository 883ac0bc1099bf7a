"""The task that works out a run's summary from its history after the run's end."""

from __future__ import annotations

import os

from .assignment import received
from .task import answer


def main() -> None:
    """Read all of rank 0, at low priority, and hand the derived summary to the companion."""
    assignment = received()
    os.nice(10)
    from ..recorded import RecordedRun

    answer({"values": dict(RecordedRun(assignment.folder).derived_summary)})
