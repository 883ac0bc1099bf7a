"""`epochal ls --group`: a line for each group of runs, with the statistics of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from . import columns as cols
from . import text
from .options import expressions
from .output import console, is_terminal, print_json

if TYPE_CHECKING:
    from ..group_stats import Stats
    from ..groups import Group
    from ..run_list import Runs

#: What stands in a table where nothing else is asked for.
_USUAL: Final = ("mean", "std")
_CHOICES: Final = ("mean", "std", "sem", "min", "max", "n")


class _Line:
    """One group, and the statistics that are shown of it."""

    def __init__(self, group: Group, named: Mapping[str, Any] | None) -> None:
        from ..group_stats import stats

        self.group = group
        entries = group.runs.entries
        self.stats: dict[str, Stats] = (
            group.summary
            if named is None
            else {name: stats(key.value(entry) for entry in entries) for name, key in named.items()}
        )

    def record(self) -> dict[str, Any]:
        """Return what --json prints."""
        return {
            **self.group.fields,
            "count": self.group.n,
            "states": self.group.states,
            "mean": {name: found.mean for name, found in self.stats.items() if found.n},
            "stats": {name: found.to_dict() for name, found in self.stats.items()},
        }


def list_groups(
    runs: Runs, by: str, *, shown: str | None, columns: str | None, sort: str | None, as_json: bool
) -> None:
    """Print the groups.

    Args:
        runs: the runs to group.
        by: the fields.
        shown: the statistics to show, separated by commas.
        columns: names and expressions to show the statistics of; by default all numbers of the summaries.
        sort: names, each with `:` and a statistic or without for the mean, `-` before it for the greatest first.
        as_json: print JSON.

    Raises:
        WhereError: a name or expression that cannot be understood.
    """
    from ..groups import group_by

    statistics = _statistics(shown)
    entries = runs.entries
    keys = expressions(by, entries)
    named = {key.text: key for key in expressions(columns, entries)} if columns else None
    lines = [_Line(group, named) for group in group_by(runs, keys).values()]
    for key in reversed(sort.split(",") if sort else []):
        lines = _sorted(lines, key.strip(), runs)
    if as_json:
        print_json([line.record() for line in lines])
    elif lines:
        _table(lines, [key.text for key in keys], statistics, usual=shown is None)


def _statistics(shown: str | None) -> Sequence[str]:
    names = _USUAL if shown is None else [name.strip() for name in shown.split(",")]
    for name in names:
        if name not in _CHOICES:
            raise click.BadParameter(f"{text.shown(name, 40)!r} is none of {', '.join(_CHOICES)}", param_hint="--stats")
    return names


def _sorted(lines: list[_Line], key: str, runs: Runs) -> list[_Line]:
    """Return lines by one sort key; those without a value stand last either way."""
    from ..group_stats import stats
    from ..where_values import is_missing, sort_rank

    name, _, statistic = key.removeprefix("-").strip().rpartition(":")
    if statistic not in _CHOICES:
        name, statistic = key.removeprefix("-").strip(), ""
    if name in ("count", "runs") and not statistic:
        pairs: list[tuple[Any, _Line]] = [(line.group.n, line) for line in lines]
    elif lines and name in lines[0].group.fields and not statistic:
        pairs = [(line.group.fields[name], line) for line in lines]
    else:
        (expression,) = expressions(name, runs.entries)
        found = [stats(map(expression.value, line.group.runs.entries)) for line in lines]
        pairs = [(getattr(one, statistic or "mean"), line) for one, line in zip(found, lines, strict=True)]
    present = [pair for pair in pairs if not is_missing(pair[0])]
    present.sort(key=lambda pair: sort_rank(pair[0]), reverse=key.startswith("-"))
    return [line for _, line in present] + [line for value, line in pairs if is_missing(value)]


def _table(lines: Sequence[_Line], fields: Sequence[str], statistics: Sequence[str], *, usual: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for field in fields:
        table.add_column(Text(text.shown(field)), style="bold", no_wrap=True)
    table.add_column("RUNS", justify="right")
    table.add_column("STATES", no_wrap=True)
    columns = _fitting(lines, fields, statistics, out.width if is_terminal() else 400, usual=usual)
    for header, _ in columns:
        table.add_column(Text(header), justify="right", no_wrap=True)
    for line in lines:
        states = Text(" ").join(
            Text(f"{cols.STATES.get(state, ('?', ''))[0]}{count}", style=cols.state(state)[1])
            for state, count in line.group.states.items()
        )
        table.add_row(
            *(Text(_key(value)) for value in line.group.fields.values()), str(line.group.n), states,
            *(cells[id(line)] for _, cells in columns),
        )  # fmt: skip
    out.print(table)


def _fitting(
    lines: Sequence[_Line], fields: Sequence[str], statistics: Sequence[str], width: int, *, usual: bool
) -> list[tuple[str, dict[int, str]]]:
    """Return header and cells of the columns that there is room for; of the results the telling ones first."""
    counts: dict[str, int] = {}
    for line in lines:
        for name, found in line.stats.items():
            counts[name] = counts.get(name, 0) + bool(found.n)
    names = sorted(counts, key=lambda name: (-counts[name], cols.telling(name), len(name), name))
    room = width - 24 - sum(
        max(len(field), *(len(_key(line.group.fields[field])) for line in lines)) + 2 for field in fields
    )  # fmt: skip
    fitting: list[tuple[str, dict[int, str]]] = []
    for name in names:
        columns = _usual(name, lines) if usual else [_column(name, statistic, lines) for statistic in statistics]
        needed = sum(max(len(header), *map(len, cells.values())) + 2 for header, cells in columns)
        if needed <= room:
            fitting += columns
            room -= needed
    return fitting


def _usual(name: str, lines: Sequence[_Line]) -> list[tuple[str, dict[int, str]]]:
    """Return one column with mean ± standard deviation, and the count where not all runs have a number."""
    cells = {}
    for line in lines:
        found = line.stats.get(name)
        if found is None or not found.n:
            cells[id(line)] = "–"
            continue
        spread = f" ± {text.number(found.std, 2)}" if found.n > 1 else ""
        few = f" (n {found.n})" if found.n < line.group.n else ""
        cells[id(line)] = f"{text.value(found.mean)}{spread}{few}"
    return [(text.shown(name, 24), cells)]


def _column(name: str, statistic: str, lines: Sequence[_Line]) -> tuple[str, dict[int, str]]:
    cells = {}
    for line in lines:
        found = line.stats.get(name)
        value = None if found is None else getattr(found, statistic)
        cells[id(line)] = "–" if value is None or value != value else text.value(value)
    return f"{statistic} {text.shown(name, 24)}", cells


def _key(value: Any) -> str:
    return text.value(value, 40)
