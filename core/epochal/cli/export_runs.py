"""`epochal export`: writes runs in a format that other programs read, or as an archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .failure import Failure
from .formats import WithFormats, options_of
from .options import as_json, in_dir, list_of_runs
from .output import print_json, say, warn
from .text import shown, size

if TYPE_CHECKING:
    from ..exchange.exporting import ExportReport


class _Export(WithFormats):
    verb = "export"


@click.command("export", cls=_Export)
@click.argument("format", metavar="FORMAT")
@click.argument("words", metavar="[RUN]... OUT", nargs=-1)
@click.option("--project", "-p", metavar="PROJECT", help="All runs of a project.")
@click.option("--where", "-w", metavar="EXPR", help="All runs for which this is true; see Filters.")
@click.option("--all", "every", is_flag=True, help="All runs of the runs folder.")
@click.option("--rank", metavar="N", default="all", help="What this rank recorded; by default every rank's.")
@click.option("--system", is_flag=True, help="Also the system metrics.")
@click.option("--duplicates", is_flag=True, help="All points of a step, not the latest alone.")
@click.option("--abandoned", is_flag=True, help="Also what a resume or rewind has left behind, marked as such.")
@click.option("--option", "-o", "options", metavar="NAME=VALUE", multiple=True, help="An option of the format.")
@click.option("--force", "-f", is_flag=True, help="Replace a file that is there.")
@as_json
@in_dir
def export(
    format: str, words: Sequence[str], project: str | None, where: str | None, every: bool, rank: str, system: bool,
    duplicates: bool, abandoned: bool, options: Sequence[str], force: bool, as_json: bool, dir: str | None,
) -> None:  # fmt: skip
    """Export runs into a file.

    FORMAT is csv, jsonl, parquet, archive, or what a plugin adds; docs/export.md says what each holds. The file is
    there whole or not at all. A run that is being recorded is exported as it stands. Points are those that `epochal
    history` shows, of all ranks.
    """
    from ..exchange.doors import exporter_of
    from ..exchange.exporting import export_runs

    exporter = exporter_of(format)
    if not exporter.writes:
        raise Failure(f"{format} gives an object: in Python, epochal.export_runs(…, format={format!r}).data")
    if not words:
        raise click.UsageError("say which runs to export, and the file to write last")
    *names, out = words
    chosen: Any = names
    if project is not None or where is not None or every:
        if names:
            raise click.UsageError("name runs, or choose them with --project, --where or --all: not both")
        chosen = list(list_of_runs(dir, project=project, where=where))
    if not chosen:
        raise Failure("no run is meant by that: name at least one, then the file to write")
    report = export_runs(
        chosen, out, format=format, dir=dir, rank=_rank(rank), system=system, duplicates=duplicates,
        abandoned=abandoned, options=options_of(options), force=force,
    )  # fmt: skip
    if as_json:
        print_json(report.to_dict())
        return
    _say(report)


def _say(report: ExportReport) -> None:
    for run in report.runs:
        if run["live"]:
            say(f"{shown(run['name'])} is being recorded: it was exported as it stood")
    points = "" if report.points is None else f", {report.points:,} points"
    runs = f"{len(report.runs)} run{'s' * (len(report.runs) != 1)}"
    for file in report.to_dict()["files"]:
        say(f"{shown(file['path'])}  {size(file['bytes'])}")
    say(f"{runs}{points}")
    for text in report.left_out:
        warn(text)


def _rank(text: str) -> int | str:
    if text == "all":
        return text
    if not text.isdecimal():
        raise click.UsageError(f"rank {text!r} cannot be used: give a number, or all")
    return int(text)


COMMANDS = [export]
