"""Options that several commands share, and how they find their runs."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from .output import say, warn

if TYPE_CHECKING:
    from ..run_list import Runs

in_dir = click.option(
    "--dir", "-d", metavar="FOLDER", type=click.Path(file_okay=False),
    help="The runs folder; by default EPOCHAL_DIR, else ./epochal-runs or the nearest above.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON; `epochal schema` says what its keys are.")
one_run = click.argument("run", metavar="RUN")
several_runs = click.argument("runs", metavar="RUN...", nargs=-1, required=True)


def list_of_runs(dir: str | None, *, project: str | None = None, where: str | None = None) -> Runs:
    """Return the runs of a folder, with a progress bar while many are indexed; problems go to stderr."""
    from ..run_list import find_runs

    with indexing() as progress:
        found = find_runs(dir, project=project, where=where, progress=progress)
    for problem in found.problems:
        warn(problem)
    return found


def explain_nothing(found: Runs, dir: str | None, project: str | None, where: str | None) -> None:
    """Say on stderr why a list is empty."""
    from ..run_list import find_runs, hints, where_looked

    everything = find_runs(dir)
    if not everything:
        say(f"No runs in {where_looked(dir, found.root)}: `epochal demo` records some.")
        return
    say(f"None of {len(everything)} run{'s' * (len(everything) != 1)} in {found.root} is meant by that.")
    projects = sorted({entry.project for entry in everything.entries})
    if project is not None and project not in projects:
        say(f"  Projects are {', '.join(projects[:20])}")
    for hint in hints(where, everything.entries) if where else ():
        say(f"  {hint}")


@contextlib.contextmanager
def indexing() -> Iterator[Callable[[int, int], None]]:
    """Give a callback (done, all) that shows a bar on a terminal once indexing takes longer than a blink."""
    import sys
    import time

    started = time.monotonic()
    bars: list[Any] = []

    def progress(done: int, count: int) -> None:
        if not bars:
            if not sys.stderr.isatty() or time.monotonic() - started < 0.5:
                return
            from rich.console import Console
            from rich.progress import Progress

            bars.append(Progress(console=Console(stderr=True), transient=True))
            bars[0].start()
            bars[0].add_task("Indexing runs", total=count)
        if done % 50 == 0 or done == count:
            bars[0].update(bars[0].task_ids[0], completed=done)

    try:
        yield progress
    finally:
        for bar in bars:
            bar.stop()


def expressions(text: str, entries: Sequence[Any], *, signs: bool = False) -> list[Any]:
    """Return the expressions of a comma-separated text in which config keys and metrics may stand bare: `lr,val/acc`.

    Raises:
        WhereError: a part that is neither such a name nor an expression.
    """
    from ..catalog_entry import flat
    from ..errors import WhereError
    from ..where import FIELDS, parse_list

    config = {name for entry in entries for name in flat(entry.config)}
    metrics = {name for entry in entries for name in entry.summary}

    def spelled(part: str) -> str | None:
        sign, name = ("-", part[1:].strip()) if signs and part.startswith("-") else ("", part)
        if name in FIELDS:
            return sign + name
        if name in config:
            return sign + "config" + "".join(f"[{_quoted(key)}]" for key in _keys(name, entries))
        return f"{sign}summary[{_quoted(name)}]" if name in metrics else None

    pieces = [(piece.strip(), spelled(piece.strip())) for piece in text.split(",")]
    found: list[Any] = []
    try:
        # what is no bare name stays together: a comma may stand within brackets or quotes
        for bare, group in itertools.groupby(pieces, key=lambda piece: piece[1] is not None):
            for words, meaning in group if bare else [(", ".join(words for words, _ in group), None)]:
                parsed = parse_list(meaning or words, signs=signs)
                found += [each._replace(text=words.lstrip("-")) for each in parsed] if bare else parsed
    except WhereError:
        return parse_list(text, signs=signs)
    return found


def _keys(dotted: str, entries: Sequence[Any]) -> list[str]:
    """Return the keys that lead to a dotted name: a key may hold dots itself."""
    for entry in entries:
        keys: list[str] = []
        values, rest = entry.config, dotted
        while isinstance(values, dict) and rest:
            key = next((key for key in values if rest == key or rest.startswith(f"{key}.")), None)
            if key is None:
                break
            keys.append(key)
            values, rest = values[key], rest[len(key) + 1 :]
        if not rest:
            return keys
    return dotted.split(".")


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
