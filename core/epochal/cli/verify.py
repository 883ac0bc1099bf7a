"""`epochal verify`: checks journals against their checksums, and says what nothing covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import as_json, in_dir, list_of_runs
from .output import console, print_json, say
from .text import shown, size

if TYPE_CHECKING:
    from rich.text import Text

    from ..journal.verify import Report

#: Faults of one run that are listed.
_LISTED = 20


@click.command("verify")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@as_json
@in_dir
@click.pass_context
def verify(context: click.Context, runs: Sequence[str], as_json: bool, dir: str | None) -> None:
    """Check that runs are as they were written.

    Without RUN all runs are checked. Journals are compared with their checksums; what is damaged is named, and what no
    checksum covers is counted: the last seconds of a training whose companion died, or of one that is still going on.
    Ends with exit code 1 if anything is damaged.
    """
    from ..journal.verify import verify as check
    from ..run_list import find_folder

    if runs:
        folders = list(dict.fromkeys(find_folder(run, dir) for run in runs))
    else:
        folders = [entry.path for entry in list_of_runs(dir).entries]
    if not folders and not as_json:
        say("no runs to check")
    reports = []
    out = console()
    for folder in _with_bar(folders):
        reports.append(check(folder))
        if not as_json:
            for line in _lines(reports[-1]):
                out.print(line)
    if as_json:
        print_json([report.to_dict() for report in reports])
    damaged = sum(not report.sound for report in reports)
    if damaged:
        if not as_json:
            say(f"{damaged} of {len(reports)} runs damaged: what is sound in them can still be read")
        context.exit(1)


def _lines(report: Report) -> Iterator[Text]:
    from rich.text import Text

    from ..recorded import RecordedRun

    name = shown(RecordedRun(report.folder).name)
    counts = f"{report.rows:,} rows in {len(report.files)} files"
    if report.rows_uncovered:
        counts += f", {report.rows_uncovered:,} ({size(report.bytes_uncovered)}) of them covered by no checksum"
    absent = sum(one.seqs_absent for one in report.files)
    if absent:
        counts += f", {absent:,} writes cut off"
    sign, style = ("✓", "green") if report.sound else ("✗", "red")
    yield Text(f"{sign} ", style=style).append(name, style="default bold").append(f"  {counts}", style="default")
    for finding in report.findings[:_LISTED]:
        yield Text(f"    {shown(finding)}", style="red")
    if len(report.findings) > _LISTED:
        yield Text(f"    … {len(report.findings) - _LISTED} more: --json", style="red")


def _with_bar(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders, with a progress bar on a terminal where there are many."""
    import sys

    if len(folders) < 20 or not sys.stderr.isatty() or sys.stdout.isatty():
        yield from folders
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(folders, "Checking runs", console=Console(stderr=True), transient=True)


COMMANDS = [verify]
