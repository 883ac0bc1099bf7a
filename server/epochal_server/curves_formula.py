"""Formulas over metrics, such as `train/loss - val/loss`: read without `eval`, errors point at the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from epochal.errors import BadValueError
from epochal.history import unknown_metric
from epochal.journal.points import Floats

#: The longest formula, in characters, and how deep it may nest.
LONGEST: Final = 2000
_DEEPEST: Final = 50

_Function = Callable[..., Any]
_ONE: Final[Mapping[str, _Function]] = {"abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}
_MANY: Final[Mapping[str, _Function]] = {"max": np.maximum, "min": np.minimum}
_OPERATORS: Final[Mapping[str, _Function]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
}  # fmt: skip

_NUMBER: Final = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD: Final = re.compile(r"[^\W\d][\w.]*(?:/[\w.]+)*")
_SPACE: Final = re.compile(r"\s*")


class FormulaError(BadValueError):
    """A formula that cannot be understood.

    Attributes:
        at: where, in characters.
        length: how many characters it is about.
    """

    def __init__(self, message: str, at: int, length: int = 1) -> None:
        super().__init__(message)
        self.at, self.length = at, max(1, length)


class _Op(NamedTuple):
    """One step of working a formula out: push a number or a metric, or replace the last `takes` values."""

    push: float | str | None
    apply: _Function | None = None
    takes: int = 0


class Formula:
    """A formula that was understood.

    Attributes:
        metrics: the metrics that it needs, in the order in which they stand in it.
    """

    def __init__(self, text: str, program: list[_Op]) -> None:
        self.text = text
        self._program = program
        self.metrics = list(dict.fromkeys(op.push for op in program if isinstance(op.push, str)))

    def __call__(self, values: Mapping[str, Floats]) -> Floats:
        """Return what it gives for arrays of one shape, one for each of its metrics; 1/0 and log(-1) are no errors."""
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for op in self._program:
                if op.apply is None:
                    stack.append(values[op.push] if isinstance(op.push, str) else np.float64(op.push or 0.0))
                else:
                    taken = stack[-op.takes :]
                    del stack[-op.takes :]
                    stack.append(op.apply(*taken))
        shape = next(iter(values.values())).shape
        return np.array(np.broadcast_to(stack[0], shape), np.float64)


def parse(text: str, known: Iterable[str]) -> Formula:
    """Understand a formula: + - * / ** and parentheses over metrics and numbers, abs exp log sqrt min max.

    Where a metric can stand, the longest known name that the text goes on with is meant: `train/loss` is one name where
    a metric is called so. Any name can stand in backticks.

    Raises:
        FormulaError: it cannot be understood, or names something that is no metric.
    """
    if len(text) > LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters: {LONGEST} are the most", LONGEST)
    parser = _Parser(text, known)
    program = parser.whole()
    formula = Formula(text, program)
    if not formula.metrics:
        raise FormulaError("the formula names no metric", 0, len(text))
    return formula


class _Parser:
    """Reads one formula from left to right; each method leaves `_at` behind what it has read."""

    def __init__(self, text: str, known: Iterable[str]) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self._known = set(known)
        self._by_start: dict[str, list[str]] = {}
        for name in sorted(self._known, key=len, reverse=True):
            if name:
                self._by_start.setdefault(name[0], []).append(name)
        self._program: list[_Op] = []

    def whole(self) -> list[_Op]:
        self._sum()
        self._space()
        if self._at < len(self._text):
            raise self._unexpected("an operator (+ - * / **) or the end")
        return self._program

    def _sum(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError(f"the formula nests more than {_DEEPEST} deep", self._at)
        self._product()
        while (sign := self._take("+", "-")) is not None:
            self._product()
            self._apply(_OPERATORS[sign], 2)
        self._depth -= 1

    def _product(self) -> None:
        self._signed()
        while (sign := self._take("*", "/")) is not None:
            self._signed()
            self._apply(_OPERATORS[sign], 2)

    def _signed(self) -> None:
        signs = 0
        while (sign := self._take("+", "-")) is not None:
            signs += sign == "-"
        self._power()
        if signs % 2:
            self._apply(np.negative, 1)

    def _power(self) -> None:
        self._operand()
        if self._take("**") is not None:
            # what stands on the right binds first, and may have a sign
            self._depth += 1
            if self._depth > _DEEPEST:
                raise FormulaError(f"the formula nests more than {_DEEPEST} deep", self._at)
            self._signed()
            self._depth -= 1
            self._apply(_OPERATORS["**"], 2)

    def _operand(self) -> None:
        self._space()
        if self._at >= len(self._text):
            raise FormulaError("the formula ends where a metric, a number or ( should stand", len(self._text))
        if self._take("(") is not None:
            begin = self._at - 1
            self._sum()
            self._close(begin)
        elif self._text[self._at] == "`":
            self._quoted()
        elif not (self._call() or self._metric() or self._number()):
            raise self._unexpected("a metric, a number or (")

    def _call(self) -> bool:
        found = re.compile(r"(abs|exp|log|sqrt|min|max)\s*\(").match(self._text, self._at)
        if found is None:
            return False
        name, begin = found[1], found.start()
        self._at = found.end()
        count = 1
        self._sum()
        while self._take(",") is not None:
            self._sum()
            count += 1
        self._close(found.end() - 1)
        if name in _ONE:
            if count != 1:
                raise FormulaError(f"{name} takes one value, not {count}", begin, self._at - begin)
            self._apply(_ONE[name], 1)
        else:
            if count < 2:
                raise FormulaError(f"{name} takes two or more values, such as {name}(a, b)", begin, self._at - begin)
            for _ in range(count - 1):
                self._apply(_MANY[name], 2)
        return True

    def _metric(self) -> bool:
        for name in self._by_start.get(self._text[self._at], ()):
            end = self._at + len(name)
            if self._text.startswith(name, self._at) and self._ends(name, end):
                self._at = end
                self._program.append(_Op(name))
                return True
        word = _WORD.match(self._text, self._at)
        if word is not None:
            raise FormulaError(unknown_metric(word[0], self._known), self._at, len(word[0]))
        return False

    def _ends(self, name: str, end: int) -> bool:
        """Tell whether a name ends there, instead of being the beginning of a longer word."""
        if end >= len(self._text) or not (name[-1].isalnum() or name[-1] == "_"):
            return True
        return not (self._text[end].isalnum() or self._text[end] in "_.")

    def _quoted(self) -> None:
        begin = self._at
        end = self._text.find("`", begin + 1)
        if end < 0:
            raise FormulaError("the backtick that ends this name is missing", begin, len(self._text) - begin)
        name = self._text[begin + 1 : end]
        if name not in self._known:
            raise FormulaError(unknown_metric(name, self._known), begin, end + 1 - begin)
        self._at = end + 1
        self._program.append(_Op(name))

    def _number(self) -> bool:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        self._program.append(_Op(float(found[0])))
        return True

    def _close(self, begin: int) -> None:
        self._space()
        if self._at >= len(self._text):
            raise FormulaError("the ) that belongs to this ( is missing", begin)
        if self._take(")") is None:
            raise self._unexpected("an operator (+ - * / **) or )")

    def _take(self, *signs: str) -> str | None:
        self._space()
        for sign in signs:
            if self._text.startswith(sign, self._at) and not (sign == "*" and self._text.startswith("**", self._at)):
                self._at += len(sign)
                return sign
        return None

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _apply(self, function: _Function, takes: int) -> None:
        self._program.append(_Op(None, function, takes))

    def _unexpected(self, wanted: str) -> FormulaError:
        word = _WORD.match(self._text, self._at) or _NUMBER.match(self._text, self._at)
        found = word[0] if word else self._text[self._at]
        hint = ": write ** for powers" if found == "^" else f": {wanted} should stand here"
        return FormulaError(f"{found} is not understood{hint}", self._at, len(found))
