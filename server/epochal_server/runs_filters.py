"""Conditions on single columns, as the table's header row has them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from epochal.json_values import NOT_FINITE
from epochal.where_values import ago, date

from .inputs import refused
from .runs_column import Bools, Column
from .runs_query import Filter
from .runs_table import RunsTable
from .runs_values import token

_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matching(table: RunsTable, condition: Filter) -> Bools:
    """Return for each row whether it meets the condition.

    Raises:
        Problem: its value cannot be compared with the column's.
    """
    column = table.column(condition.column)
    if column is None:  # no run has it
        column = Column(condition.column, [None] * len(table))
    if condition.op == "empty":
        return column.missing
    if condition.op == "set":
        return ~column.missing
    if condition.op == "contains":
        return _containing(column, str(condition.values[0]))
    if condition.op in ("=", "!="):
        equal = np.zeros(len(table), np.bool_)
        for value in condition.values:
            equal |= _equal(column, value, condition)
        return equal if condition.op == "=" else ~equal
    return _compared(column, condition)


def _containing(column: Column, text: str) -> Bools:
    text = text.casefold()
    codes = column.codes
    found = [value is not None and _contains(value, text) for value in codes.values]
    return np.array(found, np.bool_)[codes.codes] if found else np.zeros(0, np.bool_)


def _contains(value: Any, text: str) -> bool:
    if isinstance(value, list):
        return any(_contains(item, text) for item in value)
    return text in str(value).casefold()


def _equal(column: Column, value: Any, condition: Filter) -> Bools:
    if column.kind in ("number", "time") and isinstance(value, str):
        try:
            value = int(value)  # integers beyond floats are given as texts
        except ValueError:
            value = _number(value, condition, times=column.kind == "time")
    if column.kind == "bool" and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower(), value)
    wanted = token(value)
    codes = column.codes
    found = [token(each) == wanted or _holds(each, value) for each in codes.values]
    return np.array(found, np.bool_)[codes.codes] if found else np.zeros(0, np.bool_)


def _holds(found: Any, value: Any) -> bool:
    """Return whether a list holds the value, as tags do."""
    return isinstance(found, list) and any(token(item) == token(value) for item in found)


def _compared(column: Column, condition: Filter) -> Bools:
    value, compare = condition.values[0], _COMPARE[condition.op]
    if column.kind == "text" and isinstance(value, str):
        codes = column.codes
        found = [each is not None and compare(each, value) for each in codes.values]
        return np.array(found, np.bool_)[codes.codes] if found else np.zeros(0, np.bool_)
    if column.kind == "text":
        return np.zeros(len(column.values), np.bool_)
    number = _number(value, condition, times=column.kind == "time")
    with np.errstate(invalid="ignore"):
        found_numbers: Bools = compare(column.numbers, number)
    return found_numbers


def _number(value: Any, condition: Filter, *, times: bool) -> float:
    """Return a number that was given as one or as a text; of times also dates, and spans such as `7d` before now."""
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    text = str(value).strip()
    if text in NOT_FINITE:
        return NOT_FINITE[text]
    for read in (float, date, ago) if times else (float,):
        try:
            return read(text)
        except ValueError:
            continue
    hint = 'a date such as "2026-07-31" or a span such as "7d"' if times else "a number"
    raise refused(f"{condition.place}.value", f"is {text[:60]!r}: {condition.column} takes {hint}")
