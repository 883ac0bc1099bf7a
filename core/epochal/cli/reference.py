"""Writes docs/cli.md from the commands themselves: `python -m epochal.cli.reference [--check] [FILE]`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from ..where_fields import FIELDS
from ..where_values import FUNCTIONS
from .app import cli
from .columns import STATES
from .json_keys import JSON_KEYS

_OPENING: Final = """\
# The command line

Written by `python -m epochal.cli.reference docs/cli.md`; a test compares it with the commands. [Filters](#filters),
[JSON](#json) and [how commands end](#how-commands-end) stand below the commands.

"""
_FILTERS: Final = """\
## Filters

`--where`, and `where=` in Python, take an expression that is true for the runs that are meant:

```text
config.lr > 1e-3 and summary["val/acc"] >= .9 and state == "finished"
"baseline" in tags and started > ago("7d") and not isnan(summary.loss)
config.optimizer.name in ["adam", "adamw"] and 0 < config.dropout <= .5
```

- Fields: {fields}. Times are seconds since the epoch, `duration` is in seconds, `ranks` is a count.
- States: {states}.
- `config` and `summary` are reached into with `.name`, `["any name"]` and `[index]`, at any depth.
- `and`, `or`, `not`; `==`, `!=`, `<`, `<=`, `>`, `>=`, chained too; `in`, `not in`; `+`, `-`, `*`, `/`; lists, texts,
  numbers, `True`, `False`, `None`, `nan`, `inf`.
- Functions: {functions}. They may also be written as `name.startswith("a")`.
- What is missing is `None`. A comparison with `None` is false, but for `==` and `!=`; so is one between types that do
  not compare. Arithmetic with `None`, or by zero, gives `None`.
- NaN compares false with everything, but for `!=`.

`--sort`, and `sort=` in Python, take the same expressions, separated by commas, `-` before one for the greatest first.
Runs that do not have the value stand last either way. On the command line settings and metrics may stand bare in
`--sort`, `--group` and `--columns`: `--sort -val/acc,lr`.

"""
_JSON: Final = """\
## JSON

`--json` prints one document on standard output; its keys stay, and `epochal schema COMMAND` prints its JSON Schema (see
[machine-readable output](machine-readable.md)). Times are seconds since the epoch, durations seconds,
sizes bytes. NaN and infinities, which JSON does not have, are the texts `"NaN"`, `"Infinity"` and `"-Infinity"`, which
Python's `float` and JavaScript's `Number` read. What is not known is `null`.

"""
_ENDING: Final = """\
## How commands end

| exit code | when |
|---|---|
| 0 | all went well; also where a list is empty, and where the reader of a pipe has gone |
| 1 | an error, told in one line on standard error with the way out; `verify`: something is damaged |
| 2 | an option or command that does not exist or does not fit |
| 130 | Ctrl-C |

Data goes to standard output, everything else to standard error. `NO_COLOR=1` stops colours. Without a terminal nothing
is cut to fit; `COLUMNS` sets a width. Control characters in names are shown as codes, such as `\\x1b`.
"""


def reference() -> str:
    """Return the page."""
    parts = [_OPENING, _usage("epochal", cli).replace("[OPTIONS]", "COMMAND [OPTIONS] …"), "\n"]
    for name, command in _own_commands():
        parts += [f"## epochal {name}\n\n", _command(name, command)]
    functions = ", ".join(f"`{name}({', '.join('xy'[:count])})`" for name, (count, _) in FUNCTIONS.items())
    parts.append(
        _FILTERS.format(
            fields=", ".join(f"`{field}`" for field in FIELDS),
            states=", ".join(f"`{state}`" for state in STATES),
            functions=functions,
        )
    )
    parts += [_JSON, *_keys(), _ENDING]
    return "".join(parts)


def _own_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that come with Epochal, in order of their names."""
    for name in cli.list_commands(click.Context(cli)):
        command = cli.commands[name]
        if (getattr(command.callback, "__module__", None) or "").split(".")[0] == "epochal":
            yield name, command


def _usage(words: str, command: click.Command) -> str:
    # put together here, since versions of click word it differently
    arguments = [str(param.metavar or param.name) for param in command.params if isinstance(param, click.Argument)]
    text = " ".join([words, "[OPTIONS]", *arguments])
    return f"```text\n{text}\n```\n\n{inspect.cleandoc(command.help or '')}\n"


def _command(name: str, command: click.Command) -> str:
    lines = [_usage(f"epochal {name}", command), "\n"]
    rows = [_option(parameter) for parameter in command.params if isinstance(parameter, click.Option)]
    if rows:
        lines += ["| option | |\n|---|---|\n", *rows, "\n"]
    return "".join(lines)


def _option(option: click.Option) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return f"| `{names}{'' if option.is_flag else f' {option.metavar}'}` | {option.help} |\n"


def _keys() -> Iterator[str]:
    for command, keys in JSON_KEYS.items():
        yield f"`epochal {command} --json`\n\n| key | |\n|---|---|\n"
        for key, meaning in keys.items():
            yield f"| `{key}` | {meaning} |\n"
        yield "\n"


def main() -> int:
    """Write the page, or with --check compare it, and return the exit code."""
    names = [word for word in sys.argv[1:] if word != "--check"]
    page = reference()
    if not names:
        sys.stdout.write(page)
        return 0
    path = Path(names[0])
    if "--check" not in sys.argv:
        path.write_text(page, encoding="utf-8")
        return 0
    if path.read_text(encoding="utf-8") == page:
        return 0
    print(f"{path} is not what the commands say: python -m epochal.cli.reference {path}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
