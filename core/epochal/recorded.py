"""`RecordedRun`: a run as its folder tells it, whether it is running, was killed or has finished."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .console.reading import Console, ConsoleFiles
from .history import History
from .joined import Table
from .media.reading import LoggedMedia, media_keys, read_media
from .reading import Texts, names, read_history, read_table, read_texts
from .recorded_code import RecordedCode
from .recorded_files import RecordedFiles
from .run_facts import RunFacts


class RecordedRun(RecordedFiles, RecordedCode, RunFacts):
    """A run in its folder.

    What is damaged or unreadable shows in `notices` and never raises. `history`, `texts` and `table` look for what was
    recorded since; everything else is as the last look found it: `refresh` looks anew. Not for use by several
    threads at once.
    """

    def __repr__(self) -> str:
        return f"<RecordedRun {self.name!r} ({self.id}) of {self.project!r}, {self.state}>"

    def _repr_html_(self) -> str | None:
        try:
            from .notebook.run_page import run_html

            return run_html(self)
        except Exception:  # what shows a run must never end a cell
            return None

    # Metrics

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics of rank 0, sorted."""
        return self._cached("metrics", lambda: names(self._journals.recording()))

    @property
    def system_metrics(self) -> list[str]:
        """The names of the system metrics beside rank 0, sorted; `history` reads them too."""
        return self._cached("system", lambda: names(self._journals.system()))

    def axis(self, metric: str) -> str:
        """Return the axis that `define_metric` chose for a metric, `step` where it chose none."""
        return self._definitions().of(metric).step or "step"

    def history(
        self,
        metric: str,
        *,
        x: str = "step",
        samples: int | None = None,
        rank: int | str = 0,
        duplicates: bool = False,
        abandoned: bool = False,
    ) -> History:
        """Return the points of a metric, sorted by step, the latest of each step.

        Args:
            metric: its name.
            x: what `History.x` holds: `step`, `time` (seconds since the epoch), `relative` (seconds since the run's
                start), or another metric: its value in the same row, else its latest before. A metric named `step`,
                `time` or `relative` is reached as `metric:step` and so on.
            samples: at most so many points, with the lowest and highest of each stretch among them; by default all.
            rank: whose record, with its resumes and forked children; `"all"` for the latest of each step and rank.
            duplicates: all points of a step.
            abandoned: also what a later resume or rewind has abandoned, marked in `History.abandoned`.

        Raises:
            BadValueError: no such metric or axis, or an argument that cannot be used.
        """
        self._look()
        return read_history(
            self._journals, metric,
            x=x, samples=samples, rank=rank, duplicates=duplicates, abandoned=abandoned, started=self.started,
        )  # fmt: skip

    def texts(self, metric: str, *, rank: int | str = 0, duplicates: bool = False, abandoned: bool = False) -> Texts:
        """Return the points of a metric that are text, as `history` returns numbers.

        Raises:
            BadValueError: no such metric, or a rank that cannot be.
        """
        self._look()
        return read_texts(self._journals, metric, rank=rank, duplicates=duplicates, abandoned=abandoned)

    def table(self, metrics: Iterable[str] | None = None, *, rank: int = 0) -> Table:
        """Return several metrics joined by step, by default all.

        Raises:
            BadValueError: no such metric, or a rank that cannot be.
        """
        self._look()
        return read_table(self._journals, metrics, rank=rank)

    # Media

    @property
    def media_keys(self) -> list[str]:
        """The names under which rank 0 logged media, sorted."""
        return self._cached("media", lambda: media_keys(self._journals))

    def media(
        self, key: str, *, rank: int | str = 0, duplicates: bool = False, abandoned: bool = False
    ) -> list[LoggedMedia]:
        """Return what was logged under a name, sorted by step, the latest of each step.

        Args:
            key: the name.
            rank: whose record, with its resumes and forked children, or `"all"`.
            duplicates: all that was logged at a step.
            abandoned: also what a later resume or rewind has abandoned, marked in `LoggedMedia.abandoned`.

        Raises:
            BadValueError: nothing was logged under that name, or a rank that cannot be.
        """
        self._look()
        return read_media(self._journals, self._path, key, rank=rank, duplicates=duplicates, abandoned=abandoned)

    # What was printed

    def console(self, *, stream: str | None = None, rank: int | str = 0) -> Console:
        """Return what was printed, line by line; `str()` of it is the text.

        Args:
            stream: `"stdout"` or `"stderr"`; by default both.
            rank: whose, with its resumes and forked children, or `"all"`.
        """
        self.refresh()
        return Console(ConsoleFiles(self._path).lines(self._journals, stream=stream, rank=rank))

    # Changes after the run: each is a small journal of its own

    def rename(self, name: str) -> None:
        """Give the run another name.

        Raises:
            BadValueError: a name that cannot be used.
            StorageError: the folder cannot be written.
        """
        self._edit({"name": name})

    def tag(self, add: str | Iterable[str] = (), remove: str | Iterable[str] = ()) -> None:
        """Add and remove tags.

        Raises:
            BadValueError: a tag that cannot be used.
            StorageError: the folder cannot be written.
        """
        self.refresh()
        added, removed = ([tags] if isinstance(tags, str) else list(tags) for tags in (add, remove))
        tags = list(dict.fromkeys([*(tag for tag in self.tags if tag not in removed), *added]))
        if tags != list(self.tags):
            self._edit({"tags": tags})

    def note(self, text: str | None) -> None:
        """Replace the run's notes.

        Raises:
            BadValueError: notes that cannot be used.
            StorageError: the folder cannot be written.
        """
        self._edit({"notes": text})

    def delete(self) -> Path:
        """Move the run to the `.trash` folder of its root and return where it is now.

        Raises:
            RunAliveError: something still writes the run.
            RunNotFoundError: the run is not there any more.
            StorageError: it cannot be moved.
        """
        from . import edits

        return edits.delete(self._path, self._path.parent.parent)

    def _edit(self, meta: dict[str, Any]) -> None:
        from . import edits

        edits.edit(self._path, meta=meta)
        self.refresh()

    def _look(self) -> None:
        """See what is new, and whether anything can still be added: where not, rows need not be read twice."""
        self.refresh()
        _ = self.ending
