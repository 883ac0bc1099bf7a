"""The grammar of filter expressions: tokens to closures, by recursive descent, loosest binding first."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .errors import WhereError
from .where_fields import FIELDS, unknown_field
from .where_tokens import END, NAME, NUMBER, OPERATOR, STRING, Token, fault, tokens
from .where_values import ARITHMETIC, COMPARISONS, FUNCTIONS, member, truth

Getter = Callable[[Any], Any]

_CONSTANTS: Final[dict[str, Any]] = {
    "True": True, "true": True, "False": False, "false": False, "None": None, "null": None,
    "nan": float("nan"), "inf": float("inf"),
}  # fmt: skip
_WORDS: Final = {"and", "or", "not", "in", "is"}
_DEEPEST: Final = 64


class Node(NamedTuple):
    """A part of an expression: how its value comes from a run, and whether it is the same for all runs."""

    get: Getter
    constant: bool = False


class Parser:
    """Recursive descent over the tokens, loosest binding first."""

    def __init__(self, expression: str) -> None:
        if not isinstance(expression, str):
            raise fault(f"a filter is a text, not a {type(expression).__name__}", str(expression), 0)
        self.expression = expression
        self.tokens = tokens(expression)
        self.at = 0
        self.depth = 0
        self.paths: list[tuple[str, ...]] = []

    # -- tokens --

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.token
        self.at += token.kind != END
        return token

    def took(self, *texts: str) -> str | None:
        if self.token.kind in (OPERATOR, NAME) and self.token.text in texts:
            return self.take().text
        return None

    def fail(self, reason: str, token: Token) -> WhereError:
        return fault(reason, self.expression, token.place)

    def expect(self, text: str, opened: Token) -> None:
        if not self.took(text):
            raise self.unexpected(f"{text} is missing, which closes the {opened.text} at character {opened.place + 1}")

    def expect_end(self) -> None:
        if self.token.kind != END:
            raise self.unexpected("expected and, or, or the end")

    def unexpected(self, wanted: str) -> WhereError:
        found = "the expression ends here" if self.token.kind == END else f"found {self.token.text[:40]}"
        return self.fail(f"{found}: {wanted}", self.token)

    # -- grammar --

    def either(self) -> Node:
        parts = [self.both()]
        while self.took("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else _joined(any, parts)

    def both(self) -> Node:
        parts = [self.negation()]
        while self.took("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else _joined(all, parts)

    def negation(self) -> Node:
        turns = 0
        while self.took("not"):
            turns += 1
        node = self.comparison()
        if not turns:
            return node
        get, odd = node.get, turns % 2 == 1
        return Node(lambda row: truth(get(row)) is not odd, node.constant)

    def comparison(self) -> Node:
        operands = [self.sum()]
        compare: list[Callable[[Any, Any], bool]] = []
        while sign := self.comparison_sign():
            compare.append(COMPARISONS[sign])
            operands.append(self.sum())
        if not compare:
            return operands[0]
        constant = all(node.constant for node in operands)
        if len(compare) == 1:
            only, left, right = compare[0], operands[0].get, operands[1].get
            return Node(lambda row: only(left(row), right(row)), constant)
        gets = [node.get for node in operands]

        def chained(row: Any) -> bool:
            values = [get(row) for get in gets]
            return all(test(values[i], values[i + 1]) for i, test in enumerate(compare))

        return Node(chained, constant)

    def comparison_sign(self) -> str | None:
        if self.took("is"):
            return "is not" if self.took("not") else "is"
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.token.text == "not" and self.token.kind == NAME and following.text == "in":
            self.at += 2
            return "not in"
        return self.took("==", "!=", "<=", ">=", "<", ">", "in")

    def sum(self) -> Node:
        return self.computed(("+", "-"), self.product)

    def product(self) -> Node:
        return self.computed(("*", "/"), self.signed)

    def computed(self, signs: tuple[str, str], operand: Callable[[], Node]) -> Node:
        first = operand()
        rest: list[tuple[Callable[[Any, Any], Any], Getter]] = []
        constant = first.constant
        while sign := self.took(*signs):
            node = operand()
            constant = constant and node.constant
            rest.append((ARITHMETIC[sign], node.get))
        if not rest:
            return first

        def value(row: Any) -> Any:
            result = first.get(row)
            for compute, get in rest:
                result = compute(result, get(row))
            return result

        return Node(value, constant)

    def signed(self) -> Node:
        negative = False
        while sign := self.took("-", "+"):
            negative ^= sign == "-"
        node = self.reached()
        if not negative:
            return node
        get, subtract = node.get, ARITHMETIC["-"]
        return Node(lambda row: subtract(0, get(row)), node.constant)

    def reached(self) -> Node:
        """Parse a value and what is reached into it: `.name`, `[key]`, and functions written as methods."""
        start = self.token
        node = self.value()
        path: list[str] | None = [start.text] if start.kind == NAME and start.text in ("config", "summary") else None
        keys: list[Any] = []
        while sign := self.token if self.token.text in (".", "[") and self.token.kind == OPERATOR else None:
            self.take()
            if sign.text == ".":
                token = self.take()
                if token.kind != NAME:
                    raise self.fail('a name must follow the dot; other keys go into brackets: config["3d"]', token)
                if self.token.text == "(" and self.token.kind == OPERATOR:
                    node, keys, path = self.call(token, [_reach(node, keys)]), [], None
                    continue
                key: Any = token.text
            else:
                inner = self.nested(self.either, sign)
                self.expect("]", sign)
                if not inner.constant:
                    raise self.fail("a key in brackets is a text or a number", sign)
                key = inner.get(None)
            keys.append(key)
            if path is not None and isinstance(key, str):
                path.append(key)
        if path is not None and len(path) > 1:
            self.paths.append(tuple(path))
        return _reach(node, keys)

    def nested(self, parse: Callable[[], Node], opened: Token) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fail(f"more than {_DEEPEST} brackets within each other", opened)
        node = parse()
        self.depth -= 1
        return node

    def value(self) -> Node:
        token = self.take()
        if token.kind in (NUMBER, STRING):
            return _constant(token.value)
        if token.kind == NAME and token.text not in _WORDS:
            return self.named(token)
        if token.kind == OPERATOR and token.text == "(":
            node = self.nested(self.either, token)
            self.expect(")", token)
            return node
        if token.kind == OPERATOR and token.text == "[":
            return _listed(self.items("]", token))
        self.at -= token.kind != END
        raise self.unexpected("expected a field, a number, a text, a list or (")

    def items(self, closing: str, opened: Token) -> list[Node]:
        found: list[Node] = []
        while not self.took(closing):
            if found and not self.took(","):
                raise self.unexpected(f"expected a comma or {closing}")
            if found and self.took(closing):
                break
            found.append(self.nested(self.either, opened))
        return found

    def named(self, token: Token) -> Node:
        if self.token.text == "(" and self.token.kind == OPERATOR:
            return self.call(token, [])
        if token.text in _CONSTANTS:
            return _constant(_CONSTANTS[token.text])
        if token.text not in FIELDS:
            raise self.fail(unknown_field(token.text, self.expression, token.place), token)
        return Node(operator.attrgetter(token.text))

    def call(self, name: Token, first: list[Node]) -> Node:
        if name.text not in FUNCTIONS:
            near = difflib.get_close_matches(name.text, FUNCTIONS, 1)
            hint = f"did you mean {near[0]}()?" if near else "there are " + ", ".join(FUNCTIONS)
            raise self.fail(f"there is no function {name.text}() — {hint}", name)
        count, function = FUNCTIONS[name.text]
        arguments = first + self.items(")", self.take())
        if len(arguments) != count:
            plural = "" if count == 1 else "s"
            raise self.fail(f"{name.text}() takes {count} value{plural}, not {len(arguments)}", name)
        gets = [node.get for node in arguments]
        constant = all(node.constant for node in arguments)
        if constant:
            try:
                function(*(get(None) for get in gets))
            except (TypeError, ValueError) as error:
                reason = f"{name.text}() {error}" if isinstance(error, TypeError) else str(error)
                raise self.fail(reason, name) from None

        def value(row: Any) -> Any:
            try:
                return function(*(get(row) for get in gets))
            except (TypeError, ValueError):
                return None

        return Node(value, constant)


def _constant(value: Any) -> Node:
    return Node(lambda _: value, constant=True)


def _joined(join: Callable[[Any], bool], parts: list[Node]) -> Node:
    gets = [node.get for node in parts]
    return Node(lambda row: join(truth(get(row)) for get in gets), all(node.constant for node in parts))


def _listed(items: list[Node]) -> Node:
    gets = [node.get for node in items]
    constant = all(node.constant for node in items)
    if constant:
        return _constant([get(None) for get in gets])
    return Node(lambda row: [get(row) for get in gets])


def _reach(node: Node, keys: list[Any]) -> Node:
    get = node.get
    if not keys:
        return node
    if len(keys) == 1:
        only = keys[0]
        return Node(lambda row: member(get(row), only), node.constant)

    def value(row: Any) -> Any:
        found = get(row)
        for key in keys:
            found = member(found, key)
        return found

    return Node(value, node.constant)
