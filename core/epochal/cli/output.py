"""What commands print: tables and styled text for people, JSON for programs, problems on stderr."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ..json_values import json_safe
from .text import shown

if TYPE_CHECKING:
    from rich.console import Console

#: Without a terminal nothing is cut to fit: whoever reads a pipe or a file wants all of it.
_WIDE = 1000


def console() -> Console:
    """Return the console on stdout: it takes no markup, and colours only where a terminal shows them."""
    from rich.console import Console

    class Quiet(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    plain = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Quiet(
        markup=False, highlight=False, emoji=False, soft_wrap=False, width=_WIDE if plain else None, file=sys.stdout
    )


def is_terminal() -> bool:
    """Return whether stdout is a terminal, for which lines are cut to fit."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def say(text: str) -> None:
    """Print a line that a person should see though it is no data, on stderr."""
    click.echo(text, err=True)


def warn(text: str) -> None:
    """Print a problem that does not stop the command, on stderr."""
    click.echo(f"epochal: {shown(text)}", err=True)


def print_json(value: Any) -> None:
    """Print `value` as JSON in UTF-8: mappings and lists of them over several lines, lists of plain values in one."""
    click.echo(_json(json_safe(value), ""))


def _json(value: Any, margin: str) -> str:
    inner = margin + "  "
    if isinstance(value, dict) and value:
        parts = [f"{_dumps(key)}: {_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return "[\n" + ",\n".join(inner + _json(item, inner) for item in value) + f"\n{margin}]"
    return _dumps(value)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
