"""`epochal plot`: metrics of one or several runs as curves in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .curves import run_curves
from .options import as_json, in_dir, list_of_runs
from .output import console, print_json
from .plot_groups import BANDS, group_curves, grouped
from .text import shown

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from ..run_list import Runs
    from .curves import Curve
    from .ticks import Tick

#: How many charts are drawn where no metric is named.
_CHARTS = 3


@click.command("plot")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option(
    "--metric", "-m", "metrics", metavar="NAME", multiple=True, help="Draw this metric; may be given several times."
)
@click.option(
    "--smooth",
    "-s",
    metavar="WEIGHT",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Smooth as TensorBoard does, 0 to 1; the curve as it was stands behind.",
)
@click.option(
    "--x",
    "x",
    metavar="AXIS",
    help="step, time, relative, or a metric; by default what define_metric chose, else step.",
)
@click.option(
    "--where", "-w", metavar="FILTER", help="Draw the runs for which this is true; with --group all runs by default."
)
@click.option(
    "--group",
    "-g",
    metavar="FIELDS",
    help="Draw the mean of the runs that have the same values in fields, settings or expressions, within a band.",
)
@click.option(
    "--band",
    type=click.Choice(BANDS),
    metavar="KIND",
    default="std",
    help="What the band of a group is: std and sem around the mean, range from least to greatest, or none.",
)
@click.option("--logx", is_flag=True, help="Logarithmic x axis.")
@click.option("--logy", is_flag=True, help="Logarithmic y axis.")
@click.option("--together", "-t", is_flag=True, help="All metrics in one chart.")
@click.option("--abandoned", is_flag=True, help="Also draw, dotted, what a resume or rewind has left behind.")
@click.option("--rank", metavar="N", default=0, help="Draw what this rank recorded.")
@click.option("--width", metavar="N", type=click.IntRange(20), help="Characters; by default the terminal's.")
@click.option("--height", metavar="N", type=click.IntRange(5), help="Lines of one chart; by default what fits.")
@as_json
@in_dir
def plot(
    runs: Sequence[str], metrics: Sequence[str], smooth: float, x: str | None, where: str | None, group: str | None,
    band: str, logx: bool, logy: bool, together: bool, abandoned: bool, rank: int, width: int | None,
    height: int | None, as_json: bool, dir: str | None,
) -> None:  # fmt: skip
    """Draw metrics of runs as curves.

    There is a chart for each metric and a colour for each run, or for each group. Without --metric the most telling
    metrics that the runs have are drawn. --json prints the points that would be drawn instead.
    """
    from ..run_list import Runs

    if group is not None and (abandoned or rank):
        raise click.UsageError("--abandoned and --rank are about single runs: leave them out with --group")
    found = _found(runs, where, dir) if group is None else _listed(runs, where, dir)
    names = list(dict.fromkeys(metrics)) or _telling(found)
    if not names:
        raise click.UsageError(f"{shown(found[0].name)} has no metrics yet")
    if group is not None and isinstance(found, Runs):
        members = grouped(found, group)
        curves = [curve for name in names for curve in group_curves(members, name, x=x, band=band, smooth=smooth)]
    else:
        several = len(found) > 1
        curves = [
            curve
            for name in names
            for run in found
            for curve in run_curves(run, name, x=x, smooth=smooth, abandoned=abandoned, rank=rank, several=several)
        ]
    if as_json:
        print_json([curve.record for curve in curves if curve.record is not None])
        return
    groups = [curves] if together else [[curve for curve in curves if curve.metric == name] for name in names]
    groups = [group for group in groups if group]
    if not groups:
        raise click.UsageError(f"no run has {shown(', '.join(names))}")
    size = shutil.get_terminal_size((100, 30))
    legends = max(len({(curve.owner, curve.metric) for curve in group}) for group in groups)
    lines = height or max(8, min(20, (size.lines - 3) // len(groups) - legends - 2))
    out = console()
    colored = out.color_system is not None and not out.no_color and sys.stdout.isatty()
    for at, drawn in enumerate(groups):
        if at:
            out.print()
        _draw(drawn, out, width or size.columns, lines, logx, logy, colored)


def _found(runs: Sequence[str], where: str | None, dir: str | None) -> Sequence[RecordedRun]:
    """Return the runs that were named, or that the filter finds.

    Raises:
        UsageError: nothing says which, or there are none.
    """
    from ..run_list import get_run

    if where is not None or not runs:
        return _listed(runs, where, dir, needed=True)
    return list({run.path: run for run in (get_run(run, dir) for run in runs)}.values())


def _listed(runs: Sequence[str], where: str | None, dir: str | None, *, needed: bool = False) -> Runs:
    """Return the runs of the folder that were named or that the filter finds; all, where that is not `needed`.

    Raises:
        UsageError: there are none.
    """
    from ..run_list import Runs, find_folder

    if runs and where is not None:
        raise click.UsageError("--where is for runs that are not named: leave one of the two out")
    if needed and where is None:
        raise click.UsageError("name one or more runs, or give --where or --group")
    found = list_of_runs(dir, where=where)
    if runs:
        folders = {find_folder(run, dir) for run in runs}
        found = Runs(found.root, [entry for entry in found.entries if entry.path in folders], found.problems)
    if not found:
        raise click.UsageError(f"no runs in {found.root} are meant by that: `epochal ls` lists them")
    return found


def _draw(curves: Sequence[Curve], out: Any, width: int, height: int, logx: bool, logy: bool, colored: bool) -> None:
    from .chart import chart

    colors: dict[tuple[str, str], int] = {}
    for curve in curves:
        curve.series.color = colors.setdefault((curve.owner, curve.metric), len(colors))
    metrics = list(dict.fromkeys(curve.metric for curve in curves))
    axes = list(dict.fromkeys(curve.axis for curve in curves))
    lines = chart(
        [curve.series for curve in curves],
        width=width, height=height, title=shown(", ".join(metrics), width), x_label=shown(", ".join(axes), 20),
        logx=logx, logy=logy, x_ticks=_ticks(axes), colored=colored,
    )  # fmt: skip
    for line in lines:
        out.print(line, overflow="ellipsis", no_wrap=True)


def _ticks(axes: Sequence[str]) -> Callable[[float, float, int], list[Tick]]:
    from . import ticks

    if axes == ["time"]:
        return ticks.moment
    return ticks.duration if axes == ["relative"] else ticks.linear


def _telling(runs: Sequence[RecordedRun]) -> list[str]:
    """Return the metrics that most of the runs have, the telling ones first."""
    from .columns import telling

    counts: dict[str, int] = {}
    for run in runs:
        for name in run.metrics:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], telling(name), len(name), name))[:_CHARTS]


COMMANDS = [plot]
