"""The page that `epochal show` prints, part by part."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from ..layout import find_root
from . import text
from .alerts import alerts
from .columns import state as state_of
from .columns import telling
from .media import media_rows
from .show import error, files, stats
from .show_files import checkpoint_lines, saved_lines

if TYPE_CHECKING:
    from ..recorded import RecordedRun

_METRICS: Final = 40
_FILES: Final = 20
_NOTICES: Final = 30
_LINES: Final = 200
#: Of one group of settings: a framework may have more than a hundred.
_GROUP: Final = 30
#: Parts of the environment that the page shows in words of its own.
_TOLD: Final = frozenset(
    (
        "command",
        "python",
        "packages",
        "git",
        "code",
        "script",
        "host",
        "os",
        "variables",
        "cpu",
        "memory",
        "accelerators",
        "frameworks",
    )
)


def page(run: RecordedRun, *, width: int, everything: bool) -> Iterator[Any]:
    """Yield what to print, in order."""
    yield from _head(run)
    if run.notes:
        yield _title("Notes")
        yield from (Text(f"  {text.shown(line)}") for line in run.notes.splitlines())
    yield from _tree("Config", {k: v for k, v in run.config.items() if k != "datasets"}, width, everything)
    yield from _metrics(run, everything)
    yield from _summary(run, width)
    yield from _media(run)
    yield from _datasets(run)
    yield from checkpoint_lines(run, everything=everything)
    yield from saved_lines(run, everything=everything)
    yield from _environment(run, width, everything)
    yield from alerts(run)
    yield from _notices(run)
    yield from _files(run, everything)
    yield from _next(run)


def _head(run: RecordedRun) -> Iterator[Any]:
    ending = run.ending
    words, color = state_of(ending.name)
    yield Text(text.shown(run.name), style="bold").append("   ").append(words, style=f"not bold {color}")
    finished = run.finished
    lasted = None if run.started is None or finished is None else finished - run.started
    rows: list[tuple[str, Any]] = [("id", run.id), ("project", run.project)]
    if ending.reason:
        rows.append(("why", ending.reason))
    codes = [f"exit code {ending.exit_code}"] if ending.exit_code else []
    codes += [f"signal {ending.signal}"] if ending.signal else []
    if codes:
        rows.append(("ended by", ", ".join(codes)))
    rows.append(("started", f"{text.clock(run.started)}, {text.since(run.started)}"))
    if finished is not None:
        rows.append(("ended", f"{text.clock(finished)}, after {text.span(lasted)}"))
    ranks = run.ranks
    rows.append(("host", f"{run.host or '–'}" + (f", ranks {', '.join(map(str, ranks))}" if ranks != [0] else "")))
    for name, value in (("group", run.group), ("job type", run.job_type), ("tags", ", ".join(run.tags))):
        if value:
            rows.append((name, value))
    rows.append(("folder", run.path))
    yield _pairs(rows)
    found = error(run)
    if found and found.get("traceback"):
        yield _title("Traceback")
        lines = str(found["traceback"]).rstrip().splitlines()
        if len(lines) > 12:
            yield Text("  …", style="dim")
        yield from (Text(f"  {text.shown(line)}", style="red") for line in lines[-12:])


def _metrics(run: RecordedRun, everything: bool) -> Iterator[Any]:
    names = run.metrics
    if not names:
        return
    yield _title(f"Metrics ({len(names)})")
    shown = names if everything else sorted(sorted(names, key=telling)[:_METRICS])
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("  name", no_wrap=True, overflow="ellipsis")
    for header in ("points", "last", "min", "max"):
        table.add_column(header, justify="right", no_wrap=True)
    for name in shown:
        told = stats(run, name)
        table.add_row(
            Text(f"  {text.shown(name, 60)}"), str(told["count"]),
            Text(f"{text.value(told['last'], 30)} {_at(told, 'last')}"),
            *(Text(f"{text.value(told[key])} {_at(told, key)}" if key in told else "") for key in ("min", "max")),
        )  # fmt: skip
    yield table
    if len(shown) < len(names):
        yield Text(f"  … {len(names) - len(shown)} more: --all", style="dim")


def _at(told: Mapping[str, Any], key: str) -> str:
    step = told.get(f"{key}_step")
    return "" if step is None else f"@{text.number(step)}"


def _summary(run: RecordedRun, width: int) -> Iterator[Any]:
    """Yield what the summary holds beyond the last values, which stand in the metrics."""
    by_hand = run.manual_summary
    metrics = set(run.metrics)
    rows = [(name, text.value(value, width)) for name, value in run.derived_summary.items() if name not in metrics]
    rows += [(name, f"{text.value(value, width)}  (set by hand)") for name, value in by_hand.items()]
    if rows:
        yield _title("Summary")
        yield _pairs(rows[:_LINES])


def _media(run: RecordedRun) -> Iterator[Any]:
    rows = media_rows(run)
    if rows:
        yield _title(f"Media ({len(rows)})")
        yield _pairs(rows)


def _datasets(run: RecordedRun) -> Iterator[Any]:
    if not run.datasets:
        return
    yield _title("Datasets")
    rows = []
    for name, facts in run.datasets.items():
        if not isinstance(facts, dict):
            rows.append((name, text.value(facts)))
            continue
        parts = [str(facts.get("kind") or "")]
        parts += [f"{facts['rows']} rows"] if facts.get("rows") is not None else []
        parts += [text.size(facts["bytes"])] if isinstance(facts.get("bytes"), int) else []
        digest = facts.get("sha256")
        parts += [f"sha256 {str(digest)[:12]}…" if digest else "no digest", f"coverage {facts.get('coverage')}"]
        rows.append((name, ", ".join(part for part in parts if part)))
    yield _pairs(rows)


def _environment(run: RecordedRun, width: int, everything: bool) -> Iterator[Any]:
    known = dict(run.environment)
    if not known:
        return
    if everything:
        yield from _tree("Environment", known, width, everything)
        return
    yield _title("Environment")
    rows = list(_telling_environment(known))
    rest = [name for name in known if name not in _TOLD]
    if rest:
        rows.append(("and", f"{', '.join(rest)}: --all or --json"))
    yield _pairs(rows)


def _telling_environment(known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    command = known.get("command")
    if isinstance(command, dict):
        yield "command", " ".join(shlex.quote(str(word)) for word in command.get("argv") or ())
        yield "in", command.get("folder")
    python, packages = known.get("python"), known.get("packages")
    if isinstance(python, dict):
        count = packages.get("count") if isinstance(packages, dict) else None
        yield "python", f"{python.get('version')}" + (f", {count} packages" if count else "")
    git = known.get("git")
    if isinstance(git, dict):
        dirty = ", with changes that are not committed" if git.get("patch") or git.get("dirty") else ""
        yield "git", f"{str(git.get('commit'))[:12]} on {git.get('branch')}{dirty}"
    if known.get("os"):
        yield "os", text.value(known["os"], 120)
    cpu, memory = known.get("cpu"), known.get("memory")
    if isinstance(cpu, dict) and isinstance(memory, dict):
        yield (
            "machine",
            f"{cpu.get('model')}, {cpu.get('threads')} threads, {text.size(memory.get('total_bytes'))} memory",
        )
    gpus = [str(gpu.get("name")) for gpu in known.get("accelerators") or () if isinstance(gpu, dict)]
    if gpus:
        yield "accelerators", ", ".join(f"{gpus.count(name)} × {name}" for name in dict.fromkeys(gpus))
    frameworks = known.get("frameworks")
    if isinstance(frameworks, dict):
        yield "frameworks", ", ".join(f"{name} {version}" for name, version in frameworks.items())


def _notices(run: RecordedRun) -> Iterator[Any]:
    found = run.notices
    if not found:
        return
    yield _title(f"Notices ({len(found)})")
    for notice in found[:_NOTICES]:
        when = f"  {text.clock(notice.time)}" if notice.time else ""
        yield Text(f"  ! {text.shown(notice.text)}", style="yellow").append(when, style="dim")
    if len(found) > _NOTICES:
        yield Text(f"  … {len(found) - _NOTICES} more: --json", style="dim")


def _files(run: RecordedRun, everything: bool) -> Iterator[Any]:
    found = files(run)
    if not found:
        return
    yield _title(f"Files ({len(found)}, {text.size(sum(size for _, size in found))})")
    shown = found if everything else found[:_FILES]
    yield _pairs([(text.size(size), path) for path, size in shown])
    if len(shown) < len(found):
        yield Text(f"  … {len(found) - len(shown)} more: --all", style="dim")


def _next(run: RecordedRun) -> Iterator[Any]:
    if not run.metrics:
        return
    best = min(run.metrics, key=telling)
    words = [run.name] if find_root() == run.path.parent.parent else [str(run.path)]
    yield Text()
    for command in (["plot", *words, "--metric", best], ["history", *words, best, "--csv"]):
        yield Text(f"  epochal {text.shown(shlex.join(command))}", style="dim")


def _tree(title: str, values: Mapping[str, Any], width: int, everything: bool) -> Iterator[Any]:
    if not values:
        return
    yield _title(title)
    lines = list(_branches(values, 1, width, None if everything else _GROUP))
    shown = lines if everything else lines[:_LINES]
    yield from shown
    if len(shown) < len(lines):
        yield Text(f"  … {len(lines) - len(shown)} more lines: --all", style="dim")


def _branches(values: Mapping[str, Any], depth: int, width: int, most: int | None = None) -> Iterator[Text]:
    longest = max((len(text.shown(key)) for key, value in values.items() if not _has_branches(value)), default=0)
    margin = min(longest, 32)
    for key, value in values.items():
        name = f"{'  ' * depth}{text.shown(key)}"
        if _has_branches(value) and depth < 40:
            yield Text(name, style="cyan")
            inner = list(_branches(value, depth + 1, width))
            yield from inner[:most]
            if most is not None and len(inner) > most:
                yield Text(f"{'  ' * (depth + 1)}… {len(inner) - most} more: --all", style="dim")
        else:
            left = f"{name:<{margin + 2 * depth}}  "
            yield Text(left, style="cyan").append(text.value(value, max(width - len(left), 20)), style="default")


def _has_branches(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _title(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _pairs(rows: Iterable[tuple[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(
            Text(f"  {text.shown(name)}"), Text(text.value(value) if not isinstance(value, str) else text.shown(value))
        )
    return table
