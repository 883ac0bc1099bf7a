"""The checkpoints that a run has recorded: what is left of each, and which is the best."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import processes
from .checkpoint_facts import checkpoint_facts, hash_checkpoint, is_elsewhere
from .run_files import inside
from .step_records import at_steps

if TYPE_CHECKING:
    from .journals import Journals
    from .metadata import Definitions
    from .step_records import StepRecord

#: One that has another time of change but the same size is read, up to this size, to see whether it is the same.
_SMALL: Final = 16 << 20
#: A folder of more files than this, and than twice as many as it had, is not looked through: a record that was copied
#: here may name any folder.
_MOST_FILES: Final = 20_000


class Checkpoint(NamedTuple):
    """One checkpoint.

    Attributes:
        path: where it was written: an absolute path, or an address.
        step: the step that it holds.
        time: when it was recorded, seconds since the epoch.
        rank: whose it is.
        metrics: what it is judged by, name to number.
        bytes: its size, None where it is not known.
        sha256: of the file, or of a folder as docs/checkpoints.md says; None where it is not known.
        state: `present`, `vanished`, `changed` since it was recorded, or `unknown`: on another machine, at an address.
        why: more about the state, or why there is no SHA-256; "" where there is nothing to say.
        best: none that counts has a better value of the metric that they are judged by.
        abandoned: a later resume or rewind has gone back behind it.
        file: its copy in the run, if it has one and the copy is there.
        data: what else an adapter told: its epoch, say.
    """

    path: str
    step: int
    time: float
    rank: int
    metrics: dict[str, float]
    bytes: int | None
    sha256: str | None
    state: str
    why: str
    best: bool
    abandoned: bool
    file: Path | None
    data: dict[str, Any]


def read_checkpoints(run: Path, journals: Journals, definitions: Definitions, *, verify: bool) -> list[Checkpoint]:
    """Return the checkpoints of all ranks by step, the abandoned ones too.

    Args:
        run: the run's folder.
        journals: the run's.
        definitions: what `define_metric` chose.
        verify: read those that are there, and compare their SHA-256.
    """
    records = [record for record in at_steps(journals, "checkpoint", rank="all", abandoned=True) if _path(record)]
    hashed = _hashed(journals)
    hosts = {journal.writer: journal.opening.get("host") for journal in journals.ordered}
    judge = judged_by([record for record in records if not record.abandoned], definitions)
    best = _best(records, judge)
    found = []
    for record in records:
        told = hashed.get((record.writer, record.seq), {})
        place = _Place(record.fields, told, run, at_home=hosts.get(record.writer) == processes.host())
        state, why = place.state(verify=verify)
        found.append(Checkpoint(
            path=_path(record), step=record.step, time=record.time, rank=record.rank,
            metrics=_metrics(record), bytes=place.size, sha256=place.sha256, state=state, why=why,
            best=record is best, abandoned=record.abandoned, file=place.copy,
            data=dict(_map(record.fields.get("data"))),
        ))  # fmt: skip
    return found


def checkpoint_data(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield what adapters told of the checkpoints of the run in a folder, also of those without a step."""
    from .journals import Journals

    for journal in Journals(folder).recording("all"):
        for frame in journal.records("checkpoint"):
            yield _map(frame.payload.get("data"))


def judged_by(records: Sequence[StepRecord], definitions: Definitions) -> tuple[str, str] | None:
    """Return the metric that checkpoints are judged by and its goal; None where no goal is known.

    The newest checkpoint that says so decides: by the goal that its framework gave for its first metric, else by the
    first of its metrics for which `define_metric` chose a goal.
    """
    for record in sorted(records, key=lambda each: (each.time, each.seq), reverse=True):
        metrics, goal = _metrics(record), record.fields.get("goal")
        if metrics and goal in {"min", "max"}:
            return next(iter(metrics)), goal
        for name in metrics:
            chosen = definitions.of(name).goal
            if chosen is not None:
                return name, chosen
    return None


def _best(records: Sequence[StepRecord], judge: tuple[str, str] | None) -> StepRecord | None:
    """Return the best that is not abandoned; of equals the first. NaN is never the best."""
    if judge is None:
        return None
    name, goal = judge
    sign = 1.0 if goal == "min" else -1.0
    rated = [
        (sign * value, at)
        for at, record in enumerate(records)
        if not record.abandoned and (value := _metrics(record).get(name)) is not None and value == value
    ]
    return records[min(rated)[1]] if rated else None


