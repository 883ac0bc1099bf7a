"""`epochal history`: the points of a metric, or of several, as lines, CSV or JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import as_json, in_dir, one_run
from .output import console, is_terminal, print_json, say
from .text import clock, number, shown

if TYPE_CHECKING:
    from ..history import History
    from ..recorded import RecordedRun

#: Points that are shown on a terminal where nobody has said how many.
_SHOWN = 40


@click.command("history")
@one_run
@click.argument("metrics", metavar="[METRIC]...", nargs=-1)
@click.option(
    "--samples", "-n", metavar="N", type=click.IntRange(min=1), help="At most N points, the extremes among them."
)
@click.option("--x", "x", metavar="AXIS", default="step", help="Another x axis: time, relative, or a metric.")
@click.option("--rank", metavar="N", default="0", help="What this rank recorded; 'all' for every rank.")
@click.option("--duplicates", is_flag=True, help="All points of a step, not the latest alone.")
@click.option("--abandoned", is_flag=True, help="Also what a resume or rewind has left behind.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: step,value,time, and more columns where asked for.")
@as_json
@in_dir
def history(
    run: str, metrics: Sequence[str], samples: int | None, x: str, rank: str, duplicates: bool, abandoned: bool,
    as_csv: bool, as_json: bool, dir: str | None,
) -> None:  # fmt: skip
    """Print the points of metrics.

    A line for each point: step, value and time, which is in seconds since the epoch in CSV and JSON. Without METRIC the
    metrics of the run are listed. Several metrics are joined by step, without times. Without a
    terminal, in CSV and in JSON all points are printed unless --samples says fewer.
    """
    from ..run_list import get_run

    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude one another")
    found = get_run(run, dir)
    if not metrics:
        _list(found, as_json=as_json)
        return
    ranks: int | str = int(rank) if rank.isdigit() else rank
    names = list(dict.fromkeys(metrics))
    if len(names) > 1:
        if duplicates or abandoned or x != "step" or samples:
            raise click.UsageError("--samples, --x, --duplicates and --abandoned take one metric")
        _joined(found, names, ranks, as_csv=as_csv, as_json=as_json)
        return
    told = found.history(names[0], x=x, samples=samples, rank=ranks, duplicates=duplicates, abandoned=abandoned)
    texts = None if len(told) else found.texts(names[0], rank=ranks, duplicates=duplicates, abandoned=abandoned)
    columns = _columns(told)
    if texts is not None:
        columns = {"step": texts.steps, "value": texts.values, "time": texts.times}
    if as_json:
        print_json({"run": found.name, "id": found.id, "metric": names[0], "axis": told.axis, **columns})
    elif as_csv:
        _csv(columns)
    else:
        _lines(columns, len(columns["step"]))


def _columns(told: History) -> dict[str, list[Any]]:
    columns: dict[str, Any] = {"step": told.steps, "value": told.values, "time": told.times}
    if told.axis != "step":
        columns["x"] = told.x
    if told.ranks is not None:
        columns["rank"] = told.ranks
    if told.abandoned is not None:
        columns["abandoned"] = told.abandoned
    return {name: column.tolist() for name, column in columns.items()}


def _joined(run: RecordedRun, names: Sequence[str], rank: int | str, *, as_csv: bool, as_json: bool) -> None:
    if not isinstance(rank, int):
        raise click.UsageError("--rank all takes one metric")
    table = run.table(names, rank=rank)
    columns = {"step": table.steps.tolist(), **{name: table[name].tolist() for name in names}}
    if as_json:
        print_json({"run": run.name, "id": run.id, "columns": columns})
    elif as_csv:
        _csv(columns)
    else:
        _lines(columns, len(table))


def _csv(columns: dict[str, list[Any]]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows(_rows(columns))


def _rows(columns: dict[str, list[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*columns.values(), strict=True)


def _lines(columns: dict[str, list[Any]], count: int) -> None:
    if not count:
        say("no points")
        return
    cut = is_terminal() and count > _SHOWN
    rows = list(_rows(columns))
    if cut:
        rows = rows[: _SHOWN // 2] + rows[-_SHOWN // 2 :]
    cells = [[_cell(name, value) for name, value in zip(columns, row, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip([shown(name) for name in columns], *cells, strict=True)]
    out = console()
    lines = [[shown(name) for name in columns], *cells]
    for at, line in enumerate(lines):
        text = "  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
        out.print(text, style="bold" if at == 0 else "", no_wrap=True, overflow="ignore", crop=False)
        if cut and at == _SHOWN // 2:
            out.print(f"… {count - _SHOWN} points: --samples {_SHOWN}, --csv or a pipe …", style="dim")


def _cell(name: str, value: Any) -> str:
    if value is None or (name not in ("step", "value", "x", "time") and value != value):
        return ""
    if name == "time":
        return clock(value)
    return number(value, 6) if isinstance(value, (int, float)) else shown(value)


def _list(run: RecordedRun, *, as_json: bool) -> None:
    if as_json:
        print_json({"run": run.name, "id": run.id, "metrics": run.metrics, "system_metrics": run.system_metrics})
        return
    for name in run.metrics:
        click.echo(shown(name))
    if not run.metrics:
        say(f"{shown(run.name)} has no metrics yet")
    if run.system_metrics:
        say(f"and {len(run.system_metrics)} system metrics: {shown(', '.join(run.system_metrics), 200)}")


COMMANDS = [history]
