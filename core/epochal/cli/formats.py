"""What `epochal export` and `epochal import` share: their help lists the formats, and formats have options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

#: Where, in a call's context, the options of its format are; and what was given for them.
_PARAMS: Final = "epochal.format.params"
_GIVEN: Final = "epochal.format.given"


class WithFormats(click.Command):
    """A command whose help ends with the formats that plugins register, and that knows the options of the one named.

    `--purge none` says the same as `-o purge=none`, unless the command has an option of that name itself.
    """

    verb = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add the options of the format that is named, and take the words apart."""
        ctx.meta[_PARAMS] = list(self._options_in(args))
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, and those of the format."""
        return [*super().get_params(ctx), *ctx.meta.get(_PARAMS, ())]

    def _options_in(self, args: Sequence[str]) -> Iterator[click.Parameter]:
        from ..exchange import doors

        words = [word for word in args if not word.startswith("-")]
        if not words or len(words) == len(args):
            return  # no options at all
        known: dict[str, Any] = {
            each.name: each for each in (doors.exporters() if self.verb == "export" else doors.importers())
        }
        format = next((known[word] for word in words if word in known), None)
        if format is None:
            return
        own = {name for param in self.params for name in param.opts}
        flags: Mapping[str, str] = getattr(format, "flags", {})
        for name, meaning in {**format.options, **flags}.items():
            if f"--{name}" not in own:
                yield click.Option(
                    [f"--{name}", f"format_{name.replace('-', '_')}"], is_flag=name in flags, default=None, hidden=True,
                    expose_value=False, help=meaning, callback=_keep(name),
                )  # fmt: skip

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click calls it so
        """Write the formats, each with its options."""
        from ..exchange import doors

        formats: Sequence[Any] = doors.exporters() if self.verb == "export" else doors.importers()
        rows = []
        for each in formats:
            if getattr(each, "writes", True):
                rows.append((each.name, each.description))
                rows += [(f"  --{name} …", meaning) for name, meaning in each.options.items()]
                rows += [(f"  --{name}", meaning) for name, meaning in getattr(each, "flags", {}).items()]
        with formatter.section("Formats"):
            formatter.write_dl(rows)


def _keep(name: str) -> Any:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            ctx.meta.setdefault(_GIVEN, {})[name] = "yes" if value is True else str(value)

    return callback


def options_of(words: Sequence[str]) -> dict[str, str]:
    """Return options of a format that were given as `-o NAME=VALUE` or `--NAME VALUE`.

    Raises:
        click.UsageError: a word that is none.
    """
    found: dict[str, str] = dict(click.get_current_context().meta.get(_GIVEN, {}))
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"option {word!r} cannot be used: give NAME=VALUE")
        found[name] = value
    return found
