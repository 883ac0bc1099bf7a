"""What a format is to the hooks: an `Exporter`, an `Importer`, and what each is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from .import_job import ImportJob


@dataclass(frozen=True)
class PointChoice:
    """Which points of a run are exported.

    Attributes:
        rank: whose record; `"all"` for every rank's.
        system: also the system metrics.
        duplicates: all points of a step, not the latest alone.
        abandoned: also what a later resume or rewind has hidden.
    """

    rank: int | str = "all"
    system: bool = False
    duplicates: bool = False
    abandoned: bool = False


@dataclass(frozen=True)
class ExportRequest:
    """What an exporter is told.

    Attributes:
        runs: in the order in which they are to be written.
        out: where to write: a path at which nothing is, in a folder of its own. What the exporter leaves in that folder
            under names that begin with `out.name` is put in place together once it returns. None for an exporter
            that writes no file.
        points: which points are asked for.
        options: by name, of those that the exporter declares.
    """

    runs: tuple[RecordedRun, ...]
    out: Path | None
    points: PointChoice
    options: Mapping[str, str]


@dataclass(frozen=True)
class Exported:
    """What an exporter has done.

    Attributes:
        points: the number of points of each run, in the order of the request; None where nobody counted.
        data: the object that it made, for one that writes no file.
        left_out: in words, what the format could not hold, or what was not exported.
    """

    points: tuple[int | None, ...]
    data: Any = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exporter:
    """A format that runs are written in.

    Attributes:
        name: the word that asks for it.
        description: half a line about what it gives.
        export: writes the runs. It raises `EpochalError` for what cannot be done, `MissingDependencyError` for a
            package that is missing, and lets OSError pass: nothing is left of a file that is not whole.
        writes: whether it writes a file or folder; else it makes an object, for Python alone.
        options: names of further options to their meaning.
    """

    name: str
    description: str
    export: Callable[[ExportRequest], Exported]
    writes: bool = True
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Importer:
    """A format that runs are read from.

    Attributes:
        name: the word that asks for it.
        description: half a line about what it reads.
        detect: tells by a look at a path whether it is of this format; it never raises for what it cannot read.
        import_: reads the job's sources and hands each run over to the job. It raises `EpochalError` where the whole
            import cannot go on; a source that cannot be used goes to `job.skip`.
        options: names of further options to their meaning.
        flags: names of options that are there or not, to their meaning; `yes` is their value.
        follow: keeps up with sources that are still written, until it is interrupted; None where that cannot be.
    """

    name: str
    description: str
    detect: Callable[[Path], bool]
    import_: Callable[[ImportJob], None]
    options: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    follow: Callable[[ImportJob], None] | None = None
