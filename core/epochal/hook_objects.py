"""The plain objects that hooks receive and return; what exporters and importers exchange is in exchange/formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fingerprints.budget import Budget
    from .sinks import OpenSink


@dataclass(frozen=True)
class RunInfo:
    """What a hook learns of a run: a description that does not change, not the live run.

    Attributes:
        id: the run's id.
        project: the project's name.
        name: the name that the run has at this moment.
        folder: the run's folder, absolute.
        root: the runs folder that it stands in, absolute.
        rank: the rank of this process, 0 where there is only one.
    """

    id: str
    project: str
    name: str
    folder: Path
    root: Path
    rank: int = 0


@dataclass(frozen=True)
class Converter:
    """How a value of a foreign type becomes one that Epochal knows.

    Attributes:
        type_name: the type's qualified name, `module.Class`. It is compared along the value's method resolution order,
            so that a subclass is found and nothing has to be imported.
        convert: takes the value, returns a number, a string, None, or media (`epochal.Image`, `epochal.Table`, …).
    """

    type_name: str
    convert: Callable[[Any], Any]


@dataclass(frozen=True)
class Fingerprinter:
    """How a dataset of a foreign type is hashed.

    Attributes:
        type_name: the type's qualified name, `module.Class`, compared along the method resolution order.
        fingerprint: takes the dataset and a `Budget`, returns what `epochal.fingerprint` returns (missing keys are
            filled in), or None if it cannot tell. `budget.of(part)` hashes an array, a file, a table or a list of such
            things that the dataset is made of. It must never iterate or index the dataset.
    """

    type_name: str
    fingerprint: Callable[[Any, Budget], Mapping[str, Any] | None]


@dataclass(frozen=True)
class ProbeContext:
    """What a system probe is told.

    Attributes:
        pid: the process that trains.
        started: when that process started, in seconds since the epoch.
        root: the runs folder, absolute.
    """

    pid: int
    started: float
    root: Path


@dataclass(frozen=True)
class SystemProbe:
    """Something that the companion measures from time to time.

    Attributes:
        name: a word for messages, unique within the plugin.
        sample: takes a `ProbeContext`, returns metric names with values, such as `{"system/fan": 0.4}`; an empty
            mapping if there is nothing to say. It is called in the companion every few seconds and should take
            milliseconds.
    """

    name: str
    sample: Callable[[ProbeContext], Mapping[str, float]]


@dataclass(frozen=True)
class Sink:
    """A kind of place that the rows and records of runs can go to, besides their folders.

    Attributes:
        kind: what `init(sinks=[{"kind": …}])` and the settings call it.
        open: takes a sink's settings and the run, returns an object with `write(batch)` and `close()`; called in the
            sink process, in a thread of its own. A batch is a list of mappings (docs/sinks.md). When `write` returns,
            the batch counts as delivered; what it raises is tried again (`epochal.sinks` has exceptions that say more).
        check: takes the settings as they were given, returns them as they shall be recorded, raises ValueError where
            they cannot be used; called by `init`. Settings never hold secrets: name the variable that holds one.
        remote: whether it uses the network: a run that is offline on purpose keeps it for `epochal sinks`.
    """

    kind: str
    open: Callable[[Mapping[str, Any], RunInfo], OpenSink]
    check: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    remote: bool = False
