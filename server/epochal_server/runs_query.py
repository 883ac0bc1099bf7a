"""What the runs table asks for, read from a request and checked: `Query`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from .inputs import Inputs, refused
from .runs_table import FIELDS, is_column

OPERATIONS: Final = ("=", "!=", "<", "<=", ">", ">=", "contains", "empty", "set")
#: How much one request may ask for.
_COLUMNS: Final = 500
_KEYS: Final = 8
_RUNS: Final = 10_000
LARGEST_PAGE: Final = 1000


@dataclass(frozen=True)
class Filter:
    """A condition on one column.

    Attributes:
        column: its name.
        op: one of `OPERATIONS`.
        values: what to compare with: one, none for `empty` and `set`, or several of which one is enough for `=` (and
            of which none may be for `!=`).
        place: where the request says it, for messages.
    """

    column: str
    op: str
    values: tuple[Any, ...]
    place: str


@dataclass(frozen=True)
class Query:
    """Which runs, in which order, and what of them.

    Attributes:
        project: only runs of this one.
        where: a filter of the `where` language.
        search: words that must all stand in a run's texts.
        filters: conditions that must all be met.
        keys: only these runs; None for all.
        sort: columns with whether they descend, the most important first; the newest run first behind them.
        group: columns whose values make a group.
        within: values of the first of `group`: only the runs of that group, as rows.
        columns: what to give of each run, or to work out for each group.
        offset: how many rows or groups to leave out.
        limit: how many to give.
    """

    project: str | None = None
    where: str | None = None
    search: str | None = None
    filters: tuple[Filter, ...] = ()
    keys: tuple[str, ...] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    group: tuple[str, ...] = ()
    within: tuple[Any, ...] | None = None
    columns: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100

    @property
    def selection(self) -> tuple[Any, ...]:
        """What decides which runs match, as a key."""
        filters = tuple((each.column, each.op, repr(each.values)) for each in self.filters)
        return self.project, self.where, self.search, filters, self.keys


def read_query(inputs: Inputs) -> Query:
    """Return the query of a request's body.

    Raises:
        Problem: something in it cannot be used; it is named.
    """
    query = Query(
        project=inputs.text("project", longest=1000),
        where=(inputs.text("where") or "").strip() or None,
        search=(inputs.text("search", longest=1000) or "").strip() or None,
        filters=tuple(_filter(each, at) for at, each in enumerate(inputs.objects("filters", most=50))),
        keys=tuple(inputs.texts("keys", most=_RUNS)) if "keys" in inputs else None,
        sort=_sort(inputs.any("sort")),
        group=tuple(column(name, "group") for name in inputs.texts("group", most=_KEYS)),
        within=tuple(_list(inputs.any("within"), "within")) if "within" in inputs else None,
        columns=tuple(dict.fromkeys(column(name, "columns") for name in inputs.texts("columns", most=_COLUMNS))),
        offset=inputs.whole("offset", 0, least=0, most=10**9),
        limit=inputs.whole("limit", 100, least=0, most=LARGEST_PAGE),
    )
    inputs.done()
    if query.within is not None and not 0 < len(query.within) <= len(query.group):
        raise refused("within", "needs a value for each of the columns in group, or for the first of them")
    return query


def column(name: str, place: str) -> str:
    """Return the name of a column.

    Raises:
        Problem: it is none.
    """
    if is_column(name):
        return name
    near = difflib.get_close_matches(name, FIELDS, 1)
    hint = f"did you mean {near[0]}?" if near else f"take config.NAME, summary.NAME, or one of {', '.join(FIELDS)}"
    raise refused(place, f"names no column {name[:80]!r}: {hint}")


def _filter(inputs: Inputs, at: int) -> Filter:
    place = f"filters[{at}]"
    name = column(inputs.required_text("column"), f"{place}.column")
    op = inputs.choice("op", OPERATIONS, "")
    value = inputs.any("value")
    inputs.done()
    if op in ("empty", "set"):
        if value is not None:
            raise refused(f"{place}.value", f"means nothing beside {op}: leave it out")
        return Filter(name, op, (), place)
    values = value if isinstance(value, list) and op in ("=", "!=") else [value]
    if not values or len(values) > 200 or not all(isinstance(each, (str, int, float)) for each in values):
        raise refused(f"{place}.value", "must be a text, a number or a truth value; for = and != it may be a list")
    return Filter(name, op, tuple(values), place)


def _sort(value: Any) -> tuple[tuple[str, bool], ...]:
    found = []
    for at, pair in enumerate(_list(value, "sort")):
        place = f"sort[{at}]"
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise refused(place, 'must be a pair such as ["started", "desc"]')
        if pair[1] not in ("asc", "desc"):
            raise refused(place, "must say asc or desc")
        name = pair[0] if pair[0] == "count" else column(pair[0], place)
        found.append((name, pair[1] == "desc"))
    if len(found) > _KEYS:
        raise refused("sort", f"has {len(found)} items: {_KEYS} are the most")
    return tuple(found)


def _list(value: Any, place: str) -> Iterable[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise refused(place, "must be a list")
    return value
