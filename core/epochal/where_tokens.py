"""The words of a filter expression: text to tokens, each with its place."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .errors import WhereError

NUMBER: Final = "number"
STRING: Final = "string"
NAME: Final = "name"
OPERATOR: Final = "operator"
END: Final = "end"

_PATTERN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[^\W\d]\w*)
    | (?P<operator>==|!=|<=|>=|&&|\|\||<>|[-+*/<>()\[\],.=&|!])
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}
#: What people type out of habit from other languages, and what is meant here.
_FOREIGN: Final = {
    "=": "compare with ==",
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write or",
    "!": "write not",
    "<>": "write !=",
}


class Token(NamedTuple):
    """One word of an expression; `place` is the index of its first character, `end` that behind its last."""

    kind: str
    text: str
    place: int
    end: int
    value: int | float | str | None = None


def fault(reason: str, expression: str, place: int) -> WhereError:
    """Return the error that points at `place`; line breaks and tabs become spaces so that its pointer fits."""
    return WhereError(reason, re.sub(r"[\t\r\n\v\f]", " ", expression), min(place, len(expression)))


def tokens(expression: str) -> list[Token]:
    """Return the words of `expression`, an END token last.

    Raises:
        WhereError: a character or number that means nothing here, or a text without its closing quote.
    """
    found: list[Token] = []
    at = 0
    while True:
        match = _PATTERN.match(expression, at)
        assert match is not None and match.lastgroup is not None
        kind, text = match.lastgroup, match[match.lastgroup]
        place, at = match.start(kind), match.end()
        found.append(Token(kind, text, place, at, _value(kind, text, expression, place)))
        if kind == END:
            return found


def _value(kind: str, text: str, expression: str, place: int) -> int | float | str | None:
    if kind == STRING:
        return _ESCAPE.sub(_unescape, text[1:-1])
    if kind == NUMBER:
        return _number(text, expression, place)
    if kind == OPERATOR and text in _FOREIGN:
        raise fault(f"{text} is not used in filters: {_FOREIGN[text]}", expression, place)
    if kind == "other":
        if text in "\"'":
            raise fault(f"the text that begins here has no closing {text}", expression, place)
        raise fault(f"{text!r} means nothing here", expression, place)
    return None


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code if code in "\"'\\" else "\\" + code)


def _number(text: str, expression: str, place: int) -> int | float:
    following = expression[place + len(text) : place + len(text) + 1]
    try:
        if following.isidentifier():
            raise ValueError
        return int(text) if text.replace("_", "").isdigit() else float(text)
    except ValueError:
        shown = re.match(r"[\w.]+", expression[place:])
        raise fault(
            f"{(shown[0] if shown else text)[:40]} is not a number; a key that begins with a digit goes into brackets: "
            'config["3d"]',
            expression,
            place,
        ) from None
