"""What `epochal export` and `epochal import` share: their help lists the formats, and formats have options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


class WithFormats(click.Command):
    """A command whose help ends with the formats that plugins register."""

    verb = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click calls it so
        """Write the formats, each with its options."""
        from ..exchange import doors

        formats: Sequence[Any] = doors.exporters() if self.verb == "export" else doors.importers()
        rows = []
        for each in formats:
            if getattr(each, "writes", True):
                rows.append((each.name, each.description))
                rows += [(f"  -o {name}=…", meaning) for name, meaning in each.options.items()]
        with formatter.section("Formats"):
            formatter.write_dl(rows)


def options_of(words: Sequence[str]) -> dict[str, str]:
    """Return options that were given as `NAME=VALUE`.

    Raises:
        click.UsageError: a word that is none.
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"option {word!r} cannot be used: give NAME=VALUE")
        found[name] = value
    return found
