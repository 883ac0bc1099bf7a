"""`epochal merge`: brings the runs of other folders, from other machines say, together in one runs folder."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import as_json
from .output import console, print_json, say, warn
from .text import shown, size

if TYPE_CHECKING:
    from rich.text import Text

    from ..merging.report import MergedRun, MergeReport

#: Runs that are listed one by one.
_LISTED = 30
_SIGNS = {"new": ("+", "green"), "extended": ("↑", "cyan"), "unchanged": ("=", "dim"), "trashed": ("-", "yellow")}


@click.command("merge")
@click.argument("folders", metavar="FROM... TO", nargs=-1, required=True)
@click.option("--project", "-p", metavar="PROJECT", help="Put all runs into this project.")
@click.option("--check", is_flag=True, help="Compare every byte, also of files that size and time say are merged.")
@click.option("--dry-run", "-n", is_flag=True, help="Write nothing; tell what would be done.")
@as_json
@click.pass_context
def merge(
    context: click.Context, folders: Sequence[str], project: str | None, check: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring the runs of other folders together in the runs folder TO.

    FROM is a runs folder, a project's or a run's, such as what was copied from another machine; it is only read. The
    result is the same in any order, interrupted and repeated: all files by name; of two copies that differ the one that
    holds all of the other, else both. What is missing in FROM is not deleted in TO, and a run in TO's trash stays
    there. Ends with exit code 1 if several versions of a file are kept, or something could not be taken over.
    """
    from ..merging.merge import merge as merged

    *sources, to = folders
    if not sources:
        raise click.UsageError("name the folders to merge, and at the end the runs folder to merge them into")
    with _bar() as progress:
        report = merged(sources, to, project=project, check=check, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(report.to_dict())
    else:
        out = console()
        for line in _lines(report):
            out.print(line)
    _tell(report)
    if report.conflicts or report.problems:
        context.exit(1)


def _lines(report: MergeReport) -> Iterator[Text]:
    from rich.text import Text

    changed = [run for run in report.runs if run.status != "unchanged" or run.conflicts or run.problems]
    for run in changed[:_LISTED]:
        sign, style = _SIGNS[run.status]
        line = Text(f"{sign} ", style=style).append(shown(f"{run.project}/{run.id}"), style="default bold not dim")
        yield line.append(f"  {run.status}{_counts(run)}", style="default not bold")
    if len(changed) > _LISTED:
        yield Text(f"  … {len(changed) - _LISTED} more: --json", style="dim")
    statuses = [run.status for run in report.runs]
    counts = [f"{statuses.count(status):,} {status}" for status in _SIGNS if status in statuses]
    copied = size(sum(run.bytes for run in report.runs))
    would = " would be" if report.dry_run else ""
    yield Text(f"{len(statuses):,} runs: {', '.join(counts) or 'none'}; {copied}{would} copied")


def _counts(run: MergedRun) -> str:
    parts = [f"{run.added:,} new files"] if run.added else []
    parts += [f"{run.extended:,} extended"] if run.extended else []
    parts += [f"{len(run.conflicts):,} in several versions"] if run.conflicts else []
    parts += [size(run.bytes)] if run.bytes else []
    return f": {', '.join(parts)}" if parts else ""


def _tell(report: MergeReport) -> None:
    for path, what in report.notices:
        warn(f"{path} {what}")
    for run in report.runs:
        name = f"{run.project}/{run.id}"
        for path in run.conflicts:
            warn(f"{name}: {path} is kept in several versions: none holds all of the others")
        for path, what in run.problems:
            warn(f"{name}: {path} was not merged: {what}")
        for path, what in run.notices:
            warn(f"{name}: {path} {what}")
    if report.problems:
        say(f"{report.problems} could not be taken over: merge again once that is mended")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], Any] | None]:
    """Give what shows a bar on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Merging runs", total=None)
        yield lambda done, count: progress.update(task, completed=done, total=count)


COMMANDS = [merge]
