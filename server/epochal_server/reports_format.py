"""The text of a report, split into markdown and grids of panels, and put together again byte for byte.

A grid is a fenced block of markdown with the info word `epochal` whose fence begins a line. `pages/js/report/blocks.js`
does the same in the browser; both are held to tests/server/report_examples.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

#: The first word behind the fence of a grid.
INFO: Final = "epochal"
#: A grid is written in lines of at most so many characters, where it can be.
_LINE: Final = 100

_LINES: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
#: CommonMark, 4.5: up to three spaces, three or more of one character, and a word; none of them in a backticks' info.
_OPENS: Final = re.compile(r"( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))$", re.DOTALL)
_CLOSES: Final = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*$")
#: CommonMark, 4.2 and 4.3 (of one line).
_HEADING: Final = re.compile(r" {0,3}#(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE: Final = re.compile(r" {0,3}=+[ \t]*$")
_NO_PARAGRAPH: Final = re.compile(r" {4}|\t| {0,3}(?:[>#]|[-+*][ \t]|\d{1,9}[.)][ \t]|`{3}|~{3})")


class Fault(NamedTuple):
    """Why a grid cannot be read.

    Attributes:
        message: what is wrong.
        line, column: where in the report's text, both from 1.
    """

    message: str
    line: int
    column: int


class Block(NamedTuple):
    """A part of a report.

    Attributes:
        kind: `text` or `grid`.
        text: the part as the file has it, with its fences and the end of its last line.
        grid: of a grid its JSON object; None where that cannot be read.
        error: why not.
        first: of a grid the number of its first line, from 1.
    """

    kind: str
    text: str
    grid: dict[str, Any] | None = None
    error: Fault | None = None
    first: int = 1


def parse(text: str) -> list[Block]:
    """Return the blocks of a report; their texts one after the other are the whole text."""
    blocks: list[Block] = []
    before: list[str] = []
    lines = list(enumerate(_LINES.findall(text), 1))
    rest = iter(lines)
    for number, line in rest:
        fence = _fence(line)
        if fence is None:
            before.append(line)
            continue
        held = [line]
        closed = _take(rest, fence.marks, held)
        if not fence.grid:
            before += held
            continue
        if before:
            blocks.append(Block("text", "".join(before)))
            before = []
        blocks.append(_grid(held, number, closed=closed, marks=fence.marks))
    if before:
        blocks.append(Block("text", "".join(before)))
    return blocks


def write(blocks: Iterable[Block]) -> str:
    """Return the text of a report from its blocks."""
    return "".join(block.text for block in blocks)


def title_of(text: str) -> str | None:
    """Return the heading of the first level that a report begins with; None where it begins with something else."""
    lines: list[str] = [line.rstrip("\r\n") for line in _LINES.findall(text.removeprefix("\ufeff"))]
    while lines and not lines[0].strip(" \t"):
        del lines[0]
    if not lines:
        return None
    heading = _HEADING.match(lines[0])
    if heading is not None:
        return str(heading[1] or "").strip(" \t") or None
    if len(lines) > 1 and _UNDERLINE.match(lines[1]) and not _NO_PARAGRAPH.match(lines[0]):
        return lines[0].strip(" \t")
    return None


def grid_text(grid: dict[str, Any]) -> str:
    """Return a grid as readable JSON: what fits into a line stands in one, but for the grid itself and its panels."""
    members = [
        f"  {_json(name)}: " + (_broken(value, 2) if name == "panels" else _written(value, 2, len(_json(name)) + 4))
        for name, value in grid.items()
    ]
    return "{\n" + ",\n".join(members) + "\n}" if members else "{}"


def fenced(grid: dict[str, Any]) -> str:
    """Return a grid as a block of a report."""
    text = grid_text(grid)
    marks = max([2, *(len(run) for run in re.findall("`+", text))]) + 1
    return f"{'`' * marks}{INFO}\n{text}\n{'`' * marks}\n"


# -- within --


class _Fence(NamedTuple):
    marks: str
    grid: bool


def _fence(line: str) -> _Fence | None:
    found = _OPENS.match(line.rstrip("\r\n"))
    if found is None:
        return None
    indent, backticks, info, tildes, other = found.groups()
    words = (info if backticks else other).split()
    return _Fence(backticks or tildes, not indent and words[:1] == [INFO])


def _take(rest: Iterator[tuple[int, str]], marks: str, held: list[str]) -> bool:
    """Add the lines of a fenced block; return whether its end was found."""
    for _, line in rest:
        held.append(line)
        end = _CLOSES.match(line.rstrip("\r\n"))
        if end is not None and end[1][0] == marks[0] and len(end[1]) >= len(marks):
            return True
    return False


def _grid(held: list[str], first: int, *, closed: bool, marks: str) -> Block:
    text = "".join(held)
    if not closed:
        why = f"the grid does not end: a line with {marks} is missing behind it"
        return Block("grid", text, None, Fault(why, first, 1), first)
    inside = "".join(held[1:-1])
    try:
        found = json.loads(inside, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        before = inside[: error.pos]
        lines = _LINES.findall(before)
        at_start = not lines or lines[-1][-1] in "\r\n"
        line, column = (len(lines), 0) if at_start else (len(lines) - 1, len(lines[-1]))
        fault = Fault(f"this is no JSON: {error.msg}", first + 1 + line, column + 1)
        return Block("grid", text, None, fault, first)
    except (ValueError, RecursionError) as error:
        return Block("grid", text, None, Fault(f"this is no JSON: {error}", first + 1, 1), first)
    if not isinstance(found, dict):
        return Block("grid", text, None, Fault("a grid is a JSON object: {…}", first + 1, 1), first)
    return Block("grid", text, found, None, first)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is none of its numbers")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _written(value: Any, indent: int, used: int) -> str:
    """Return a value in one line where that has room behind so many characters, else in several."""
    line = _json(value)
    if used + len(line) + 1 <= _LINE or not isinstance(value, (dict, list)) or not value:
        return line
    return _broken(value, indent)


def _broken(value: Any, indent: int) -> str:
    if not isinstance(value, (dict, list)) or not value:
        return _json(value)
    within = " " * (indent + 2)
    if isinstance(value, list):
        parts = [within + _written(each, indent + 2, indent + 2) for each in value]
        return "[\n" + ",\n".join(parts) + f"\n{' ' * indent}]"
    parts = []
    for name, each in value.items():
        begin = f"{within}{_json(name)}: "
        parts.append(begin + _written(each, indent + 2, len(begin)))
    return "{\n" + ",\n".join(parts) + f"\n{' ' * indent}}}"
