"""`epochal rename`, `tag`, `note`, `mv` and `rm`: changes to runs that are recorded already."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from .failure import Failure
from .options import in_dir, one_run, several_runs
from .output import say
from .text import shown, size


@click.command("rename")
@one_run
@click.argument("name", metavar="NAME")
@in_dir
def rename(run: str, name: str, dir: str | None) -> None:
    """Give a run another name; its id stays."""
    from ..run_list import get_run

    found = get_run(run, dir)
    before = found.name
    found.rename(name)
    say(f"{shown(before)} is {shown(name)} now")


@click.command("tag")
@several_runs
@click.option("--add", "-a", metavar="TAG", multiple=True, help="Add a tag; may be given several times.")
@click.option("--remove", "-r", metavar="TAG", multiple=True, help="Take a tag away; may be given several times.")
@in_dir
def tag(runs: Sequence[str], add: Sequence[str], remove: Sequence[str], dir: str | None) -> None:
    """Add tags to runs, or take them away.

    Without --add and --remove the tags are printed.
    """
    from ..run_list import get_run

    for found in [get_run(run, dir) for run in runs]:
        if add or remove:
            found.tag(add=add, remove=remove)
        click.echo(f"{shown(found.name)}: {shown(', '.join(found.tags)) or 'no tags'}")


@click.command("note")
@one_run
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--append", is_flag=True, help="Add to the notes that are there instead of replacing them.")
@in_dir
def note(run: str, text: str | None, append: bool, dir: str | None) -> None:
    """Write or print a run's notes.

    "-" reads them from standard input; without TEXT they are printed.
    """
    from ..run_list import get_run

    found = get_run(run, dir)
    if text is None:
        for line in (found.notes or "").splitlines():
            click.echo(shown(line))
        return
    if text == "-":
        text = sys.stdin.read().rstrip("\n")
    if append and found.notes:
        text = f"{found.notes}\n{text}"
    found.note(text)
    say(f"noted in {shown(found.name)}")


@click.command("mv")
@several_runs
@click.option("--project", "-p", metavar="PROJECT", required=True, help="The project to move them to.")
@in_dir
def mv(runs: Sequence[str], project: str, dir: str | None) -> None:
    """Move runs to another project."""
    from .. import edits
    from ..run_list import find_folder

    for folder in [find_folder(run, dir) for run in runs]:
        target = edits.move(folder, project)
        say(f"{shown(folder.name)} → {shown(target)}")


@click.command("rm")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--empty-trash", is_flag=True, help="Delete for good what lies in the trash.")
@in_dir
def rm(runs: Sequence[str], yes: bool, empty_trash: bool, dir: str | None) -> None:
    """Move runs to the trash.

    The trash is `.trash` in their runs folder; --empty-trash deletes for good what is in it. A run that is still being
    written is refused.
    """
    if bool(runs) is empty_trash:
        raise click.UsageError("name the runs to move to the trash, or give --empty-trash alone")
    if empty_trash:
        _empty(dir, yes)
    else:
        _trash(runs, yes, dir)


def _trash(runs: Sequence[str], yes: bool, dir: str | None) -> None:
    from .. import edits
    from ..run_list import get_run

    found = [get_run(run, dir) for run in dict.fromkeys(runs)]
    if not yes:
        for run in found:
            say(f"  {shown(run.name)}  {run.id}  {run.state}  {shown(run.project)}")
        _ask(f"Move {_count(len(found))} to the trash?")
    for run in found:
        root = Path(run.path).parent.parent
        target = edits.delete(run.path, root)
        say(f"{shown(run.name)} is in the trash; back: {shlex.join(['mv', shown(target), shown(run.path)])}")


def _empty(dir: str | None, yes: bool) -> None:
    from .. import edits
    from ..layout import find_root

    root = find_root(dir)
    count = len(edits.trashed(root))
    if not count:
        say(f"The trash of {root} is empty.")
        return
    if not yes:
        _ask(f"Delete {_count(count)} in the trash of {root} for good?")
    emptied = edits.empty_trash(root)
    say(f"{_count(emptied.runs)} deleted, {size(emptied.size)} freed")


def _ask(question: str) -> None:
    """Go on if the answer is yes.

    Raises:
        Failure: it is no, or nobody is there to answer.
    """
    click.echo(f"{shown(question)} [y/N] ", nl=False, err=True)
    answer = sys.stdin.readline()
    if not answer:
        click.echo(err=True)
        raise Failure("nobody answered: pass --yes to go on without asking")
    if answer.strip().lower() not in ("y", "yes"):
        raise Failure("left as it was")


def _count(runs: int) -> str:
    return f"{runs} run{'s' * (runs != 1)}"


COMMANDS = [rename, tag, note, mv, rm]
