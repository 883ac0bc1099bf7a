"""How a command fails: with a line on stderr that says the way out, and exit code 1."""

from __future__ import annotations

from typing import Any

import click

from .text import shown


class Failure(click.ClickException):
    """An error that ends a command with exit code 1 and a text on stderr that says the way out."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the message; lines that belong to it (the place in a filter) stay lines."""
        lines = [shown(line) for line in self.message.split("\n")]
        click.echo("epochal: " + "\n".join(lines), err=True, file=file)
