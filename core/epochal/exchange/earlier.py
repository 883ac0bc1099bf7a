"""What earlier imports have recorded of a run: its points in order, and what was said beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..journal.frame_rows import places
from ..journals import Journals
from ..metadata import fold_config, fold_environment, fold_manual, fold_meta, in_time, moment
from .foreign import TEXT, Track

if TYPE_CHECKING:
    from ..journal.points import Bools
    from ..journal.reader import Journal

#: The code of the notice in which an import says what it took, and of which files.
IMPORTED = "imported"


class Earlier:
    """The journals that importers have written into a run's folder.

    Attributes:
        own: the run was recorded here, or gone on with after an import: it is no importer's any more.
        started: when its first opening says that it began; None where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self._journals = Journals(folder)
        ordered = self._journals.ordered
        self.own = any(journal.role in ("main", "child") for journal in ordered) or bool(self._journals.unreadable)
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
