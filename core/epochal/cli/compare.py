"""`epochal compare`: runs side by side, what differs first, the best results marked, their curves drawn."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from .options import as_json, in_dir, several_runs
from .output import console, print_json, warn

if TYPE_CHECKING:
    from ..comparing import Comparison

#: Places of a grid where all places at which any run has a point would be too many.
_PLACES: Final = 1000
#: Faults of one run's journals that are told.
_TOLD: Final = 3


@click.command("compare")
@several_runs
@click.option(
    "--metric", "-m", "metrics", metavar="NAME", multiple=True,
    help="Compare this result and draw its curves; may be given several times. All and the most telling by default.",
)  # fmt: skip
@click.option("--all", "-a", "everything", is_flag=True, help="Also what is the same, and every line of the diffs.")
@as_json
@in_dir
def compare(runs: Sequence[str], metrics: Sequence[str], everything: bool, as_json: bool, dir: str | None) -> None:
    """Compare runs: settings, results, data, environment and code.

    What differs stands first. The best of each result is marked ★: by the goal that define_metric was told, else by
    words of its name (loss, error: less is better; acc, f1, auc: more is). A dash stands where a run has no such value.
    """
    from ..comparing import compare as compared

    comparison = compared(*runs, dir=dir, metrics=metrics or None)
    for run in comparison.runs:
        for notice in [found for found in run.notices if found.code in ("damage", "unreadable")][:_TOLD]:
            warn(f"{run.name}: {notice.text}")
    if as_json:
        print_json({**comparison.to_dict(), "histories": [_history(comparison, name) for name in metrics]})
        return
    from .compare_code import code_part
    from .compare_curves import curves_part
    from .compare_page import page

    out = console()
    colored = out.color_system is not None
    for part in page(comparison, width=out.width, everything=everything):
        out.print(part)
    for part in code_part(comparison.code, everything=everything):
        out.print(part, overflow="ellipsis", no_wrap=True)
    width = out.width if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    for part in curves_part(comparison, asked=bool(metrics), width=width, colored=colored):
        out.print(part, overflow="ellipsis", no_wrap=True)


def _history(comparison: Comparison, metric: str) -> dict[str, Any]:
    """Return a metric of all runs on one grid; None for a run that does not have it."""
    from ..errors import BadValueError

    if metric not in comparison.metrics:
        return {"metric": metric, "axis": "step", "x": [], "values": [None] * len(comparison.runs)}
    try:
        found = comparison.histories(metric)
    except BadValueError:  # more places than memory should hold
        found = comparison.histories(metric, grid=_PLACES)
    rows = list(zip(found.runs, found.values, strict=True))
    values = [rows.pop(0)[1] if rows and rows[0][0] == run.id else None for run in comparison.runs]
    return {
        "metric": metric, "axis": found.axis, "x": found.x,
        "values": values,
    }  # fmt: skip


COMMANDS = [compare]
