"""Takes back what our own exports say: the facts of runs, and their points, field by field."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from ..journal.format import BOOL, FLOAT, INT
from .facts import SCHEMA, VERSION, from_json
from .field_values import step_of
from .foreign import Ending, ForeignRun
from .tables import LeftOut

if TYPE_CHECKING:
    from .import_job import ImportJob

#: What points that follow one another share, and what each has of its own.
_SHARED: Final = ("metric", "kind", "rank", "abandoned", "system")
_MEASURED: Final = itemgetter("step", "time", "value", "row")
#: Points that are taken over together, at most.
_TOGETHER: Final = 1 << 12
_WHOLE: Final = frozenset({int, str})
_PLAIN: Final = frozenset({int, float, str, bool})
_LETTERS: Final = {"float": FLOAT, "int": INT, "bool": BOOL}
_ENDED: Final = ("finished", "failed", "interrupted", "killed", "lost")
_INT64: Final = range(-(1 << 63), 1 << 63)
_FLOATS: Final = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def _float_cells(values: Sequence[Any]) -> array[int]:
    return array("q", array("d", map(float, values)).tobytes())


def _int_cells(values: Sequence[Any]) -> array[int]:
    if not {int, str}.issuperset(map(type, values)):
        raise ValueError("not all of them are integers")
    return array("q", map(int, values))


def _bool_cells(values: Sequence[Any]) -> array[int]:
    return array("q", map(_truth, values))


_CELLS: Final = {"float": _float_cells, "int": _int_cells, "bool": _bool_cells}


def check_version(header: Mapping[str, Any], path: Path) -> None:
    """Make sure that this version can read an export.

    Raises:
        BadValueError: it cannot.
    """
    if header.get("schema") != SCHEMA:
        raise BadValueError(f"{path} is no export of Epochal's")
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise BadValueError(
            f"{path} was written in version {version!r} of the export format, this Epochal reads {VERSION}: install a "
            "newer one"
        )


def begin(job: ImportJob, facts: dict[str, Any], source: Path, files: list[Path]) -> ForeignRun | None:
    """Begin a run from its facts in JSON; None where nothing is to be done.

    Raises:
        BadValueError: the id is none.
    """
    facts = from_json(dict(facts))
    text = {key: facts.get(key) for key in ("id", "name", "project", "group", "job_type", "notes", "host")}
    text = {key: value if isinstance(value, str) and value else None for key, value in text.items()}
    if text["id"] is None:
        raise BadValueError("a run in it has no id")
    run = job.found(source, files, id=text["id"], project=text["project"], name=text["name"])
    if run is None:
        return None
    run.meta |= {key: text[key] for key in ("group", "job_type", "notes")}
    run.meta["tags"] = [tag for tag in _list(facts.get("tags")) if isinstance(tag, str)]
    run.host, run.started = text["host"], _number(facts.get("started"))
    run.config, run.environment = _dict(facts.get("config")), _dict(facts.get("environment"))
    run.summary = _dict(facts.get("manual_summary"))
    run.definitions = [
        {key: each.get(key) for key in ("name", "step", "summary", "goal")}
        for each in _list(facts.get("metrics"))
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    ]
    run.notices = [
        {"code": str(each.get("code")), "text": str(each.get("text")), "time": each.get("time"),
         "data": _dict(each.get("data"))}
        for each in _list(facts.get("notices")) if isinstance(each, dict)
    ]  # fmt: skip
    run.ending = _ending(facts)
    return run


def _ending(facts: Mapping[str, Any]) -> Ending:
    state, reason = facts.get("state"), facts.get("reason")
    if state not in _ENDED:
        state, reason = "lost", f"it was {state} when it was exported"
    whole = [facts.get(key) if type(facts.get(key)) is int else None for key in ("exit_code", "signal")]
    return Ending(str(state), reason if isinstance(reason, str) else None, _number(facts.get("finished")), *whole)


class Batch:
    """Points of our own form that follow one another, taken over together where nothing is odd about them."""

    def __init__(self, run: ForeignRun) -> None:
        self.run = run
        self.faults = LeftOut()
        self._key: tuple[Any, ...] = ()
        self._points: list[Mapping[str, Any]] = []
        self._lines: list[int] = []

    def add(self, point: Mapping[str, Any], line: int) -> None:
        """Add a point; `line` is its place in the file, for messages."""
        key = tuple(map(point.get, _SHARED))
        if key != self._key or len(self._points) >= _TOGETHER:
            self.flush()
            self._key = key
        self._points.append(point)
        self._lines.append(line)

    def flush(self) -> None:
        """Take over what waits."""
        points, lines, self._points, self._lines = self._points, self._lines, [], []
        if points and not self._take_together(points):
            for point, line in zip(points, lines, strict=True):
                try:
                    _add_point(self.run, point)
                except (ValueError, KeyError, TypeError, OverflowError) as error:
                    self.faults.line(str(error), line)

    def _take_together(self, points: list[Mapping[str, Any]]) -> bool:
        """Take points over by columns and return True; or leave everything as it is: one of them is odd."""
        metric, kind, rank, abandoned, system = self._key
        try:
            if kind not in _CELLS or type(metric) is not str or _truth(abandoned or False):
                return False
            steps, times, values, rows = zip(*map(_MEASURED, points), strict=True)
            if not _WHOLE.issuperset(map(type, (*steps, *rows))) or not _PLAIN.issuperset(map(type, (*times, *values))):
                return False
            columns = array("q", map(int, steps)), array("d", map(float, times)), _CELLS[kind](values)
            track = self.run.track(metric, rank=_rank(rank), system=_truth(system or False))
            track.extend(_LETTERS[kind], *columns, array("q", map(int, rows)))
        except (ValueError, KeyError, TypeError, OverflowError):
            return False
        return True


def take_all(job: ImportJob, source: Path, batches: Iterable[Batch | None], lost: LeftOut) -> None:
    """Hand over the runs of a source, and report the lines that belong to none."""
    for batch in batches:
        if batch is not None:
            batch.flush()
            batch.faults.tell(batch.run)
            job.take(batch.run)
    for what in lost.texts():
        job.skip(source, what)


def _add_point(run: ForeignRun, fields: Mapping[str, Any]) -> None:
    """Add a point of our own form; those that a resume had abandoned are counted and left out.

    Raises:
        ValueError: a field that is not what it should be; the message says which.
    """
    if _truth(fields.get("abandoned", False)):
        run.leave_out("points that a resume or rewind had abandoned")
        return
    metric = fields["metric"]
    if not isinstance(metric, str):
        raise ValueError("the metric is no text")
    rank = _rank(fields["rank"])
    row = int(fields["row"])
    if row not in _INT64:
        raise ValueError(f"row {row} does not fit 64 bits")
    run.point(
        metric, step_of(fields["step"]), _value(fields["kind"], fields["value"]), row=row,
        time=_float(fields["time"]), rank=rank, system=_truth(fields.get("system", False)),
    )  # fmt: skip


def _value(kind: Any, value: Any) -> Any:
    if kind == "float":
        return _float(value)
    if kind == "int" and type(value) in (int, str):
        return int(value)
    if kind == "bool":
        return _truth(value)
    if kind == "text" and isinstance(value, str):
        return value
    raise ValueError(f"kind {kind!r} does not fit the value")


def _rank(value: Any) -> int:
    rank = int(value)
    if not 0 <= rank < 1 << 31:
        raise ValueError(f"rank {rank} cannot be")
    return rank


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is no number")
    return float(_FLOATS.get(value, value) if isinstance(value, str) else value)


def _truth(value: Any) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise ValueError(f"{value!r} is neither true nor false")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
