"""Runs in groups: by a setting, a field or any expression, with the statistics of each group."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import where as filters
from .catalog_entry import Entry, flat
from .errors import BadValueError, MissingDependencyError, WhereError
from .group_stats import STATISTICS, Stats, stats
from .where_values import sort_rank

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .group_history import GroupHistory
    from .recorded import RecordedRun
    from .run_list import Runs


class Group:
    """Runs that have the same values in the fields that they were grouped by.

    Attributes:
        fields: field to value; None where the runs have none.
        runs: the runs of the group, in the order of the list that was grouped.
    """

    def __init__(self, fields: Mapping[str, Any], runs: Runs) -> None:
        self.fields = dict(fields)
        self.runs = runs

    def __repr__(self) -> str:
        named = ", ".join(f"{field}={value!r}" for field, value in self.fields.items())
        return f"<Group {named}: {self.n} run{'s' * (self.n != 1)}>"

    @property
    def key(self) -> Any:
        """What the group is called in `Groups`: the value of the field, of several fields a tuple of values."""
        values = tuple(map(hashable, self.fields.values()))
        return values[0] if len(values) == 1 else values

    @property
    def n(self) -> int:
        """How many runs there are."""
        return len(self.runs)

    @property
    def states(self) -> dict[str, int]:
        """State to number of runs."""
        found = [entry.state for entry in self.runs.entries]
        return {state: found.count(state) for state in sorted(set(found))}

    @property
    def summary(self) -> dict[str, Stats]:
        """The statistics of each name that is a number in the summary of any of the runs, by name."""
        return _statistics([entry.summary for entry in self.runs.entries])

    @property
    def config(self) -> dict[str, Stats]:
        """The statistics of each setting that is a number in any of the runs; nested names joined by dots."""
        return _statistics([flat(entry.config) for entry in self.runs.entries])

    def stats(self, name: str) -> Stats:
        """Return the statistics of one name: of the summary, else an expression such as `config.lr` or `duration`.

        Raises:
            BadValueError: no run of the group has it.
        """
        entries = self.runs.entries
        if any(name in entry.summary for entry in entries):
            return stats(entry.summary.get(name) for entry in entries)
        known = {part for entry in entries for part in entry.summary}
        known |= {f"config.{part}" for entry in entries for part in flat(entry.config)}
        try:
            expression = filters.parse(name)
        except WhereError:
            expression = None
        values = [] if expression is None else [expression.value(entry) for entry in entries]
        if all(value is None for value in values):
            near = difflib.get_close_matches(name, known, 3)
            hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ": Group.summary lists what there is"
            raise BadValueError(f"no run of the group has {name!r}{hint}")
        return stats(values)

    def history(
        self,
        metric: str,
        *,
        x: str = "step",
        grid: str | int | Sequence[float] | np.ndarray[Any, Any] | None = None,
        interpolate: bool = True,
    ) -> GroupHistory:
        """Return a metric of all runs of the group on one grid, with mean, spread and count at each place.

        A run has its own value where one of its points stands on the grid, a value on the straight line between its
        points beside, and none (NaN) before its first point, behind its last, and beside a point that is NaN.

        Args:
            metric: its name; runs without it are listed in `GroupHistory.missing`.
            x: the axis, as in `RecordedRun.history`. Of points that share a place the latest counts.
            grid: the places: by default, and with `"union"`, all at which any run has a point; `"intersection"` those
                at which every run has one; a number of evenly spaced ones from the first to the last; or the places
                themselves, in any order.
            interpolate: False leaves NaN between the points of a run.

        Raises:
            BadValueError: no run has the metric, or an argument that cannot be used; a union of so many places that
                memory would not hold it.
        """
        from .group_history import group_history

        return group_history(self._readable(), metric, x=x, grid=grid, interpolate=interpolate)

    def _readable(self) -> Iterator[RecordedRun]:
        """Yield the runs, less those that were deleted since the list was made."""
        from .errors import RunNotFoundError

        for at in range(self.n):
            try:
                yield self.runs[at]
            except RunNotFoundError:
                continue


class Groups(Mapping[Any, Group]):
    """Groups of runs by key: the value of the field that they were grouped by, of several fields a tuple of values.

    Lists stand as tuples in keys, mappings as frozensets of pairs; in `groups[key]` they may stand as they are.
    Numbers of equal value are one key (1 and 1.0, not True). Runs without a value are a group of their own, whose key
    is None.

    Attributes:
        fields: what the runs were grouped by.
    """

    def __init__(self, fields: Sequence[str], groups: Sequence[Group]) -> None:
        self.fields = tuple(fields)
        self._groups = {_token(tuple(group.fields.values())): group for group in groups}

    def __getitem__(self, key: Any) -> Group:
        values = tuple(key) if len(self.fields) > 1 and isinstance(key, (tuple, list)) else (key,)
        try:
            return self._groups[_token(values)]
        except KeyError:
            raise KeyError(key) from None

    def __contains__(self, key: object) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[Any]:
        return (group.key for group in self._groups.values())

    def __len__(self) -> int:
        return len(self._groups)

    def __repr__(self) -> str:
        shown = [f"  {group!r}" for group in list(self._groups.values())[:10]]
        more = [f"  … and {len(self) - 10} more"] if len(self) > 10 else []
        return "\n".join([f"<{len(self)} groups by {', '.join(self.fields)}", *shown, *more]) + ">"

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each group: its fields, `runs`, then `<name>.<statistic>` of its summaries.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingDependencyError("pandas", "pandas") from None
        rows = []
        for group in self._groups.values():
            row = {**group.fields, "runs": group.n}
            for name, found in group.summary.items():
                row |= {f"{name}.{statistic}": getattr(found, statistic) for statistic in STATISTICS}
            rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else [*self.fields, "runs"])


def group_by(runs: Runs, fields: Sequence[str | filters.Expression]) -> Groups:
    """Return runs in groups, sorted by their keys: numbers, then texts, then all else; those without a value last.

    Raises:
        BadValueError: no field was given.
        WhereError: a field that cannot be understood.
    """
    keys = [key for field in fields for key in (filters.parse_list(field) if isinstance(field, str) else [field])]
    if not keys:
        raise BadValueError('group_by needs one or more fields, such as "config.model" or "group"')
    found: dict[Any, tuple[list[Any], list[Entry]]] = {}
    for entry in runs.entries:
        values = [key.value(entry) for key in keys]
        found.setdefault(_token(tuple(values)), (values, []))[1].append(entry)
    names = [key.text for key in keys]
    ordered = sorted(found.values(), key=lambda pair: [_order(value) for value in pair[0]])
    return Groups(
        names,
        [
            Group(dict(zip(names, values, strict=True)), type(runs)(runs.root, entries, runs.problems))
            for values, entries in ordered
        ],
    )


def hashable(value: Any) -> Any:
    """Return a value as it can be a key: lists as tuples, mappings as frozensets of pairs."""
    if isinstance(value, Mapping):
        return frozenset((key, hashable(item)) for key, item in value.items())
    return tuple(map(hashable, value)) if isinstance(value, (list, tuple)) else value


def _token(value: Any) -> Any:
    """Return what is equal for values that belong to one group: numbers by value, bools apart, NaN equal to NaN."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, (int, float)):
        return ("number", value) if value == value else ("nan",)
    if isinstance(value, (Mapping, frozenset)):
        pairs = value.items() if isinstance(value, Mapping) else value
        return "map", frozenset((key, _token(item)) for key, item in pairs)
    if isinstance(value, (list, tuple)):
        return "list", tuple(map(_token, value))
    return value


def _order(value: Any) -> tuple[bool, Any]:
    missing = value is None or value != value
    return missing, (2, repr(value)) if missing else sort_rank(value)


def _statistics(mappings: Sequence[Mapping[str, Any]]) -> dict[str, Stats]:
    names = sorted({name for mapping in mappings for name, value in mapping.items() if isinstance(value, (int, float))})
    return {name: stats(mapping.get(name) for mapping in mappings) for name in names}
