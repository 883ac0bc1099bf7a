"""Filter expressions over runs, such as `config.lr > 1e-3 and summary["val/acc"] >= .9 and state == "finished"`.

An expression is parsed by hand into closures; nothing of it is ever handed to Python's own evaluation.

- Names are the run's fields (`FIELDS`); `config` and `summary` are reached into with `.name`, `["any name"]` and
  `[index]` at any depth.
- `and`, `or`, `not`; `== != < <= > >=`, chained too; `in`, `not in`; `+ - * /`; lists, texts, numbers, True, False,
  None, nan, inf; the functions of `where_values.FUNCTIONS`, also written as `name.startswith("a")`.
- What is missing is None. A comparison with None is false, but for `==` and `!=`; so is one between types that
  do not compare. Arithmetic with None, or by zero, gives None.
- NaN compares as in Python: false, but for `!=`; `isnan(x)` asks for it. Alone it does not count as true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from .where_fields import FIELDS
from .where_parser import Parser
from .where_tokens import END
from .where_values import is_missing, sort_rank, truth

__all__ = ["FIELDS", "Expression", "parse", "parse_list", "parse_sort", "sort_rows"]

_Row = TypeVar("_Row")


class Expression(NamedTuple):
    """A parsed expression.

    Attributes:
        text: as it was written.
        value: computes it for an object that has the attributes `FIELDS`.
        descending: whether a minus stood before it (in sort keys only).
        paths: the places in config and summary that it names, such as ("config", "lr").
    """

    text: str
    value: Callable[[Any], Any]
    descending: bool = False
    paths: tuple[tuple[str, ...], ...] = ()

    def matches(self, row: Any) -> bool:
        """Return whether the expression is true for this run."""
        return truth(self.value(row))


def parse(expression: str) -> Expression:
    """Return the filter that `expression` describes.

    Raises:
        WhereError: it cannot be understood; the error points at the place.
    """
    parser = Parser(expression)
    node = parser.either()
    parser.expect_end()
    return Expression(expression, node.get, paths=tuple(parser.paths))


def parse_list(text: str | Sequence[str], *, signs: bool = False) -> list[Expression]:
    """Return the expressions of a comma-separated text or of several; with `signs`, a leading minus means descending.

    Raises:
        WhereError: one of them cannot be understood.
    """
    parts = [text] if isinstance(text, str) else text
    return [expression for part in parts for expression in _several(Parser(part), signs)]


def _several(parser: Parser, signs: bool) -> list[Expression]:
    found: list[Expression] = []
    while True:
        parser.paths = []
        descending = bool(signs and parser.took("-"))
        start = parser.token.place
        node = parser.either()
        text = parser.expression[start : parser.tokens[parser.at - 1].end]
        found.append(Expression(text, node.get, descending, tuple(parser.paths)))
        if not parser.took(","):
            if parser.token.kind != END:
                raise parser.unexpected("expected a comma or the end")
            return found


def parse_sort(keys: str | Sequence[str]) -> list[Expression]:
    """Return the sort keys of a text such as `-summary["val/acc"], started`; a leading minus means descending."""
    return parse_list(keys, signs=True)


def sort_rows(rows: Sequence[_Row], keys: Sequence[Expression]) -> list[_Row]:
    """Return `rows` sorted by `keys`, the first the most important; rows without a value stand last either way."""
    ordered = list(rows)
    for key in reversed(keys):
        pairs = [(key.value(row), row) for row in ordered]
        present = [(sort_rank(value), row) for value, row in pairs if not is_missing(value)]
        present.sort(key=operator.itemgetter(0), reverse=key.descending)
        ordered = [row for _, row in present] + [row for value, row in pairs if is_missing(value)]
    return ordered
