"""Runs side by side: in what their configs differ, and how their summaries came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.table import Table

from ..catalog_entry import flat
from ..cli.text import shown, value
from ..recorded import RecordedRun

_ABSENT: Final = object()


def comparison(runs: Sequence[RecordedRun]) -> Table:
    """Return a table with a column for each run: what differs in the configs, then every summary value."""
    table = Table(title="comparison", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for run in runs:
        table.add_column(shown(run.name), justify="right")
    for key, values in differences([flat(dict(run.config)) for run in runs]).items():
        table.add_row(f"config.{shown(key)}", *values)
    table.add_section()
    table.add_row("state", *[run.state for run in runs])
    summaries = [dict(run.summary) for run in runs]
    for key in sorted(set().union(*summaries)):
        table.add_row(shown(key), *[_cell(summary.get(key, _ABSENT)) for summary in summaries])
    return table


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the keys whose values are not the same in all `configs`, each with the values as text."""
    found: dict[str, list[str]] = {}
    for key in sorted(set().union(*configs)):
        values = [config.get(key, _ABSENT) for config in configs]
        if any(other != values[0] for other in values[1:]):
            found[key] = [_cell(item) for item in values]
    return found


def _cell(item: Any) -> str:
    return "–" if item is _ABSENT else value(item, 24)
