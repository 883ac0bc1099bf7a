"""The dashboard's door into Epochal: adds `epochal ui` and `epochal report` to the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from epochal.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add `epochal ui` and `epochal report`."""
    from .command import ui
    from .report_command import report

    cli.add_command(ui)
    cli.add_command(report)
