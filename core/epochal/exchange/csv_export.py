"""Exports CSV: one line for each point, or one for each step, with everything else in a JSON file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .facts import header, run_facts, to_json
from .formats import Exported
from .points import TEXT, Points, columns_of, read_points

if TYPE_CHECKING:
    from pathlib import Path

    from ..recorded import RecordedRun
    from .formats import ExportRequest

#: The columns of the long form, before `abandoned` and `system`, which stand where they were asked for.
COLUMNS: Final = ("run", "metric", "kind", "step", "time", "value", "rank", "row")
#: What is added to the name of a CSV file for the file beside it.
BESIDE: Final = ".runs.json"
_QUOTED: Final = frozenset(',"\r\n')
_NAN: Final = {"nan": "NaN"}


def export(request: ExportRequest) -> Exported:
    """Write the runs."""
    out = request.out
    assert out is not None
    wide = request.options.get("wide", "no").lower() in ("yes", "true", "1", "")
    if wide and (request.points.duplicates or request.points.abandoned):
        raise BadValueError("wide CSV has one line for each step: leave out duplicates and abandoned, or wide")
    with out.open("w", encoding="utf-8", newline="") as file:
        if wide:
            from .wide_csv import write_wide

            counts = write_wide(file, request)
        else:
            counts = _write_long(file, request)
    write_beside(out, request)
    lost = ("wide CSV holds neither times nor kinds: take the long form to import it again",) if wide else ()
    return Exported(tuple(counts), left_out=lost)


def write_beside(out: Path, request: ExportRequest) -> None:
    """Write what is known of the runs beside their points into the file beside."""
    facts = {**header(request.points), "runs": [to_json(run_facts(run)) for run in request.runs]}
    with out.with_name(out.name + BESIDE).open("w", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")


def _write_long(file: IO[str], request: ExportRequest) -> list[int]:
    choice = request.points
    extra = ["abandoned"] * choice.abandoned + ["system"] * choice.system
    file.write(",".join([*COLUMNS, *extra]) + "\n")
    return [_write_run(file, run, request) for run in request.runs]


def _write_run(file: IO[str], run: RecordedRun, request: ExportRequest) -> int:
    count = 0
    for points in read_points(run, request.points):
        file.write(_lines(run.id, points, system=request.points.system))
        count += len(points)
    return count


def _lines(run: str, points: Points, *, system: bool) -> str:
    """Return the lines of a piece of points."""
    steps, times, values, ranks, rows = columns_of(points)
    shown = map(quoted, values) if points.kind == TEXT else map(_word(points), values)
    head = f"{quoted(run)},{quoted(points.metric)},{points.kind},"
    tail = f",{'true' if points.system else 'false'}" if system else ""
    if points.abandoned is None:
        return "".join(
            f"{head}{step},{time!r},{value},{rank},{row}{tail}\n"
            for step, time, value, rank, row in zip(steps, times, shown, ranks, rows, strict=True)
        )
    gone = ["true" if each else "false" for each in points.abandoned.tolist()]
    return "".join(
        f"{head}{step},{time!r},{value},{rank},{row},{away}{tail}\n"
        for step, time, value, rank, row, away in zip(steps, times, shown, ranks, rows, gone, strict=True)
    )


def _word(points: Points) -> Any:
    """Return what writes a value of these points so that it can be read back exactly."""
    if points.kind == "bool":
        return lambda value: "true" if value else "false"
    if points.kind == "int":
        return int.__repr__
    values: Any = points.values
    return float.__repr__ if not (values != values).any() else partial(_float, _NAN)


def _float(words: Mapping[str, str], value: float) -> str:
    word = repr(value)
    return words.get(word, word)


def cell(value: Any) -> str:
    """Return a value of any kind as a field."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _float(_NAN, value) if isinstance(value, float) else repr(value)


def quoted(text: str) -> str:
    """Return a text as a field, in quotes where it needs them."""
    if text and _QUOTED.isdisjoint(text) and text == text.strip():
        return text
    return '"' + text.replace('"', '""') + '"'
