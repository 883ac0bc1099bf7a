"""What `epochal demo` shows: the trainings as they play, what a kill has cost, a table, a comparison and a plot."""

from __future__ import annotations

import shlex
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from ..errors import AmbiguousRunError
from ..layout import writing_root
from ..recorded import RecordedRun
from ..run_list import get_run
from .stage import PROJECT, Killed, Stage, TrainingFailedError, progress_display
from .trainings import frameworks, plain


def play(context: click.Context, dir: str | None) -> None:
    """Play the trainings, then show what was recorded; `dir` is the runs folder if it was named.

    Raises:
        TrainingFailedError: a training ended with an error.
    """
    console = Console()
    root = writing_root(dir)
    started = time.monotonic()
    trainings, missing = frameworks()
    console.print(f"[bold]Epochal demo[/bold]: {3 + len(trainings)} small trainings, recorded in {escape(str(root))}")
    for line in missing:
        console.print(f"[yellow]left out:[/yellow] {escape(line)}", highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="epochal-demo-") as scratch, progress_display(console) as progress:
        stage = Stage(root, Path(scratch), progress)
        runs = [
            stage.play(plain(lr=0.1, name="plain-fast", checkpoint=Path(scratch, "fast.npz"))),
            stage.play(plain(lr=0.005, name="plain-slow", checkpoint=Path(scratch, "slow.npz"))),
        ]
        cut, killed = stage.play_killed(
            plain(lr=0.02, name="plain-killed", checkpoint=Path(scratch, "cut.npz")), at=0.55
        )
        others, failures = [], []
        for training in trainings:
            try:
                others.append(stage.play(training))
            except TrainingFailedError as failure:  # a framework that is broken here keeps none of the others away
                failures.append(failure)
    _tell_killed(console, cut, killed)
    where = ["--dir", dir] if dir else []
    _type(context, console, ["ls", "--project", PROJECT, *where])
    _type(context, console, ["compare", *[_called(run, dir) for run in (*runs, cut)], *where])
    _type(
        context,
        console,
        ["plot", *[_called(run, dir) for run in (*runs, cut)], "--metric", "loss", "--smooth", "0.9", "--logy", *where],
    )
    names = ", ".join(run.name for run in others)
    console.print(f"\nThat took {time.monotonic() - started:.0f} s.", highlight=False)
    if names:
        console.print(f"Have a look at the others too ({names}): epochal show NAME, epochal plot NAME", highlight=False)
    if failures:
        raise TrainingFailedError("\n\n".join(map(str, failures)))


def _tell_killed(console: Console, run: RecordedRun, killed: Killed) -> None:
    """Say what SIGKILL cost, and what the resume made of it."""
    lost = killed.acknowledged - killed.recorded
    abandoned = len(run.history("loss", abandoned=True).steps) - len(run.history("loss").steps)
    steps = run.history("loss").steps
    console.print(
        f"\n[bold]{run.name}[/bold] was killed (SIGKILL) in the middle and started again from its checkpoint:"
    )
    console.print(f"  log calls that had returned   {len(killed.acknowledged):>6}")
    console.print(f"  of these read back afterwards {len(killed.acknowledged) - len(lost):>6}   lost {len(lost)}")
    console.print(f"  state then [red]{killed.state}[/red], now [green]{run.state}[/green]")
    console.print(
        f"  steps now {int(steps[0])} to {int(steps[-1])}, {len(steps)} points; {abandoned} done again are kept aside"
    )


def _called(run: RecordedRun, dir: str | None) -> str:
    """Return the run's name if it is the only one of that name, as in the first demo of a folder, else its id."""
    try:
        return run.name if get_run(run.name, dir).id == run.id else run.id
    except AmbiguousRunError:
        return run.id


def _type(context: click.Context, console: Console, command: list[str]) -> None:
    """Run a command of this command line as if it had been typed."""
    console.print(f"\n[bold]$ epochal {shlex.join(command)}[/bold]", highlight=False, soft_wrap=True)
    group = context.find_root().command
    group.main(command, prog_name="epochal", standalone_mode=False)
