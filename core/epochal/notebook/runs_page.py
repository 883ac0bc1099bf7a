"""Several runs as a notebook shows them: a table with what differs between their configs, and their summaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..catalog_entry import flat
from .elements import clock, faint, span, state, table, text, whole

if TYPE_CHECKING:
    from ..catalog_entry import Entry

_ROWS: Final = 20
#: Columns of the config and of the summary.
_CONFIG, _SUMMARY = 6, 5
#: Names of one run's config that are compared.
_NAMES: Final = 2_000


def runs_html(entries: Sequence[Entry], root: object) -> str:
    """Return the HTML of a list of runs; only those that are shown are looked at.

    Args:
        entries: what the catalog knows of them.
        root: their runs folder.
    """
    count = len(entries)
    head = f"<div><b>{count:,} run{'s' * (count != 1)}</b> {faint(f'in {root}')}</div>"
    shown = entries[:_ROWS]
    if not shown:
        return whole(head)
    configs = [dict(list(flat(entry.config).items())[:_NAMES]) for entry in shown]
    varying, common = _varying(configs)[:_CONFIG], _usual([entry.summary for entry in shown])[:_SUMMARY]
    rows = [
        [
            entry.name, state(entry.state), entry.project, clock(entry.started), span(entry.duration),
            *(config.get(name, "") for name in varying),
            *(entry.summary.get(name, "") for name in common),
        ]
        for entry, config in zip(shown, configs, strict=True)
    ]  # fmt: skip
    header = ["name", "state", "project", "started", "took", *varying, *common]
    more = f"<div>{text(f'… and {count - len(shown):,} more')}</div>" if count > len(shown) else ""
    return whole(head, table(rows, header), more)


def _varying(configs: list[dict[str, Any]]) -> list[str]:
    """Return the names whose values differ, those first that most runs have."""
    names = list(dict.fromkeys(name for config in configs for name in config))
    absent = object()
    found = [name for name in names if any(_differ(configs[0].get(name, absent), c.get(name, absent)) for c in configs)]
    return sorted(found, key=lambda name: -sum(name in config for config in configs))


def _differ(one: object, other: object) -> bool:
    return type(one) is not type(other) or (one != other and not (one != one and other != other))


def _usual(summaries: list[dict[str, Any]]) -> list[str]:
    """Return the names that most runs have in their summaries."""
    counted: dict[str, int] = {}
    for summary in summaries:
        for name in list(summary)[:_NAMES]:
            counted[name] = counted.get(name, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], not any(w in name for w in ("loss", "acc")), name))