class _Place:
    """What one record names, and what is there now."""

    def __init__(self, fields: Mapping[str, Any], told: Mapping[str, Any], run: Path, *, at_home: bool) -> None:
        self._path = str(fields["path"])
        self._told, self._at_home = told, at_home
        #: What the companion saw as it hashed counts before what the training saw: that may have been half of it.
        names = ("bytes", "files", "mtime_ns")
        copied = fields.get("file") is not None
        seen = told if told.get("state") == "hashed" and not copied else fields
        self._facts = {name: seen[name] for name in names if _is_count(seen.get(name))}
        self.size: int | None = self._facts.get("bytes", told.get("bytes") if _is_count(told.get("bytes")) else None)
        self.sha256 = told["sha256"] if isinstance(told.get("sha256"), str) else None
        self.copy = _there(inside(run, fields.get("file")))
        # a run that was moved or copied has taken along what lay in it
        within = _there(inside(run, fields.get("within")))
        self._where = self._path if within is None else str(within)

    def state(self, *, verify: bool) -> tuple[str, str]:
        """Return the state, and what more there is to say."""
        if is_elsewhere(self._path):
            return "unknown", "at an address that is not looked at"
        most = max(2 * self._facts.get("files", 0), _MOST_FILES)
        try:
            now = checkpoint_facts(self._where, most_files=None if verify else most)
        except OSError as error:
            return "unknown", f"it cannot be looked at ({error.strerror or error})"
        if now is None:
            return ("vanished", self._unhashed()) if self._at_home else ("unknown", "written on another machine")
        if "bytes" not in now:
            why = f"it holds more than {most} files"
            return ("changed", why) if "files" in self._facts else ("unknown", f"{why}: verify=True looks at all")
        if verify or self._may_be_the_same(now):
            return self._compared()
        differing = [name for name, value in self._facts.items() if now.get(name) != value]
        if not differing:
            return "present", self._unhashed()
        if differing == ["mtime_ns"] and not self._at_home:
            return "unknown", "copied from another machine: verify=True compares its SHA-256"
        return "changed", _words(self._facts, now)

    def _may_be_the_same(self, now: Mapping[str, Any]) -> bool:
        """Return whether only the time of change differs, and reading it to find out costs little."""
        differing = [name for name, value in self._facts.items() if now.get(name) != value]
        return differing == ["mtime_ns"] and self.sha256 is not None and now["bytes"] <= _SMALL

    def _compared(self) -> tuple[str, str]:
        if self.sha256 is None:
            return "unknown", self._unhashed() or "there is no SHA-256 to compare it with"
        try:
            same = hash_checkpoint(self._where) == self.sha256
        except OSError as error:
            return "unknown", f"it cannot be read ({error.strerror or error})"
        return ("present", "") if same else ("changed", "its SHA-256 is another")

    def _unhashed(self) -> str:
        """Return why there is no SHA-256."""
        state, why = self._told.get("state"), self._told.get("why")
        words = {
            "vanished": "it was gone before it was hashed",
            "overwritten": "it was overwritten before it was hashed",
            "changing": "it changed while it was hashed",
            "unreadable": f"it could not be hashed ({why})",
            "unhashed": f"it was not hashed: {why}",
        }
        return words.get(str(state), "" if self.sha256 else "not hashed yet")


def _hashed(journals: Journals) -> dict[tuple[Any, Any], dict[str, Any]]:
    """Return what companions told of each checkpoint, by its writer and seq; the newest counts."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for journal in journals.system("all"):
        for frame in journal.records("checkpoint_sha"):
            writer, seq = frame.payload.get("writer"), frame.payload.get("seq")
            if isinstance(writer, str) and type(seq) is int:
                found[writer, seq] = frame.payload
    return found


def _path(record: StepRecord) -> str:
    path = record.fields.get("path")
    return path if isinstance(path, str) and "\0" not in path else ""


def _metrics(record: StepRecord) -> dict[str, float]:
    return {
        str(name): value
        for name, value in _map(record.fields.get("metrics")).items()
        if isinstance(value, (int, float))
    }


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _there(path: Path | None) -> Path | None:
    return path if path is not None and os.path.lexists(path) else None


def _words(before: Mapping[str, int], now: Mapping[str, Any]) -> str:
    if "bytes" in before and before["bytes"] != now.get("bytes"):
        return f"{now.get('bytes')} bytes instead of {before['bytes']}"
    return "written again since it was recorded"
