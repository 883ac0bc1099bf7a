"""Values of several runs side by side: a column for each run, in as many blocks as the terminal's width asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ..differences.rows import MISSING, Row, same
from . import text

if TYPE_CHECKING:
    from collections.abc import Mapping

_GAP: Final = 2
#: No column of values is narrower than it may have to be, or wider than this while others want room.
_NARROW, _WIDE = 8, 28
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TYPES: Final = {"str": "text", "dict": "mapping", "NoneType": "None"}


class Line(NamedTuple):
    """One line of a block: what it is about, a cell for each run, and the style of all of it."""

    name: str
    cells: list[Text]
    style: str = ""


def letter(index: int) -> str:
    """Return the short name of a run in a comparison: A, B, C, and so on to Z, then A1, B1."""
    turn, place = divmod(index, len(_LETTERS))
    return f"{_LETTERS[place]}{turn or ''}"


def blocks(headers: Sequence[str], lines: Sequence[Line], width: int) -> Iterator[Table]:
    """Yield tables that are at most `width` wide and hold all columns, one after the other."""
    names = min(max([cell_len(line.name) for line in lines], default=1), max(width // 3, 12))
    room = max(width - names - 2 - _GAP, _NARROW)
    share = room // len(headers) - _GAP
    most = max(share, min(_WIDE, room - _GAP)) if share < _WIDE else share
    widths = [
        min(max([cell_len(header), *(line.cells[at].cell_len for line in lines)]), max(most, _NARROW))
        for at, header in enumerate(headers)
    ]
    start = 0
    while start < len(headers):
        end, taken = start, 0
        while end < len(headers) and (end == start or taken + widths[end] + _GAP <= room):
            taken += widths[end] + _GAP
            end += 1
        yield _block(headers, lines, range(start, end), names, widths)
        start = end


def _block(headers: Sequence[str], lines: Sequence[Line], which: range, names: int, widths: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    table.add_column("", width=names + 2, no_wrap=True, overflow="ellipsis")
    for at in which:
        table.add_column(
            Text(headers[at]), width=widths[at], justify="right", no_wrap=True, overflow="ellipsis"
        )  # fmt: skip
    for line in lines:
        table.add_row(Text(f"  {line.name}"), *(line.cells[at] for at in which), style=line.style)
    return table


def line_of(row: Row, marks: Mapping[int, str] | None = None) -> Line:
    """Return the line of a row; those that differ are bold, and `marks` stand before the cells that they name."""
    found = []
    for at, (value, words) in enumerate(zip(row.values, cells(row), strict=True)):
        style = "dim" if value is MISSING else ""
        cell = Text(words, style=style)
        if marks and at in marks:
            cell = Text(f"{marks[at]} {words}", style="bold green")
        found.append(cell)
    return Line(text.shown(row.key, 80), found, "" if row.same else "bold")


def cells(row: Row) -> list[str]:
    """Return how the values of a row look: what differs looks different."""
    values = row.values
    looks = [_look(value) for value in values]
    if row.same:
        return looks
    if row.retyped and not any(isinstance(value, (dict, list)) for value in values):
        return [
            look if value is MISSING or value is None else f"{look} ({_type(value)})"
            for value, look in zip(values, looks, strict=True)
        ]
    if len(set(looks)) < _kinds(values):
        return _without_shared([_full(value) for value in values])
    return _without_shared(looks)


def _look(value: Any) -> str:
    if value is MISSING:
        return "–"
    return "None" if value is None else text.value(value, 200)


def _type(value: Any) -> str:
    name = type(value).__name__
    return _TYPES.get(name, name)


def _kinds(values: Sequence[Any]) -> int:
    different: list[Any] = []
    for value in values:
        if not any(same(value, other) for other in different):
            different.append(value)
    return len(different)


def _full(value: Any) -> str:
    return _look(value) if value is MISSING or value is None else text.shown(repr(value))


def _without_shared(looks: Sequence[str]) -> list[str]:
    """Return long texts without what they all begin with, so that a narrow column shows where they differ."""
    shared = next((at for at, chars in enumerate(zip(*looks, strict=False)) if len(set(chars)) > 1), 0)
    start = shared - 8
    return [f"…{look[start:]}" for look in looks] if start > 12 else list(looks)
