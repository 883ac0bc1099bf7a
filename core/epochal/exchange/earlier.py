"""What earlier imports have recorded of a run: its points in order, and what was said beside them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..journal.format import FILE_HEADER
from ..journal.frame_rows import places
from ..journals import Journals
from ..layout import SUFFIX
from ..metadata import fold_config, fold_environment, fold_manual, fold_meta, in_time, moment
from .foreign import TEXT, Track

if TYPE_CHECKING:
    from ..journal.frames import Frame
    from ..journal.points import Bools
    from ..journal.reader import Journal

#: The code of the notice in which an import says what it took, and of which files.
IMPORTED = "imported"
#: Of a `source` record: how far an importer has read, with what it needs to go on.
READ = "read"


class Earlier:
    """The journals that importers have written into a run's folder.

    Attributes:
        own: the run was recorded here, or gone on with after an import: it is no importer's any more.
        started: when its first opening says that it began; None where there is none.
    """

    def __init__(self, folder: Path, but: Collection[Path] = ()) -> None:
        """`but` are journals that do not count: what is in them is imported anew."""
        self._journals = Journals(folder)
        ordered = [journal for journal in self._journals.ordered if journal.path not in but]
        unknown = self._journals.unreadable.keys() - {path.name for path in _unbegun(folder)}
        self.own = any(journal.role in ("main", "child") for journal in ordered) or bool(unknown)
        self._imports = [journal for journal in ordered if journal.role == "import"]
        self._first = [journal for journal in self._imports if journal.rank == 0]
        self.started = min((moment(journal.opening) for journal in self._first), default=None)

    @property
    def ranks(self) -> list[int]:
        """The ranks that were recorded."""
        return sorted({journal.rank for journal in self._imports})

    @property
    def finish(self) -> dict[str, Any] | None:
        """How the last import said that the run ended; None where it was cut off before it could."""
        frames = self._first[-1].records("finish") if self._first else []
        return frames[-1].payload if frames else None

    @property
    def origin(self) -> dict[str, Any]:
        """What the last import said of its files and options."""
        frames = self._first[-1].records("notice") if self._first else []
        found = [frame.payload.get("data") for frame in frames if frame.payload.get("code") == IMPORTED]
        return found[-1] if found and isinstance(found[-1], dict) else {}

    @property
    def last_path(self) -> Path | None:
        """The journal of the last import."""
        return self._first[-1].path if self._first else None

    @property
    def last_writer(self) -> str | None:
        """Who wrote it, 32 hexadecimal digits."""
        return self._first[-1].writer if self._first else None

    def last_kept(self, format: str) -> Frame | None:
        """Return the last record of the last import that tells how far it has read; None where there is none."""
        return _last_kept(self._first[-1], format) if self._first else None

    def kept(self, format: str) -> dict[str, Any]:
        """Return what the newest such record of all imports says; empty where there is none."""
        found = [_last_kept(journal, format) for journal in self._first]
        said = [frame.payload for frame in found if frame is not None]
        return said[-1] if said else {}

    @property
    def host(self) -> str | None:
        """The machine that the last import named."""
        return self._first[-1].opening.get("host") if self._first else None

    @property
    def meta(self) -> dict[str, Any]:
        """Name, tags and so on, without what was changed by hand since."""
        return fold_meta(self._first)

    @property
    def config(self) -> dict[str, Any]:
        """The config, without what was changed by hand since."""
        return fold_config(self._first)

    @property
    def summary(self) -> dict[str, Any]:
        """The manual summary, without what was changed by hand since."""
        return fold_manual(self._first)

    @property
    def environment(self) -> dict[str, Any]:
        """The environment."""
        return fold_environment(self._journals.system())

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """What was said of metrics."""
        found = in_time(self._first, "metric")
        return [{key: record.get(key) for key in ("name", "step", "summary", "goal")} for record in found]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """Code and text of each notice."""
        return [(str(each.get("code")), str(each.get("text"))) for each in in_time(self._first, "notice")]

    def metrics(self, rank: int, *, system: bool) -> set[str]:
        """Return the names of the metrics that were recorded."""
        return {name for journal in self._of(rank, system=system) for name in journal.names}

    def track(self, metric: str, rank: int, *, system: bool) -> Track:
        """Return the visible points of a metric, in the order of recording."""
        found = Track()
        for journal in self._of(rank, system=system):
            _append(found, journal, metric, self._hidden)
        return found

    def _of(self, rank: int, *, system: bool) -> Sequence[Journal]:
        return self._journals.system(rank) if system else [each for each in self._imports if each.rank == rank]

    def _hidden(self, journal: Journal, metric: str, columns: Any) -> Bools:
        hidden = self._journals.visibility.hidden(journal, metric, columns)
        return np.zeros(len(columns), np.bool_) if hidden is None else hidden


def remove_unbegun(folder: Path) -> None:
    """Remove what an import has left that died before it wrote anything; only where no other import is at work.

    Raises:
        OSError: the folder cannot be written.
    """
    for path in _unbegun(folder):
        path.unlink(missing_ok=True)


def _unbegun(folder: Path) -> list[Path]:
    """Return the journals of imports that end before their header does: there was nothing in them."""
    found = [*(folder / "journal").glob(f"import-*{SUFFIX}"), *(folder / "journal").glob(f"system-*{SUFFIX}")]
    return [path for path in found if _size(path) < FILE_HEADER.size]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return FILE_HEADER.size


def _last_kept(journal: Journal, format: str) -> Frame | None:
    found = [
        frame
        for frame in journal.records("source")
        if frame.payload.get("format") == format and frame.payload.get("what") == READ
    ]
    return max(found, key=lambda frame: frame.seq) if found else None


def _append(track: Track, journal: Journal, metric: str, hidden: Any) -> None:
    columns = journal.columns(metric)
    columns = columns.take(~hidden(journal, metric, columns))
    texts = journal.texts(metric)
    if not texts:
        track.steps.frombytes(columns.steps.tobytes())
        track.times.frombytes(columns.times.tobytes())
        track.cells.frombytes(columns.cells.tobytes())
        track.rows.frombytes(columns.seqs.tobytes())
        track.kinds += columns.kinds.tobytes()
        return
    shown = ~hidden(journal, metric, places(texts))
    words = [(text.seq, text.step, text.time, text.text) for text, kept in zip(texts, shown, strict=True) if kept]
    fields = (columns.seqs, columns.steps, columns.times, columns.cells, columns.kinds)
    numbers = zip(*(field.tolist() for field in fields), strict=True)
    for seq, step, time, value, *kind in sorted([*words, *numbers], key=lambda point: point[0]):
        if not kind:
            track.texts.append(str(value))
        track.cells.append(int(value) if kind else len(track.texts) - 1)
        track.kinds.append(int(kind[0]) if kind else ord(TEXT))
        track.steps.append(step)
        track.times.append(time)
        track.rows.append(seq)
