"""The `epochal` command: its group, how errors end it, and what plugins add."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from ..errors import EpochalError
from ..version import __version__
from .failure import Failure
from .text import shown

#: Our commands, and the module that holds each: it is loaded when its command is called, or when all are listed.
OWN: Final = {
    "compare": "compare",
    "export": "export_runs",
    "history": "history",
    "import": "import_runs",
    "ls": "list_runs",
    "merge": "merge",
    "mv": "change",
    "note": "change",
    "off": "modes",
    "on": "modes",
    "plot": "plot",
    "plugins": "modes",
    "rename": "change",
    "restore": "restore",
    "rm": "change",
    "schema": "schema",
    "show": "show",
    "sinks": "sinks",
    "status": "modes",
    "tag": "change",
    "verify": "verify",
}


class Commands(click.Group):
    """The group: its own commands and those of plugins, loaded when a name or the list asks for them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, plugins asked."""
        for name in OWN:
            self._load(name)
        self.ask_plugins()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; plugins are asked only for a name that is not our own."""
        if cmd_name in OWN:
            self._load(cmd_name)
        elif cmd_name not in self.commands:
            self.ask_plugins()
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one gets a suggestion."""
        import difflib

        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            names = self.list_commands(ctx)
            near = difflib.get_close_matches(name, names, 1)
            hint = f": did you mean {near[0]}?" if near else f": there are {', '.join(names)}"
            raise click.UsageError(f"no command {shown(name, 60)}{hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def ask_plugins(self) -> None:
        """Let plugins add commands, once; one that replaces a command of ours is not listened to."""
        if self._asked:
            return
        self._asked = True
        from ..plugins import get_manager

        own = dict(self.commands)
        get_manager().collect("register_commands", cli=self)
        for name in OWN.keys() - own.keys():  # one of ours that is not loaded yet
            self.commands.pop(name, None)
        self.commands.update(own)

    def _load(self, name: str) -> None:
        """Load the module of one of our commands."""
        if name not in self.commands:
            for command in import_module(f".{OWN[name]}", __package__).COMMANDS:
                self.add_command(command)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what Epochal or the system raises on purpose becomes one message."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit as exit:
            if exit.exit_code:
                raise SystemExit(exit.exit_code) from None
            raise
        except EpochalError as error:
            raise Failure(str(error)) from error
        except BrokenPipeError:
            _nobody_reads()
        except OSError as error:
            place = f": {error.filename}" if error.filename else ""
            raise Failure(f"{error.strerror or error}{place}") from error

    def main(self, *args: Any, standalone_mode: bool = True, **options: Any) -> Any:
        """Run the command line; broken pipes and Ctrl-C end it quietly."""
        run: Any = super().main  # what it takes differs between versions of click
        if not standalone_mode:
            return run(*args, standalone_mode=False, **options)
        try:
            run(*args, standalone_mode=False, **options)
            sys.stdout.flush()
        except click.Abort:
            sys.exit(130)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except BrokenPipeError:
            _nobody_reads()
        sys.exit(0)


def _nobody_reads() -> NoReturn:
    """End quietly: whoever read our output has gone, and nothing may be written at exit either."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="epochal %(version)s")
def cli() -> None:
    """Record, list and compare machine-learning runs; everything stays in folders on this disk.

    Commands that read look for runs in --dir, else in EPOCHAL_DIR, else in ./epochal-runs and in the folders above.
    A run is named by its path, its id, its name, or the beginning of its id.
    """
    for stream in (sys.stdout, sys.stderr):
        # a terminal that is not UTF-8 shows codes instead of failing
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Run `epochal` with the arguments of this process."""
    cli.main(prog_name="epochal")
