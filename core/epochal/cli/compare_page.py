"""The page that `epochal compare` prints, part by part; its code and its curves have modules of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from ..differences.rows import MISSING, Missing
from . import text
from .columns import state as state_of
from .side_by_side import Line, blocks, letter, line_of

if TYPE_CHECKING:
    from ..comparing import Comparison
    from ..differences.results import Result
    from ..differences.rows import Row

#: Lines of one part that are shown without --all.
_LINES: Final = 30
_BEST: Final = "★"
_VERDICTS: Final = {
    "same": ("=", "green"),
    "different": ("≠", "bold red"),
    "missing": ("–", "bold yellow"),
    "unknown": ("?", "bold yellow"),
}


def page(comparison: Comparison, *, width: int, everything: bool) -> Iterator[Any]:
    """Yield what to print of all parts but code and curves, in order."""
    limit = None if everything else _LINES
    headers = labels(comparison)
    yield from _runs(comparison)
    yield from _rows("Config", comparison.config, headers, width, limit)
    yield from _summary(comparison.summary, headers, width, limit)
    yield from _datasets(comparison)
    yield from _rows("Environment", comparison.environment, headers, width, limit)
    yield from _packages(comparison, headers, width, limit)


def labels(comparison: Comparison) -> list[str]:
    """Return what each run is called in the columns: its letter and its name."""
    return [f"{letter(at)} {text.shown(run.name, 24)}" for at, run in enumerate(comparison.runs)]


def title(words: str, more: str = "") -> Text:
    """Return the heading of a part."""
    return Text(f"\n{words}", style="bold").append(f"  {more}" if more else "", style="not bold dim")


def _runs(comparison: Comparison) -> Iterator[Any]:
    runs = comparison.runs
    projects = len({run.project for run in runs}) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in ("", "name", "state", "started", "time", *(["project"] if projects else []), "id"):
        table.add_column(header, no_wrap=True, overflow="ellipsis", justify="right" if header == "time" else "left")
    for at, run in enumerate(runs):
        words, color = state_of(run.state)
        lasted = None if run.started is None or run.finished is None else run.finished - run.started
        table.add_row(
            Text(letter(at), style="bold"), Text(text.shown(run.name, 40), style="bold"), Text(words, style=color),
            text.since(run.started), text.span(lasted), *([Text(text.shown(run.project, 24))] if projects else []),
            Text(text.shown(run.id, 40), style="dim"),
        )  # fmt: skip
    yield table


def _rows(name: str, rows: Sequence[Row], headers: Sequence[str], width: int, limit: int | None) -> Iterator[Any]:
    """Yield the rows that differ, and how many do not; those too where everything is asked for."""
    differing = [row for row in rows if not row.same]
    shown = [row for row in rows if limit is None or not row.same][:limit]
    alike = len(rows) - len(differing)
    if not rows:
        yield title(name, "none recorded")
        return
    yield title(name, f"{len(differing)} differ, {alike} the same" if differing else f"all {alike} the same")
    if shown:
        yield from blocks(headers, [line_of(row) for row in shown], width)
    if limit is not None and len(differing) > limit:
        yield _more(len(differing) - limit, "that differ")


def _summary(found: Sequence[Result], headers: Sequence[str], width: int, limit: int | None) -> Iterator[Any]:
    if not found:
        yield title("Summary", "none recorded")
        return
    marked = any(result.best for result in found)
    yield title("Summary", f"{_BEST} best: by define_metric's goal, else by the metric's name" if marked else "")
    lines = [line_of(result, dict.fromkeys(result.best, _BEST)) for result in found[:limit]]
    lines = [line._replace(style="") for line in lines]
    if len(headers) == 2 and any(_change(result) for result in found[:limit]):
        headers = [*headers, "B − A"]
        lines = [
            Line(line.name, [*line.cells, Text(_change(result), style="dim")])
            for line, result in zip(lines, found[:limit], strict=True)
        ]
    yield from blocks(headers, lines, width)
    if limit is not None and len(found) > limit:
        yield _more(len(found) - limit, "results")


def _change(result: Result) -> str:
    """Return how much the second of two numbers is above the first, also as a share of it."""
    old, new = result.values
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in (old, new)):
        return ""
    try:
        change = new - old
        share = f" ({100 * change / abs(old):+.1f} %)" if old and abs(change / old) < 1000 else ""
    except OverflowError:
        return ""
    if change != change:
        return ""
    sign = "+" if change > 0 else ""
    return f"{sign}{text.number(change, 3)}{share}" if change else "0"


def _datasets(comparison: Comparison) -> Iterator[Any]:
    found = comparison.datasets
    if not found:
        yield title("Datasets", "none recorded")
        return
    yield title("Datasets")
    for dataset in found:
        sign, style = _VERDICTS[dataset.verdict]
        words = "not known" if dataset.verdict == "unknown" else dataset.verdict
        yield (
            Text("  ")
            .append(f"{sign} {text.shown(dataset.name, 40)}", style=style)
            .append(f"  {words}: {dataset.why}", style="" if dataset.verdict != "same" else "dim")
        )
        if dataset.verdict != "same":
            yield from (
                Text(f"      {letter(at)}  {_facts(facts)}", style="dim") for at, facts in _alike(dataset.facts)
            )


def _alike(facts: Iterable[Any]) -> list[tuple[int, Any]]:
    return list(enumerate(facts))[:_LINES]


def _facts(facts: Any) -> str:
    if isinstance(facts, Missing):
        return "not recorded"
    digest = facts.get("sha256")
    parts = [str(facts.get("kind") or "")]
    parts += [f"{facts['rows']} rows"] if facts.get("rows") is not None else []
    parts += [text.size(facts["bytes"])] if isinstance(facts.get("bytes"), int) else []
    parts += [f"sha256 {str(digest)[:12]}…" if digest else "no digest", f"coverage {facts.get('coverage')}"]
    return text.shown(", ".join(part for part in parts if part), 160)


def _packages(comparison: Comparison, headers: Sequence[str], width: int, limit: int | None) -> Iterator[Any]:
    found = comparison.packages
    if len(found.unknown) == len(comparison.runs):
        yield title("Packages", "none recorded")
        return
    count = len(found.changed)
    yield title("Packages", f"{count} differ, {found.same} the same" if count else f"all {found.same} the same")
    for at, why in found.unknown.items():
        yield Text(f"  {letter(at)}: {why}", style="yellow")
    if count:
        lines = []
        for row in found.changed[:limit]:
            looks = ["–" if v is MISSING else "?" if v is None else text.shown(v, 24) for v in row.values]
            lines.append(Line(text.shown(row.key, 40), [Text(look) for look in looks], "bold"))
        yield from blocks(headers, lines, width)
    if limit is not None and count > limit:
        yield _more(count - limit, "packages that differ")


def _more(count: int, what: str) -> Text:
    return Text(f"  … {count} more {what}: --all", style="dim")
