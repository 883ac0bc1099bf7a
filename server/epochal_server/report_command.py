"""`epochal report`: lists reports, begins one, and exports one as a file, without a server."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from .reports_folder import ReportsFolder

_dir = click.option(
    "--dir", "-d", "dir", metavar="FOLDER", type=click.Path(file_okay=False),
    help="The runs folder; by default EPOCHAL_DIR, else ./epochal-runs or the nearest above.",
)  # fmt: skip
#: So many runs, and at most so many panels, a new report begins with.
_RUNS: Final = 10
_PANELS: Final = 4
_STARTER: Final = {"runs": {"limit": _RUNS}, "settings": {}, "panels": []}


@click.group("report")
def report() -> None:
    """List, begin and export reports.

    A report is a markdown file in the folder `reports` of the runs folder, with grids of panels in it; `epochal ui`
    shows and edits them. docs/dashboard.md says how such a file looks.
    """


@report.command("ls")
@_dir
@click.option("--json", "plain", is_flag=True, help="Print JSON: name, title, changed, bytes, grids.")
def ls(dir: str | None, plain: bool) -> None:
    """List reports, the newest first."""
    with _opened(dir) as folder:
        found, others = folder.listed()
        if plain:
            click.echo(json.dumps(found, indent=2, ensure_ascii=False))
            return
        for each in found:
            changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(each["changed"]))
            click.echo(f"{each['name']}  {changed}  {_line(each['title'])}")
        for name in others:
            click.echo(f"epochal: {_line(name)} is passed over: it is a link, or no report has such a name", err=True)
        if not found:
            click.echo(f"No reports in {folder.path}: `epochal report new NAME` begins one.", err=True)


@report.command("new")
@click.argument("name")
@click.option("--title", metavar="TEXT", help="Its heading; by default the name.")
@_dir
def new(name: str, title: str | None, dir: str | None) -> None:
    """Begin a report with a grid of the latest runs and their losses, and print where its file is."""
    with _opened(dir) as folder:
        from .reports_folder import check_name
        from .reports_format import fenced

        check_name(name)
        metrics = _telling(folder.path.parent) or ["loss"]
        panels = [{"id": f"p{at}", "kind": "line", "series": [{"metric": name}]} for at, name in enumerate(metrics, 1)]
        grid = {**_STARTER, "panels": panels}
        made = folder.save(name, f"# {_line(title or name)}\n\n{fenced(grid)}", None)
        click.echo(str(folder.path / f"{made.name}.md"))


@report.command("export")
@click.argument("name")
@click.option("--out", "-o", metavar="FILE", type=click.Path(dir_okay=False), help="By default ./NAME.html.")
@click.option("--blind", is_flag=True, help="Without names, hosts, paths and remotes.")
@click.option("--force", "-f", is_flag=True, help="Replace a file that is there.")
@_dir
def export(name: str, out: str | None, blind: bool, force: bool, dir: str | None) -> None:
    """Write a report as one HTML file that needs neither a server nor a network."""
    from epochal.errors import BadValueError, StorageError

    with _opened(dir) as folder:
        # behind the look for what they need
        from .api import State
        from .reports_export import export_html
        from .reports_files import own_folder, regular_file, write_durably
        from .reports_folder import check_name
        from .roster import Roster

        target = Path(os.path.abspath(out or f"{check_name(name)}{'-blind' if blind else ''}.html"))
        if not force and os.path.lexists(target):
            raise BadValueError(f"{target} exists: give another name with --out, or replace it with --force")
        root = folder.path.parent
        state = State(root, True, Roster(root))
        try:
            content = export_html(state, folder.read(name), blind=blind)
        finally:
            state.roster.close()
        if not target.parent.is_dir():
            raise BadValueError(f"{target.parent} is no folder: make it, or give another with --out")
        try:
            with own_folder(target.parent) as place:
                write_durably(place, target.name, content, like=regular_file(place, target.name))
        except OSError as error:
            raise StorageError(f"{target} cannot be written ({error.strerror}): check its folder and room") from error
        click.echo(f"{target}  {len(content) / 1e6:.1f} MB")


@contextlib.contextmanager
def _opened(dir: str | None) -> Iterator[ReportsFolder]:
    """Give the reports of the runs folder; what is wrong ends the command with a message."""
    from importlib.util import find_spec

    from epochal.errors import EpochalError, MissingDependencyError
    from epochal.layout import find_root

    if find_spec("starlette") is None:
        raise MissingDependencyError("starlette", "ui")
    from .problems import Problem
    from .reports_folder import ReportsFolder

    try:
        yield ReportsFolder(find_root(dir))
    except Problem as problem:
        raise EpochalError(str(problem.more.get("detail", problem.title))) from None


def _telling(root: Path) -> list[str]:
    """Return metrics of the latest runs: losses before others, what more runs have before what fewer do."""
    import epochal

    runs = epochal.runs(root).entries[:_RUNS] if root.is_dir() else []
    counts = Counter(name for run in runs for name in run.metrics if not name.startswith("system/"))
    return sorted(counts, key=lambda name: ("loss" not in name.lower(), -counts[name], name))[:_PANELS]


def _line(text: Any) -> str:
    return "".join(character if character.isprintable() else " " for character in str(text))
