"""`epochal ls`: the runs of a folder, filtered, sorted, grouped, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from . import columns as cols
from . import text
from .options import as_json, explain_nothing, expressions, in_dir, list_of_runs
from .output import console, is_terminal, print_json, say

if TYPE_CHECKING:
    from ..catalog_entry import Entry

_LIMIT = 30


@click.command("ls")
@in_dir
@click.option(
    "--where",
    "-w",
    metavar="FILTER",
    help="Only runs for which this is true: 'config.lr > 0.01 and state == \"finished\"'.",
)
@click.option("--project", "-p", metavar="PROJECT", help="Only runs of this project.")
@click.option(
    "--sort",
    "-s",
    metavar="KEYS",
    help="Sort by fields, settings or metrics, '-' for the greatest first: '-val/acc,name'.",
)
@click.option(
    "--group", "-g", metavar="FIELD", help="One line for each value of a field, setting or expression, with means."
)
@click.option("--columns", "-c", metavar="LIST", help="What to show: 'name,lr,val/acc,started'.")
@click.option("--limit", "-n", metavar="N", type=click.IntRange(min=1), help=f"At most N lines; {_LIMIT} by default.")
@click.option("--all", "-a", "everything", is_flag=True, help="All lines, however many.")
@as_json
def ls(
    dir: str | None, where: str | None, project: str | None, sort: str | None, group: str | None, columns: str | None,
    limit: int | None, everything: bool, as_json: bool,
) -> None:  # fmt: skip
    """List runs, the newest first.

    Fields are id, name, project, state, started, finished, duration, group, job_type, tags, notes, host, ranks,
    metrics; settings are config.NAME, results summary.NAME or summary["any/name"]. In --sort, --group and --columns
    settings and metrics may stand without config and summary.
    """
    from ..where import sort_rows

    found = list_of_runs(dir, project=project, where=where)
    entries = list(found.entries)
    if sort is not None:
        entries = sort_rows(entries, expressions(sort, entries, signs=True))
    wanted = expressions(columns, entries) if columns else None
    if group is not None:
        _groups(entries, group, as_json=as_json)
        return
    shown = entries if everything or (as_json and limit is None) else entries[: limit or _LIMIT]
    if as_json:
        print_json([_record(entry, wanted) for entry in shown])
        return
    if not entries:
        explain_nothing(found, dir, project, where)
        return
    _table(shown, wanted)
    if len(shown) < len(entries):
        say(f"{len(shown)} of {len(entries)} runs: --all shows all, --limit N as many")


def _record(entry: Entry, wanted: Sequence[Any] | None) -> dict[str, Any]:
    if wanted is None:
        return entry.to_dict()
    return {"id": entry.id, **{expression.text: expression.value(entry) for expression in wanted}}


def _table(entries: Sequence[Entry], wanted: Sequence[Any] | None) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    columns = cols.chosen(wanted, entries) if wanted else cols.fitting(entries, out.width if is_terminal() else 200)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            Text(column.header), style=column.style, justify="right" if column.right else "left", no_wrap=True,
            overflow="ellipsis",
        )  # fmt: skip
    for entry in entries:
        color = cols.state(entry.state)[1]
        table.add_row(
            *(Text(column.cell(entry), style=color if column.header == "STATE" else "") for column in columns)
        )
    out.print(table)


def _groups(entries: Sequence[Entry], by: str, *, as_json: bool) -> None:
    """Print a line for each value: how many runs, in which states, and the mean of each number in their summaries."""
    keys = expressions(by, entries)
    groups: dict[str, tuple[list[Any], list[Entry]]] = {}
    for entry in entries:
        values = [key.value(entry) for key in keys]
        groups.setdefault(repr(values), (values, []))[1].append(entry)
    rows = [
        {
            **{key.text: value for key, value in zip(keys, values, strict=True)},
            "count": len(members),
            "states": {state: sum(m.state == state for m in members) for state in sorted({m.state for m in members})},
            "mean": _means(members),
        }
        for values, members in groups.values()
    ]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for key in keys:
        table.add_column(Text(text.shown(key.text)), style="bold", no_wrap=True)
    table.add_column("RUNS", justify="right")
    table.add_column("STATES", no_wrap=True)
    metrics = _metrics_that_fit(rows, out.width if is_terminal() else 200, [key.text for key in keys])
    for metric in metrics:
        table.add_column(Text(f"mean {text.shown(metric, 24)}"), justify="right", no_wrap=True)
    for row in rows:
        states = Text(" ").join(
            Text(f"{cols.STATES.get(state, ('?', ''))[0]}{count}", style=cols.state(state)[1])
            for state, count in row["states"].items()
        )
        table.add_row(
            *(Text(text.value(row[key.text], 40)) for key in keys), str(row["count"]), states,
            *(text.value(row["mean"].get(metric)) for metric in metrics),
        )  # fmt: skip
    out.print(table)


def _means(members: Sequence[Entry]) -> dict[str, float]:
    """Return the mean of each number in the summaries, of the runs that have it; NaN is skipped."""
    from ..where_values import plain

    names = dict.fromkeys(name for member in members for name in member.summary)
    found = {name: plain(member.summary.get(name) for member in members) for name in names}
    return {name: _mean(values) for name, values in found.items() if values}


def _mean(values: Sequence[float]) -> float:
    try:
        return sum(values) / len(values)
    except OverflowError:  # integers beyond any float
        return float("inf")


def _metrics_that_fit(rows: Sequence[dict[str, Any]], width: int, keys: Sequence[str]) -> list[str]:
    room = width - 24 - sum(max(len(key), *(len(text.value(row[key], 40)) for row in rows)) + 2 for key in keys)
    names = sorted(
        {name for row in rows for name in row["mean"]}, key=lambda n: (-sum(n in r["mean"] for r in rows), n)
    )
    fitting = []
    for name in names:
        needed = max(len(name), 4) + 7
        if needed <= room:
            fitting.append(name)
            room -= needed
    return fitting


COMMANDS = [ls]
