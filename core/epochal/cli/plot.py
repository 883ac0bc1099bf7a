"""`epochal plot`: metrics of one or several runs as curves in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import as_json, in_dir, several_runs
from .output import console, print_json, warn
from .text import number, shown

if TYPE_CHECKING:
    from ..history import History
    from ..recorded import RecordedRun
    from .chart import Series
    from .ticks import Tick

#: How many charts are drawn where no metric is named.
_CHARTS = 3


@click.command("plot")
@several_runs
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
    runs: Sequence[str], metrics: Sequence[str], smooth: float, x: str | None, logx: bool, logy: bool, together: bool,
    abandoned: bool, rank: int, width: int | None, height: int | None, as_json: bool, dir: str | None,
) -> None:  # fmt: skip
    """Draw metrics of runs as curves.

    There is a chart for each metric and a colour for each run. Without --metric the most telling metrics that the runs
    have are drawn. --json prints the points that would be drawn instead.
    """
    from ..run_list import get_run

    found = list({run.path: run for run in (get_run(run, dir) for run in runs)}.values())
    names = list(dict.fromkeys(metrics)) or _telling(found)
    if not names:
        raise click.UsageError(f"{shown(found[0].name)} has no metrics yet")
    curves = [
        curve
        for name in names
        for run in found
        for curve in _curves(run, name, x=x, smooth=smooth, abandoned=abandoned, rank=rank, several=len(found) > 1)
    ]
    if as_json:
        print_json([curve.record() for curve in curves])
        return
    groups = [curves] if together else [[curve for curve in curves if curve.metric == name] for name in names]
    groups = [group for group in groups if group]
    if not groups:
        raise click.UsageError(f"no run has {shown(', '.join(names))}")
    size = shutil.get_terminal_size((100, 30))
    legends = max(len({(curve.run.id, curve.metric) for curve in group}) for group in groups)
    lines = height or max(8, min(20, (size.lines - 3) // len(groups) - legends - 2))
    out = console()
    colored = out.color_system is not None and not out.no_color and sys.stdout.isatty()
    for at, group in enumerate(groups):
        if at:
            out.print()
        _draw(group, out, width or size.columns, lines, logx, logy, colored)


class _Curve:
    """One metric of one run, with its points as they are drawn."""

    def __init__(self, run: RecordedRun, metric: str, history: History, series: Series) -> None:
        self.run, self.metric, self.history, self.series = run, metric, history, series

    def record(self) -> dict[str, Any]:
        return {
            "run": self.run.name, "id": self.run.id, "metric": self.metric, "axis": self.history.axis,
            "abandoned": self.series.ghost, "x": self.series.xs, "y": self.series.ys,
        }  # fmt: skip


def _curves(
    run: RecordedRun, metric: str, *, x: str | None, smooth: float, abandoned: bool, rank: int, several: bool
) -> list[_Curve]:
    """Return the curves of a metric: what is left behind or unsmoothed as ghosts, then the curve itself."""
    import numpy as np

    from ..errors import BadValueError
    from ..smoothing import smooth as smoothed
    from .chart import Series

    try:
        history = run.history(metric, x=x or run.axis(metric), rank=rank)
    except BadValueError as error:
        if not several:
            raise
        warn(f"{run.name}: {error}")
        return []
    xs, ys = history.x.astype(np.float64), history.values.astype(np.float64)
    found = []
    if abandoned:
        every = run.history(metric, x=history.axis, rank=rank, abandoned=True)
        left = every.abandoned
        if left is not None and left.any():
            values = every.values[left].astype(np.float64)
            ghost = Series("", every.x[left].astype(np.float64), values, ghost=True)
            found.append(_Curve(run, metric, every, ghost))
    if smooth:
        found.append(_Curve(run, metric, history, Series("", xs, ys, ghost=True)))
        ys = smoothed(ys, smooth)
    last = f"{number(history.values[-1].item())} at step {history.steps[-1]}" if len(history) else "no points"
    label = f"{shown(run.name, 40)} · {shown(metric, 40)}   {last}"
    found.append(_Curve(run, metric, history, Series(label, xs, ys)))
    return found


def _draw(curves: Sequence[_Curve], out: Any, width: int, height: int, logx: bool, logy: bool, colored: bool) -> None:
    from .chart import chart

    colors: dict[tuple[str, str], int] = {}
    for curve in curves:
        curve.series.color = colors.setdefault((curve.run.id, curve.metric), len(colors))
    metrics = list(dict.fromkeys(curve.metric for curve in curves))
    axes = list(dict.fromkeys(curve.history.axis for curve in curves))
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
