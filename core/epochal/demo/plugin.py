"""Adds `epochal demo` to the command line, through the same hook as anyone's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the command."""
    from .command import demo

    cli.add_command(demo)
