"""`epochal ls`: the runs of a folder, filtered, sorted, grouped, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from . import columns as cols
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
    help="Sort by fields, settings or metrics, '-' for the greatest first: '-val/acc,name'; groups by 'val/acc:std'.",
)
@click.option(
    "--group",
    "-g",
    metavar="FIELDS",
    help="One line for each value of fields, settings or expressions: mean ± standard deviation of the results.",
)
@click.option(
    "--stats", metavar="LIST", help="What to show of groups: some of mean, std, sem, min, max, n; 'mean,min,max'."
)
@click.option("--columns", "-c", metavar="LIST", help="What to show: 'name,lr,val/acc,started'.")
@click.option("--limit", "-n", metavar="N", type=click.IntRange(min=1), help=f"At most N lines; {_LIMIT} by default.")
@click.option("--all", "-a", "everything", is_flag=True, help="All lines, however many.")
@as_json
def ls(
    dir: str | None, where: str | None, project: str | None, sort: str | None, group: str | None, stats: str | None,
    columns: str | None, limit: int | None, everything: bool, as_json: bool,
) -> None:  # fmt: skip
    """List runs, the newest first.

    Fields are id, name, project, state, started, finished, duration, group, job_type, tags, notes, host, ranks,
    metrics; settings are config.NAME, results summary.NAME or summary["any/name"]. In --sort, --group and --columns
    settings and metrics may stand without config and summary. Groups are sorted by what they are grouped by, by count,
    or by a statistic of a result, such as val/acc:std; without one its mean is meant.
    """
    from ..where import sort_rows

    found = list_of_runs(dir, project=project, where=where)
    if group is not None:
        from .list_groups import list_groups

        list_groups(found, group, shown=stats, columns=columns, sort=sort, as_json=as_json)
        if not found and not as_json:
            explain_nothing(found, dir, project, where)
        return
    if stats is not None:
        raise click.UsageError("--stats is about groups: give --group too")
    entries = list(found.entries)
    if sort is not None:
        entries = sort_rows(entries, expressions(sort, entries, signs=True))
    wanted = expressions(columns, entries) if columns else None
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


COMMANDS = [ls]
