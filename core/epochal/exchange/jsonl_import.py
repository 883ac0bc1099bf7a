"""Imports JSON lines: our own exactly, and others with one object for each step, as many loops write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from ..json_values import NOT_FINITE
from ..values import flat
from .field_values import STEP_NAMES, TIME_NAMES, NoStep, pick, step_of, time_of
from .own_records import Batch, begin, check_version, take_all
from .tables import LeftOut
from .text_files import open_text, what_is_wrong

if TYPE_CHECKING:
    from .foreign import ForeignRun
    from .import_job import ImportJob

#: The longest line that is read, in characters.
_LINE: Final = 1 << 26


def detect(path: Path) -> bool:
    """Return whether a path is a file named `.jsonl` or `.ndjson` that holds text."""
    return path.suffix.lower() in (".jsonl", ".ndjson") and what_is_wrong(path) is None


def import_(job: ImportJob) -> None:
    """Import each source."""
    for source in job.sources:
        try:
            with open_text(source) as file:
                _import_one(job, source, file)
        except (BadValueError, UnicodeError) as error:
            job.skip(source, str(error))


def _import_one(job: ImportJob, source: Path, file: IO[str]) -> None:
    lost = LeftOut()
    objects = _objects(file, lost)
    first = next(objects, None)
    if first is None:
        raise BadValueError("; ".join(["no line of it is a JSON object", *lost.texts()]))
    if first[1].get("type") == "export" and "schema" in first[1]:
        check_version(first[1], source)
        _import_own(job, source, objects, lost)
        return
    run = job.found(source, [source], name=source.stem)
    if run is not None:
        _read_rows(run, first, objects, lost, job.options)
        job.take(run)


def _objects(file: IO[str], lost: LeftOut) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of each line that is one."""
    number = 0
    while line := file.readline(_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            # the last line of a file that is still being written may be half there
            lost.line("no JSON" if line.endswith("\n") else "no JSON, or longer than 64 MiB, or not whole yet", number)
            continue
        if isinstance(found, dict):
            yield number, found
        else:
            lost.line("no object", number)


def _import_own(job: ImportJob, source: Path, objects: Iterator[tuple[int, dict[str, Any]]], lost: LeftOut) -> None:
    runs: dict[str, Batch | None] = {}
    for number, found in objects:
        kind = found.get("type")
        id = str(found.get("id" if kind == "run" else "run"))
        if kind == "run":
            if id not in runs:
                try:
                    run = begin(job, found, source, [source])
                except BadValueError as error:
                    lost.line(str(error), number)
                else:
                    runs[id] = None if run is None else Batch(run)
        elif kind != "point" or id not in runs:
            lost.line("neither a run nor a point of one", number)
        elif (batch := runs[id]) is not None:
            batch.add(found, number)
    take_all(job, source, runs.values(), lost)


def _read_rows(
    run: ForeignRun,
    first: tuple[int, dict[str, Any]],
    objects: Iterator[tuple[int, dict[str, Any]]],
    lost: LeftOut,
    options: Mapping[str, str],
) -> None:
    """Add one row for each object: nested objects are joined with `/`, what is no number is counted and left out.

    Raises:
        BadValueError: no line holds a number.
    """
    count = 0
    left: dict[str, int] = {}
    counted = False
    for number, found in _chained(first, objects):
        step_name = options.get("step") or pick(found, STEP_NAMES)
        time_name = options.get("time") or pick(found, TIME_NAMES)
        try:
            step = step_of(found.get(step_name)) if step_name is not None else count
        except NoStep as error:
            lost.line(str(error), number)
            continue
        counted |= step_name is None
        count += 1
        skipped = {name for name in (step_name, time_name) if name is not None and name.lower() != "epoch"}
        values = {}
        for name, value in flat({key: value for key, value in found.items() if key not in skipped}):
            value = NOT_FINITE.get(value, value) if isinstance(value, str) else value  # noqa: PLW2901
            if isinstance(value, (bool, int, float)):
                values[name] = value
            elif value is not None:
                left[name] = left.get(name, 0) + 1
        if values:
            run.row(step, values, time=None if time_name is None else time_of(found.get(time_name)))
    run.unify()
    for name, times in left.items():
        run.leave_out(f"key {name!r}: values that are no numbers", times)
    lost.tell(run)
    if counted:
        run.leave_out("lines without a step were counted from 0")
    if not run.tracks:
        raise BadValueError("; ".join(["no line of it holds a number", *run.left_out]))


def _chained(
    first: tuple[int, dict[str, Any]], rest: Iterator[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    yield first
    yield from rest
