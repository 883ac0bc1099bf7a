"""`epochal import`: brings runs of other tools, and exported ones, into a runs folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .formats import WithFormats, options_of
from .import_bar import bar_of_bytes
from .options import as_json
from .output import console, print_json, say, warn
from .text import shown

if TYPE_CHECKING:
    from ..exchange.import_report import ImportReport, TakenRun

#: What is said of a run, by its outcome.
_WORDS = {
    "new": "imported",
    "grown": "brought up to date",
    "unchanged": "is here already",
    "here": "is here already, and was recorded here",
    "differs": "is here already, and differs",
    "damaged": "is damaged",
}


_WOULD = {**_WORDS, "new": "would be imported", "grown": "would be brought up to date"}


class _Import(WithFormats):
    verb = "import"


@click.command("import", cls=_Import)
@click.argument("format", metavar="FORMAT")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--project", "-p", metavar="PROJECT", help="Where the runs go; by default the source's own, else as init."
)
@click.option("--name", metavar="NAME", help="What the run is called; by default the source's own, else its path's.")
@click.option("--group", metavar="GROUP", help="Joins the runs.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Tag the runs; may be given several times.")
@click.option("--option", "-o", "options", metavar="NAME=VALUE", multiple=True, help="An option of the format.")
@click.option("--dry-run", is_flag=True, help="Write nothing: say what would be imported.")
@click.option("--follow", is_flag=True, help="Keep up with sources that are still written, until Ctrl-C.")
@click.option(
    "--lenient", is_flag=True, help="End with exit code 0 though something is damaged, differs or gave nothing."
)
@as_json
@click.option(
    "--dir", "-d", metavar="FOLDER", type=click.Path(file_okay=False),
    help="The runs folder to import into; by default EPOCHAL_DIR, else ./epochal-runs.",
)  # fmt: skip
@click.pass_context
def import_(
    context: click.Context, format: str, sources: Sequence[str], project: str | None, name: str | None,
    group: str | None, tags: Sequence[str], options: Sequence[str], dry_run: bool, follow: bool, lenient: bool,
    as_json: bool, dir: str | None,
) -> None:  # fmt: skip
    """Import runs from files and folders.

    FORMAT is csv, jsonl, archive, trainer-state, csvlogger, tensorboard, auto, or what a plugin adds; docs/import.md
    says what becomes of what. Importing again when nothing has changed does nothing, and what a source has gained is
    added. Ends with exit code 1 if a source gave nothing, or a run is damaged or differs from the one that is here.
    """
    from ..exchange.importing import import_runs

    if follow:
        say(f"following {', '.join(sources)}: Ctrl-C ends it")
    with bar_of_bytes() as progress:
        report = import_runs(
            sources, format=format, dir=dir, project=project, name=name, group=group, tags=tags,
            options=options_of(options), dry_run=dry_run, follow=follow, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(report.to_dict())
    else:
        _say(report, dry=dry_run)
    if not report.sound and not lenient:
        context.exit(1)


def _say(report: ImportReport, *, dry: bool) -> None:
    out = console()
    for run in report.runs:
        words = _WOULD if dry else _WORDS
        out.print(f"{shown(run.name)} {words.get(run.outcome, run.outcome)}{_counts(run)}", soft_wrap=True)
        for text in run.damage:
            warn(f"{run.source}: {shown(text)}")
        for text in run.left_out:
            say(f"  not taken over: {shown(text)}")
    for source, what in report.remarks:
        say(f"{source}: {shown(what)}")
    for source, why in report.skipped:
        warn(f"{source}: {why}")


def _counts(run: TakenRun) -> str:
    if run.points is None or run.outcome not in ("new", "grown"):
        return ""
    added = f"{run.added:,} of " if run.outcome == "grown" else ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(run.tags.items()))
    tags = f" ({kinds})" if kinds else ""
    lost = f", {len(run.damage)} damaged, {run.skipped_bytes:,} bytes skipped" if run.damage else ""
    return f": {run.metrics} metric{'s' * (run.metrics != 1)}{tags}, {added}{run.points:,} points{lost}"


COMMANDS = [import_]
