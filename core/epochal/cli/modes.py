"""`epochal status`, `on`, `off` and `plugins`: what holds here before any run is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import as_json, in_dir
from .output import console, print_json, say
from .text import shown


@click.command("status")
@in_dir
@as_json
def status(dir: str | None, as_json: bool) -> None:
    """Show whether runs are recorded here, and where."""
    from .. import settings
    from ..layout import find_root, writing_root
    from ..version import __version__

    facts: dict[str, Any] = {
        "version": __version__,
        **settings.describe(),
        "writes_to": str(writing_root(dir)),
        "reads_from": str(find_root(dir)),
    }
    if as_json:
        print_json(facts)
        return
    from rich.text import Text

    out = console()
    mode = facts["mode"]
    means = {"offline": "runs are recorded on this disk", "online": "runs are recorded and sent to the remote",
             "disabled": "nothing is recorded"}.get(str(mode), "a setting is wrong")  # fmt: skip
    style = "red" if mode is None else "yellow" if mode == "disabled" else "green"
    out.print(Text(f"{mode or 'unknown'}", style=f"bold {style}").append(f": {means}", style="default not bold"))
    lines = [
        ("because of", facts["source"] or facts.get("problem")),
        ("console", _console(facts)),
        ("runs go to", facts["writes_to"]),
        ("read from", facts["reads_from"]),
        ("cache", facts["cache_dir"]),
        ("settings", facts["user_file"] + ("" if facts["user_file_exists"] else " (not there)")),
        *((name, value) for name, value in facts["environment"].items()),
        ("version", facts["version"]),
    ]
    width = max(len(name) for name, _ in lines) + 2
    for name, value in lines:
        out.print(Text(f"  {name:<{width}}", style="dim").append(shown(value), style="default not dim"))


def _console(facts: dict[str, Any]) -> str:
    """Say whether console output is kept, and why not."""
    if facts["console"] is None:
        return "unknown: a setting is wrong"
    told = "what trainings print is kept" if facts["console"] else "what trainings print is not kept"
    source = facts["console_source"]
    return told if source == "default" else f"{told}, because of {source}"


@click.command("on")
@click.argument("folder", metavar="[FOLDER]", type=click.Path(exists=True, file_okay=False), default=".")
def on(folder: str) -> None:
    """Record runs that are started in FOLDER and below.

    Without FOLDER the working folder is meant. What `epochal off` said there is taken back.
    """
    from .. import settings

    path = Path(folder) / settings.FOLDER_FILE
    if path.exists():
        settings.set_folder_mode(folder, None)
    if settings.effective_mode(None, folder).mode == "disabled":
        settings.set_folder_mode(folder, "offline")
    _tell(folder, "disabled")


@click.command("off")
@click.argument("folder", metavar="[FOLDER]", type=click.Path(exists=True, file_okay=False), default=".")
def off(folder: str) -> None:
    """Record nothing that is started in FOLDER and below.

    Without FOLDER the working folder is meant. Runs become no-ops, their scripts run on; `epochal on` takes it back.
    """
    from .. import settings

    settings.set_folder_mode(folder, "disabled")
    _tell(folder, None)


def _tell(folder: str, unwanted: str | None) -> None:
    """Say what holds in a folder now; another setting may count more."""
    from .. import settings

    holds = settings.effective_mode(None, folder)
    why = "" if holds.source == "default" else f", because of {shown(holds.source)}"
    say(f"{shown(Path(folder).resolve())}: {holds.mode}{why}")
    if holds.mode == unwanted or (unwanted is None and holds.mode != "disabled"):
        say(f"  {shown(holds.source)} counts more than {settings.FOLDER_FILE}: change it there")


@click.command("plugins")
@as_json
def plugins(as_json: bool) -> None:
    """List installed plugins, and what is broken.

    Each with the distribution that brings it and the hooks that it implements; for what is broken, the remedy.
    """
    from ..plugins import get_manager

    manager = get_manager()
    manager.collect("register_commands", cli=click.Group("epochal"))
    facts, problems = manager.plugins(), manager.problems
    if as_json:
        print_json(
            {"plugins": [fact._asdict() for fact in facts], "problems": [problem._asdict() for problem in problems]}
        )
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in ("PLUGIN", "FROM", "HOOKS"):
        table.add_column(header, overflow="fold")
    for fact in facts:
        source = "epochal" if fact.builtin else f"{fact.distribution or fact.module or ''} {fact.version or ''}".strip()
        hooks = "switched off by EPOCHAL_DISABLE_PLUGINS" if fact.disabled else ", ".join(fact.hooks)
        table.add_row(Text(shown(fact.name)), Text(shown(source)), Text(shown(hooks), style="dim"))
    out = console()
    out.print(table)
    for problem in problems:
        out.print(Text(f"✗ {shown(problem)}", style="red"))


COMMANDS = [status, on, off, plugins]
