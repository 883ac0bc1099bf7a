"""`epochal demo`: plays the trainings and shows what was recorded."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from ..layout import writing_root
from ..recorded import RecordedRun
from .comparison import comparison
from .stage import PROJECT, Killed, Stage, progress_display
from .trainings import frameworks, plain


@click.command()
@click.option("--dir", "folder", type=click.Path(file_okay=False), help="Runs folder; ./epochal-runs without it.")
@click.pass_context
def demo(context: click.Context, folder: str | None) -> None:
    """Train small real models, kill one and resume it, and show the runs.

    Takes a minute or two, trains with every framework that is installed, and needs no network. The runs go to the
    project "demo" and can be removed with `epochal rm`.
    """
    console = Console()
    root = writing_root(folder)
    started = time.monotonic()
    trainings, missing = frameworks()
    console.print(f"[bold]Epochal demo[/bold]: {3 + len(trainings)} small trainings, recorded in {root}")
    for line in missing:
        console.print(f"[yellow]left out:[/yellow] {line}", highlight=False)
    with tempfile.TemporaryDirectory(prefix="epochal-demo-") as scratch, progress_display(console) as progress:
        stage = Stage(root, Path(scratch), progress)
        runs = [
            stage.play(plain(lr=0.1, name="plain-fast", checkpoint=Path(scratch, "fast.npz"))),
            stage.play(plain(lr=0.005, name="plain-slow", checkpoint=Path(scratch, "slow.npz"))),
        ]
        cut, killed = stage.play_killed(
            plain(lr=0.02, name="plain-killed", checkpoint=Path(scratch, "cut.npz")), at=0.55
        )
        others = [stage.play(training) for training in trainings]
    _tell_killed(console, cut, killed)
    _look(context, console, root, [*runs, cut], others)
    console.print(
        f"\nThat took {time.monotonic() - started:.0f} s. Look around with `epochal ls`, `epochal show`, `epochal plot`."
    )


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


def _look(
    context: click.Context, console: Console, root: Path, plain_runs: list[RecordedRun], others: list[RecordedRun]
) -> None:
    """Show table, comparison and plot, the first and last by the commands that a person would type."""
    _type(context, console, root, ["ls", "--project", PROJECT])
    console.print()
    console.print(comparison(plain_runs))
    _type(context, console, root, ["plot", *[run.id for run in plain_runs], "--metric", "loss", "--smooth", "0.9"])
    del others


def _type(context: click.Context, console: Console, root: Path, command: list[str]) -> None:
    """Run a command of this command line as if it had been typed."""
    console.print(f"\n[bold]$ epochal {' '.join(command)}[/bold]", highlight=False)
    group = context.find_root().command
    group.main([*command, "--dir", str(root)], prog_name="epochal", standalone_mode=False)
