"""`epochal restore`: writes a run's code as it was into a folder, and says what is missing."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from .options import as_json, in_dir, one_run
from .output import console, print_json
from .text import shown

if TYPE_CHECKING:
    from ..restoring import Restored

_MOST = 50


@click.command("restore")
@one_run
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option(
    "--repo", metavar="PATH", type=click.Path(exists=True, file_okay=False),
    help="A clone to take the commit from; by default the repository that the run was started in.",
)  # fmt: skip
@as_json
@in_dir
@click.pass_context
def restore(context: click.Context, run: str, folder: str, repo: str | None, as_json: bool, dir: str | None) -> None:
    """Write the code that a run was started with into DIR.

    DIR must be empty, or not be there. Written are the commit, the changes that were not committed, new text files,
    and the script. Nothing is fetched from a network, and nothing is installed. What is missing is named, and the
    exit code is 1 then.
    """
    from ..run_list import get_run

    found = get_run(run, dir)
    done = found.restore(folder, repo=repo)
    if as_json:
        fields = done._asdict()
        fields["missing"] = [each._asdict() for each in done.missing]
        print_json({"run": found.name, "id": found.id, **fields})
    else:
        _tell(done, found.name)
    if not done.complete:
        context.exit(1)


def _tell(done: Restored, name: str) -> None:
    from rich.text import Text

    out = console()
    words = "is restored" if done.complete else "is not restored completely"
    base = f", commit {done.commit[:12]}" if done.commit else ""
    out.print(Text(f"The code of {shown(name)}{base} {words}: {shown(done.folder)}", style="bold"))
    for missing in done.missing[:_MOST]:
        out.print(Text(f"  missing  {shown(missing.what)}: {shown(missing.why)}", style="yellow"))
    if len(done.missing) > _MOST:
        out.print(Text(f"  … {len(done.missing) - _MOST} more: --json", style="yellow"))
    for note in done.notes:
        out.print(Text(f"  note     {shown(note)}"))
    if done.python:
        out.print(Text(f"  python   {shown(done.python)}"))
    if done.packages is not None:
        out.print(Text(f"  packages pip install -r {shown(shlex.quote(str(done.packages)))}"))
    if done.command:
        out.print(Text(f"  started  {shown(shlex.join(done.command))}"))
    if done.cwd:
        out.print(Text(f"  in       {shown(done.cwd)}"))


COMMANDS = [restore]
