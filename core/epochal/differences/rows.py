"""Values that several runs have under one name, side by side, and whether they are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


#: Stands where a run has no such key at all; a value of None was set.
MISSING: Final = Missing.MISSING


@dataclass(frozen=True)
class Row:
    """One name and what each run has under it.

    Attributes:
        key: the name, nested ones joined by dots; a part that holds dots itself stands in brackets, `a["b.c"]`.
        values: one for each run, `MISSING` where it has none.
        same: whether all have the same value of the same type: 1, 1.0 and "1" are three, NaN and NaN are one.
    """

    key: str
    values: tuple[Any, ...]
    same: bool

    @property
    def retyped(self) -> bool:
        """Whether values differ in type, such as 1 and 1.0, where that is easily overlooked."""
        present = [value for value in self.values if value is not MISSING]
        return len({type(value) for value in present}) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data: `present` tells what is missing from what is None."""
        return {
            "key": self.key,
            "same": self.same,
            "values": [None if value is MISSING else value for value in self.values],
            "present": [value is not MISSING for value in self.values],
        }


def rows(mappings: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return a row for each name of nested mappings, those that differ first, in the order of the first that has it."""
    leaves = [dict(_leaves(mapping)) for mapping in mappings]
    found = [
        row(_dotted(path), [each.get(path, MISSING) for each in leaves])
        for path in dict.fromkeys(path for each in leaves for path in each)
    ]
    return sorted(found, key=lambda one: one.same)


def row(key: str, values: Sequence[Any]) -> Row:
    """Return the row of one name."""
    return Row(key, tuple(values), all(same(values[0], other) for other in values[1:]))


def same(one: Any, other: Any) -> bool:
    """Return whether two values of a config are the same, in type too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


def _leaves(mapping: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield path and value of everything in nested mappings that is no mapping, or an empty one; in order."""
    stack = [_inner((), mapping)]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif isinstance(found[1], Mapping) and found[1]:
            stack.append(_inner(*found))
        else:
            yield found


def _inner(path: tuple[str, ...], mapping: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    return (((*path, str(key)), value) for key, value in mapping.items())


def _dotted(path: tuple[str, ...]) -> str:
    text = ""
    if "" not in path and not any("." in part for part in path):
        return ".".join(path)
    for part in path:
        if "." in part or not part:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
        else:
            text += f".{part}" if text else part
    return text
