"""The command `epochal demo`; what it needs is loaded when it is called, not when it is listed."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--dir", "-d", metavar="FOLDER", type=click.Path(file_okay=False),
    help="The runs folder to record in; by default EPOCHAL_DIR, else ./epochal-runs.",
)  # fmt: skip
@click.pass_context
def demo(context: click.Context, dir: str | None) -> None:
    """Train small real models, kill one and resume it, and show the runs.

    Takes a minute or two, trains with every framework that is installed, and needs no network. The runs go to the
    project "demo" and can be removed with `epochal rm`.
    """
    from .show import play

    play(context, dir)
