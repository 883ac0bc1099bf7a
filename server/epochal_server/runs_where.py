"""Checks filters of the `where` language before they are used, and says where they are wrong."""

from __future__ import annotations

import difflib
import re
from typing import Any

from epochal import where as filters
from epochal.errors import WhereError

from .runs_table import RunsTable


def place_of(error: WhereError, text: str) -> dict[str, Any]:
    """Return what is wrong with a filter: `detail`, and its place `at` with a `length`, counted as JavaScript does."""
    at = min(error.position, len(text))
    word = re.match(r"\w+|==|!=|<=|>=|&&|\|\||\S", text[at:])
    return {
        "detail": str(error).partition("\n")[0],
        "at": utf16(text[:at]),
        "length": utf16(word[0]) if word else 0,
    }


def check(text: str, table: RunsTable) -> dict[str, Any]:
    """Return {ok: true, hints} for a filter that can be understood, else {ok: false, message, at, length}.

    A hint names what no run has and was likely meant otherwise.
    """
    try:
        expression = filters.parse(text)
    except WhereError as error:
        found = place_of(error, text)
        return {"ok": False, "message": found.pop("detail"), **found}
    return {"ok": True, "hints": _hints(expression.paths, table)}


def utf16(text: str) -> int:
    """Return how long a text is for JavaScript: characters beyond 16 bits count twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def from_utf16(text: str, at: int) -> int:
    """Return the place in a Python text of a place that JavaScript counted; one within a character is before it."""
    place = 0
    for index, character in enumerate(text):
        place += 1 + (character > "\uffff")
        if place > at:
            return index
    return len(text)


def _hints(paths: tuple[tuple[str, ...], ...], table: RunsTable) -> list[str]:
    names = table.spread() if paths else {}
    hints = []
    for base, *keys in dict.fromkeys(paths):
        name = ".".join(keys)
        known = [column.partition(".")[2] for column in names if column.startswith(f"{base}.")]
        if not known or any(each == name or each.startswith(f"{name}.") for each in known):
            continue
        near = difflib.get_close_matches(name, known, 1)
        hints.append(f"no run has {name} in its {base}" + (f": did you mean {near[0]}?" if near else ""))
    return hints
