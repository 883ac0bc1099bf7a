"""Which runs a query means and in which order, worked out once for as long as nothing changes."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from typing import Any, Final

import numpy as np

from epochal import where as filters
from epochal.errors import WhereError
from epochal.where_values import truth

from .problems import Problem
from .runs_column import Bools, Column, Floats, Ints
from .runs_filters import matching
from .runs_query import Query
from .runs_subject import Subject
from .runs_table import RunsTable
from .runs_where import place_of

_KEPT: Final = 64
_ANSWERS: Final = 16
#: What depends on the moment is worked out again after so many seconds.
_MOMENT_S: Final = 2.0
_OF_THE_MOMENT: Final = re.compile(r"\b(?:duration|ago)\b")


class Views:
    """Rows of a table, filtered and sorted; what was asked last is kept."""

    def __init__(self, table: RunsTable) -> None:
        self._table = table
        self._answers: dict[str, tuple[list[Subject], Bools]] = {}
        self._kept: OrderedDict[Any, tuple[int, float, Ints]] = OrderedDict()

    def matched(self, query: Query) -> Ints:
        """Return the rows that a query means, the newest run first.

        Raises:
            Problem: its filter cannot be understood, or compares what cannot be compared.
        """
        moment = query.where is not None and _OF_THE_MOMENT.search(query.where) is not None
        moment |= any(each.column in ("duration", "started", "finished") for each in query.filters)
        key = query.selection
        kept = self._kept.get(key)
        if kept is not None and self._fresh(kept, moment):
            self._kept.move_to_end(key)
            return kept[2]
        return self._keep(key, self._match(query))

    def ordered(self, query: Query) -> Ints:
        """Return the rows that a query means, in its order.

        Raises:
            Problem: as `matched` does.
        """
        rows = self.matched(query)
        if not query.sort:
            return rows
        key = query.selection, query.sort
        kept = self._kept.get(key)
        if kept is not None and self._fresh(kept, any(name == "duration" for name, _ in query.sort)):
            before = self._kept.get(query.selection)
            if before is None or before[1] <= kept[1]:
                self._kept.move_to_end(key)
                return kept[2]
        for name, descending in reversed(query.sort):
            column = self._table.column(name)
            if column is not None:
                rows = rows[sorted_places(column.order[rows], descending)]
        return self._keep(key, rows)

    def _fresh(self, kept: tuple[int, float, Ints], moment: bool) -> bool:
        return kept[0] == self._table.stamp and (not moment or time.monotonic() - kept[1] < _MOMENT_S)

    def _keep(self, key: Any, rows: Ints) -> Ints:
        self._kept.pop(key, None)
        self._kept[key] = self._table.stamp, time.monotonic(), rows
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return rows

    def _match(self, query: Query) -> Ints:
        table = self._table
        rows = table.newest_first()
        if query.project is not None:
            codes = _column(table, "project").codes
            wanted = codes.values.index(query.project) if query.project in codes.values else -1
            rows = rows[codes.codes[rows] == wanted]
        if query.keys is not None:
            chosen = frozenset(query.keys)
            rows = _kept(rows, [table.keys[row] in chosen for row in rows.tolist()])
        for condition in query.filters:
            rows = rows[matching(table, condition)[rows]]
        if query.search is not None:
            texts = table.texts()
            words = query.search.casefold().split()
            rows = _kept(rows, [all(word in texts[row] for word in words) for row in rows.tolist()])
        if query.where is not None:
            rows = rows[self._truths(query.where)[rows]]
        return rows

    def _truths(self, text: str) -> Bools:
        """Return for each row whether a filter is true; of what was asked before, only runs that changed are asked."""
        try:
            expression = filters.parse(text)
        except WhereError as error:
            raise Problem(400, "the filter cannot be understood", input="where", **place_of(error, text)) from None
        value, subjects = expression.value, self._table.subjects()
        known = None if _OF_THE_MOMENT.search(text) else self._answers.pop(text, None)
        if known is None or len(known[0]) != len(subjects):
            truths = np.array([truth(value(subject)) for subject in subjects], np.bool_)
        else:
            truths = known[1]
            for row, (before, subject) in enumerate(zip(known[0], subjects, strict=True)):
                if before is not subject:
                    truths[row] = truth(value(subject))
        self._answers[text] = list(subjects), truths
        while len(self._answers) > _ANSWERS:
            self._answers.pop(next(iter(self._answers)))
        return truths


def sorted_places(order: Floats, descending: bool) -> Ints:
    """Return places sorted by numbers; equal ones stay in order, and what has no number stands last either way."""
    if descending:
        order = -order
    return np.argsort(order, kind="stable")  # NumPy puts NaN last


def _kept(rows: Ints, keep: list[bool]) -> Ints:
    return rows[np.array(keep, np.bool_)]


def _column(table: RunsTable, name: str) -> Column:
    found = table.column(name)
    assert found is not None
    return found
