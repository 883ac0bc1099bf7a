"""What a run's writers have said of it, folded into one: names, config, manual summary, definitions, environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .journal.reader import Journal


#: The parts of an environment that tell the code together.
CODE = ("git", "code", "script")


def in_time(journals: Sequence[Journal], kind: str) -> list[dict[str, Any]]:
    """Return the records of a kind from journals that stand in order, by time; where times are equal, in order."""
    found = [
        (moment(frame.payload), at, frame.seq, frame.payload)
        for at, journal in enumerate(journals)
        for frame in journal.records(kind)
    ]
    return [payload for *_, payload in sorted(found, key=lambda item: item[:3])]


def moment(payload: Mapping[str, Any]) -> float:
    """Return a record's time in seconds since the epoch, 0 where it has none."""
    time = payload.get("t")
    return float(time) if isinstance(time, (int, float)) and time == time else 0.0


def fold_meta(journals: Sequence[Journal]) -> dict[str, Any]:
    """Return name, group, job_type, tags and notes: of each the newest by time."""
    folded: dict[str, Any] = {}
    for record in in_time(journals, "meta"):
        if isinstance(record.get("set"), dict):
            folded.update(record["set"])
    return folded


def fold_config(journals: Sequence[Journal]) -> dict[str, Any]:
    """Return the config as the newest changes have left it."""
    config: dict[str, Any] = {}
    for record in in_time(journals, "config"):
        for op in _list(record.get("ops")):
            if isinstance(op, list) and op and _is_path(op[0]):
                config = _set(config, op[0], op[1]) if len(op) > 1 else _delete(config, op[0])
    return config


def fold_manual(journals: Sequence[Journal]) -> dict[str, Any]:
    """Return the summary values that were set by hand and not deleted since."""
    folded: dict[str, Any] = {}
    for record in in_time(journals, "summary"):
        if isinstance(record.get("set"), dict):
            folded.update(copied(record["set"]))
        for name in _list(record.get("delete")):
            if isinstance(name, str):
                folded.pop(name, None)
    return folded


def fold_environment(journals: Sequence[Journal]) -> dict[str, Any]:
    """Return what was collected about machine, software and job; newer values replace older ones."""
    folded: dict[str, Any] = {}
    for record in in_time(journals, "environment"):
        if isinstance(record.get("values"), dict):
            if any(name in record["values"] for name in CODE):  # one state of the code, not a mixture of two
                for name in CODE:
                    folded.pop(name, None)
            _merge(folded, record["values"])
    return folded


class Definition(NamedTuple):
    """What `define_metric` chose for a metric; None where it chose nothing."""

    step: str | None = None
    summary: tuple[str, ...] | None = None
    goal: str | None = None


class Definitions:
    """The definitions of a run's metrics: by name, and by pattern where the name alone says nothing."""

    def __init__(self, journals: Sequence[Journal]) -> None:
        """Take the `metric` records; of one name or pattern the newest counts, of several patterns the newest too."""
        self._by_name: dict[str, Definition] = {}
        for record in in_time(journals, "metric"):
            name = record.get("name")
            if isinstance(name, str):
                self._by_name.pop(name, None)
                self._by_name[name] = _definition(record)
        self._patterns = [
            (re.compile(".*".join(map(re.escape, name.split("*"))), re.DOTALL), definition)
            for name, definition in reversed(self._by_name.items())
            if "*" in name
        ]

    def of(self, metric: str) -> Definition:
        """Return what holds for a metric, each field for itself."""
        found = [self._by_name[metric]] if metric in self._by_name else []
        found += [definition for pattern, definition in self._patterns if pattern.fullmatch(metric)]
        return Definition(
            *(next((field for field in fields if field is not None), None) for fields in zip(*found, strict=True))
        )


def _definition(record: Mapping[str, Any]) -> Definition:
    step, summary, goal = (record.get(key) for key in ("step", "summary", "goal"))
    kinds = tuple(kind for kind in _list(summary) if isinstance(kind, str))
    return Definition(step if isinstance(step, str) else None, kinds or None, goal if goal in ("min", "max") else None)


def copied(value: Any) -> Any:
    """Return nested dicts and lists anew, so that nobody changes what the journal said."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def _set(config: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    if not path:
        return copied(value) if isinstance(value, dict) else config
    inner = config
    for key in path[:-1]:
        if not isinstance(inner.get(key), dict):
            inner[key] = {}
        inner = inner[key]
    inner[path[-1]] = copied(value)
    return config


def _delete(config: dict[str, Any], path: list[str]) -> dict[str, Any]:
    inner: Any = config
    for key in path[:-1]:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict) and path:
        inner.pop(path[-1], None)
    return config if path else {}


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copied(value)


def _is_path(path: Any) -> bool:
    return isinstance(path, list) and all(isinstance(key, str) for key in path)


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()
