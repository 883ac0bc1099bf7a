"""Imports CSV: our own long form exactly, and other tables with a line for each step and a column for each metric."""

from __future__ import annotations

import contextlib
import csv
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .csv_export import BESIDE, COLUMNS
from .own_records import Batch, begin, check_version, take_all
from .tables import LeftOut, Wide
from .text_files import open_text, what_is_wrong

if TYPE_CHECKING:
    from .foreign import ForeignRun
    from .import_job import ImportJob

#: The longest field that is read, in characters.
_FIELD: Final = 1 << 26
_limit = threading.Lock()


def detect(path: Path) -> bool:
    """Return whether a path is a file named `.csv` or `.tsv` that holds text."""
    return path.suffix.lower() in (".csv", ".tsv") and what_is_wrong(path) is None


def import_(job: ImportJob) -> None:
    """Import each source."""
    for source in job.sources:
        try:
            with open_text(source, job.options.get("encoding")) as file, _long_fields():
                _import_one(job, source, file)
        except (BadValueError, UnicodeError, csv.Error) as error:
            job.skip(source, str(error))


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    """Let the csv module take fields that are longer than 128 KiB; its limit is one for the whole process."""
    with _limit:
        before = csv.field_size_limit(_FIELD)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _import_one(job: ImportJob, source: Path, file: IO[str]) -> None:
    lines = csv.reader(file, delimiter=_delimiter(file, job.options.get("delimiter"), source))
    names = next(lines, None)
    if not names or not any(name.strip() for name in names):
        raise BadValueError("it is empty: its first line should name the columns")
    if tuple(names[: len(COLUMNS)]) == COLUMNS:
        _import_own(job, source, names, lines)
        return
    run = job.found(source, [source], name=source.stem)
    if run is not None:
        read_table(run, names, lines, step=job.options.get("step"), time=job.options.get("time"))
        job.take(run)


def read_table(
    run: ForeignRun, names: list[str], lines: Iterator[list[str]], *, step: str | None = None, time: str | None = None
) -> None:
    """Add the lines of a table to a run.

    Raises:
        BadValueError: a column that was named and is not there; no line that can be used.
    """
    table = Wide(run, names, step=step, time=time)
    number = 1
    while True:
        number += 1
        try:
            fields = next(lines, None)
        except csv.Error as error:
            table.left_out.line(f"not understood ({error})", number)
            continue
        if fields is None:
            break
        if fields:
            table.add(fields, number)
    table.close()


def _import_own(job: ImportJob, source: Path, names: list[str], lines: Iterator[list[str]]) -> None:
    """Import our own long form, with what stands in the file beside it."""
    beside = source.with_name(source.name + BESIDE)
    facts = _read_beside(job, source, beside)
    files = [source, beside] if facts else [source]
    found = {id: begin(job, each, source, files) for id, each in facts.items()}
    runs = {id: None if run is None else Batch(run) for id, run in found.items()}
    if facts and not any(runs.values()):
        return
    lost = LeftOut()
    for number, fields in enumerate(lines, 2):
        if len(fields) != len(names):
            if fields:
                lost.line(f"{len(fields)} fields where {len(names)} belong", number)
            continue
        point = dict(zip(names, fields, strict=True))
        id = point["run"]
        if id not in runs:
            if facts:
                lost.line(f"of a run that {beside.name} does not name", number)
                continue
            try:
                run = job.found(source, files, id=id)
            except BadValueError as error:
                lost.line(str(error), number)
                continue
            runs[id] = None if run is None else Batch(run)
        batch = runs[id]
        if batch is not None:
            batch.add(point, number)
    take_all(job, source, runs.values(), lost)


def _read_beside(job: ImportJob, source: Path, beside: Path) -> dict[str, dict[str, Any]]:
    """Return the facts of each run by its id, as the file beside a CSV file has them."""
    if not beside.exists():
        job.skip(source, f"{beside.name} is not beside it: config, summary and the rest are not taken over")
        return {}
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
        check_version(found, beside)
        return {str(each["id"]): each for each in found["runs"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadValueError(f"{beside.name} beside it cannot be read: {error}") from error


def _delimiter(file: IO[str], wanted: str | None, source: Path) -> str:
    if wanted is not None:
        found = {"tab": "\t", "\\t": "\t"}.get(wanted, wanted)
        if len(found) != 1:
            raise BadValueError(f"delimiter {wanted!r} cannot be used: give one character, or tab")
        return found
    first = file.readline(1 << 16)
    file.seek(0)
    if source.suffix.lower() == ".tsv":
        return "\t"
    return max(",;\t", key=first.count)
