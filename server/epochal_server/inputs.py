"""Reads what a request brings, and refuses by name what is not understood: nothing is passed over in silence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request

from .problems import Problem

#: A body may not be longer, in bytes.
LARGEST_BODY: Final = 1 << 20
#: Nor a text of it, in characters, unless a reader says otherwise.
LONGEST_TEXT: Final = 10_000


def refused(name: str, why: str) -> Problem:
    """Return the problem of one input."""
    return Problem(400, "an input cannot be used", detail=f"{name} {why}", input=name)


async def json_body(request: Request, *, largest: int = LARGEST_BODY) -> Inputs:
    """Return the members of a JSON object, which has at most so many bytes.

    Raises:
        Problem: it is too large, no JSON, or no object.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "no JSON", detail="send the header Content-Type: application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > largest:
            raise Problem(413, "too large", detail=f"a body may have {largest} bytes")
    try:
        found = json.loads(bytes(body), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "no JSON", detail=f"the body cannot be read: {error}") from None
    if b"\\ud" in bytes(body).lower():  # half of a character that JSON writes as two: no answer could hold it
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Problem(400, "no text", detail="the body holds half of a character (a lone surrogate)") from None
    if not isinstance(found, dict):
        raise Problem(400, "no object", detail="the body must be a JSON object")
    return Inputs(found)


def query(request: Request) -> Inputs:
    """Return the parameters of a request's address, as texts.

    Raises:
        Problem: one is given twice.
    """
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name in found:
            raise refused(name, "is given twice")
        found[name] = text
    return Inputs(found)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


class Inputs:
    """Named inputs of one request; each is read once, and `done` refuses those that nobody asked for."""

    def __init__(self, values: Mapping[str, Any], within: str = "") -> None:
        self._values, self._within = dict(values), within
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None, *, longest: int = LONGEST_TEXT) -> str | None:
        """Return a text, or the default where it is missing or null."""
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._refused(name, f"is {_shown(value)}: give a text")
        if len(value) > longest:
            raise self._refused(name, f"has {len(value)} characters: {longest} are the most")
        if "\0" in value:
            raise self._refused(name, "has a NUL character in it")
        return value

    def required_text(self, name: str, *, longest: int = LONGEST_TEXT) -> str:
        """Return a text that must be there."""
        found = self.text(name, longest=longest)
        if found is None:
            raise self._refused(name, "is missing")
        return found

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return one of some words."""
        found = self.text(name, default) or default
        if found not in choices:
            raise self._refused(name, f"is {found!r}: take one of {', '.join(choices)}")
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a truth value; in an address `true` and `false`, `1` and `0` are."""
        value = self._take(name)
        if value is None:
            return default
        found = {"true": True, "1": True, "false": False, "0": False}.get(value) if isinstance(value, str) else value
        if not isinstance(found, bool):
            raise self._refused(name, f"is {_shown(value)}: give true or false")
        return found

    def whole(self, name: str, default: int | None = None, *, least: int, most: int) -> int:
        """Return an integer within bounds; without a default it must be there."""
        value = self._as(int, name, default, longest=20)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._refused(name, f"must be an integer from {least} to {most}")
        return value

    def number(self, name: str, default: float | None = None, *, least: float, most: float) -> float:
        """Return a finite number within bounds; without a default it must be there."""
        value = self._as(float, name, default, longest=40)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not (least <= value <= most):
            value = math.inf
        try:
            found = float(value)
        except OverflowError:  # an integer of hundreds of digits
            found = math.inf
        if not math.isfinite(found):
            bounds = f" from {least:g} to {most:g}" if math.isfinite(least) and math.isfinite(most) else ", and finite"
            raise self._refused(name, f"must be a number{bounds}")
        return found

    def texts(self, name: str, *, most: int, longest: int = 1000) -> list[str]:
        """Return a list of texts, empty where it is missing."""
        return [each for each in self._list(name, most, str, "texts") if self._short(name, each, longest)]

    def scalars(self, name: str, *, most: int) -> list[str | float | int | bool | None]:
        """Return a list of texts, numbers, truth values and nulls."""
        return self._list(name, most, (str, int, float, bool, type(None)), "texts, numbers, truth values and nulls")

    def objects(self, name: str, *, most: int) -> list[Inputs]:
        """Return a list of objects, each to be read like this one."""
        return [
            Inputs(each, f"{self._within}{name}[{at}].")
            for at, each in enumerate(self._list(name, most, dict, "objects"))
        ]

    def object(self, name: str) -> Inputs | None:
        """Return an object, or None where it is missing."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._refused(name, f"is {_shown(value)}: give an object")
        return Inputs(value, f"{self._within}{name}.")

    def any(self, name: str) -> Any:
        """Return whatever was given, or None."""
        return self._take(name)

    def done(self) -> None:
        """Refuse what was given and not asked for."""
        for name in self._values.keys() - self._read:
            raise self._refused(name, f"is unknown: {_known(self._read)}")

    def _take(self, name: str) -> Any:
        self._read.add(name)
        return self._values.get(name)

    def _as(self, kind: Callable[[str], float], name: str, default: float | None, *, longest: int) -> Any:
        """Return what was given or the default; a text, as addresses have it, as a number, None where it is none."""
        value = self._take(name)
        if value is None:
            if default is None:
                raise self._refused(name, "is missing")
            return default
        if not isinstance(value, str):
            return value
        try:
            return kind(value) if len(value) <= longest else None
        except ValueError:
            return None

    def _list(self, name: str, most: int, kind: Any, words: str) -> list[Any]:
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
            raise self._refused(name, f"must be a list of {words}")
        if len(value) > most:
            raise self._refused(name, f"has {len(value)} items: {most} are the most")
        return value

    def _short(self, name: str, text: str, longest: int) -> bool:
        if len(text) > longest or "\0" in text:
            raise self._refused(name, f"holds a text that is too long or has a NUL character: {longest} are the most")
        return True

    def _refused(self, name: str, why: str) -> Problem:
        return refused(self._within + name, why)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _known(names: Iterable[str]) -> str:
    return "known are " + ", ".join(sorted(names)) if names else "none is known"
