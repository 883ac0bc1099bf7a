"""Writes what Epochal itself recorded as events: scalars, texts, media, config, results and state."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from epochal.journal.format import INT
from epochal.journal.points import Columns, uniform
from epochal.media.item import StoredFile

from ._convert_back import values_of
from ._convert_tensors import tensor_of_strings
from ._event_writer import event, session_start, summary
from ._export_hparams import end, experiment, flat, start
from ._export_order import Row, in_order
from ._export_scalars import Make, exact, fits, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from epochal.journal.points import Bools
    from epochal.journal.reader import Journal
    from epochal.recorded import RecordedRun

    from ._export_events import Events

#: Sentences about media that are told one by one.
_TOLD: Final = 10


class Native:
    """Writes the journals of one rank.

    Attributes:
        points: how many scalar points were written.
        last: the greatest step that was written, and a time; (0, 0.0) before the first.
    """

    def __init__(self, run: RecordedRun, place: Callable[[], Events], *, abandoned: bool, precise: bool) -> None:
        """Begin with nothing written.

        Args:
            run: whose journals they are.
            place: gives where it goes.
            abandoned: also what a resume or rewind has hidden.
            precise: tensors where 32 bits do not hold a number.
        """
        self.points = 0
        self.last = (0, 0.0)
        self._run, self._place = run, place
        self._abandoned, self._exact = abandoned, precise
        self._inexact: set[tuple[str, str]] = set()
        self._makes: dict[tuple[str, str], Make] = {}
        self._taken: dict[str, str] = {}
        self._media: dict[str, None] = {}
        self._visibility = run._journals.visibility
        self._cut = self._visibility.cut_metrics

    def look(self, journal: Journal) -> None:
        """Find out which metrics have numbers that 32 bits do not hold: all points of a metric get one form."""
        if not self._exact:
            return
        for each in in_order(journal):
            if isinstance(each, Row):
                for name, kind, cell in zip(each.names, each.types, each.cells, strict=True):
                    if kind != "t" and (name, kind) not in self._inexact and not fits(kind, cell):
                        self._inexact.add((name, kind))

    def write(self, journal: Journal) -> None:
        """Write what one journal holds.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        hidden = self._hidden(journal)
        for each in in_order(journal, hidden):
            if isinstance(each, Row):
                if self._abandoned or not each.hidden:
                    self._row(journal, each)
            elif each.kind == "media":
                self._put_media(journal, each.seq, each.fields)
            elif each.kind == "segment" and self._abandoned:
                data = restart(each.fields)
                if data is not None:
                    self._place().event(data)

    def begin(self) -> None:
        """Write the run's settings and what its results are."""
        run = self._run
        settings = flat(run.config)
        at = run.started or 0.0
        results = [name for name, value in run.summary.items() if isinstance(value, (bool, int, float))]
        values = [experiment(settings, results, run.started), start(settings, run.started)]
        self._place().event(event(at, 0, summary(values)))

    def end(self) -> None:
        """Write the results that were set by hand, and how the run ended."""
        run, (step, time) = self._run, self.last
        known = set(run.metrics)
        for name, value in run.manual_summary.items():
            if name not in known and isinstance(value, (bool, int, float)):
                self._place().value(name, step, time or run.started or 0.0, number_value(name, float(value)))
        if run.state != "running":
            at = run.finished or time or run.started or 0.0
            self._place().event(event(at, 0, summary([end(run.state, run.finished)])))

    def told(self) -> list[str]:
        """Return what whoever asked for the export should know."""
        found: list[str] = []
        rounded_names = sorted({name for name, _ in self._inexact}) if not self._exact else []
        if rounded_names:
            shown = ", ".join(rounded_names[:5]) + (" …" if len(rounded_names) > 5 else "")
            found.append(
                f"{self._run.name}: of {len(rounded_names)} metrics ({shown}) numbers are rounded to 32 bits, as all "
                "writers of TensorBoard's do: -o precision=exact keeps them, but TensorBoard's data server does not "
                "show those"
            )
        found += [f"{self._run.name}: {sentence}" for sentence in list(self._media)[:_TOLD]]
        if len(self._media) > _TOLD:
            found.append(f"{self._run.name}: {len(self._media) - _TOLD} more of the kind")
        return found

    def _row(self, journal: Journal, row: Row) -> None:
        for name, kind, cell in zip(row.names, row.types, row.cells, strict=True):
            if (
                name in self._cut
                and not self._abandoned
                and self._is_cut_off(journal, name, row.step, row.time, row.seq)
            ):
                continue
            if kind == "t":
                self._place().value(name, row.step, row.time, text_value(name, cell))
                self._taken.setdefault(name, "text")
                continue
            make = self._makes.get((name, kind))
            if make is None:
                whole = self._exact and (kind != "d" or (name, kind) in self._inexact)
                make = self._makes[name, kind] = (exact if whole else rounded)(name, kind)
                self._taken[name] = "scalars"
            if not self._exact and (name, kind) not in self._inexact and not fits(kind, cell):
                self._inexact.add((name, kind))
            self._place().value(name, row.step, row.time, make(cell))
            self.points += 1
        if row.step >= self.last[0]:
            self.last = row.step, row.time

    def _put_media(self, journal: Journal, seq: int, fields: Mapping[str, Any]) -> None:
        name, step, time, items = (fields.get(key) for key in ("name", "step", "t", "items"))
        if not isinstance(name, str) or type(step) is not int or not isinstance(items, list):
            return
        if not self._abandoned and self._is_cut_off(journal, name, step, float(time or 0.0), seq):
            return
        values, left_out = values_of(name, items, lambda file: StoredFile(self._run.path, file).read(), self._taken)
        self._media |= dict.fromkeys(left_out)
        for at, value in enumerate(values):
            self._place().value(f"{name}\0{at}", step, float(time or 0.0), value)

    def _hidden(self, journal: Journal) -> Callable[[Columns], Bools | None]:
        return lambda columns: self._visibility.hidden(journal, None, columns)

    def _is_cut_off(self, journal: Journal, name: str, step: int, time: float, seq: int) -> bool:
        place = np.array([seq])
        columns = Columns(np.array([step]), np.array([time]), place, place, uniform(INT, 1))
        return self._visibility.hidden(journal, name, columns) is not None


def restart(fields: Mapping[str, Any]) -> bytes | None:
    """Return the Event that a segment is to TensorBoard; None for one that hides nothing."""
    cut, time = fields.get("cut"), fields.get("t")
    step = fields.get("next_step")
    if not isinstance(cut, Mapping) or "metrics" in cut:
        return None
    if type(cut.get("step")) is int:
        step = cut["step"]
    return session_start(float(time or 0.0), step) if type(step) is int else None


def text_value(tag: str, text: str) -> bytes:
    """Return the Summary.Value of a text, as TensorFlow 2 lays it out."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.text.metadata import create_summary_metadata

    data = text.encode("utf-8", "backslashreplace")
    return bytes(
        Summary.Value(
            tag=tag.encode("utf-8", "backslashreplace").decode(),
            metadata=create_summary_metadata(display_name="", description=""),
            tensor=tensor_of_strings([data], ()),
        ).SerializeToString()
    )


def number_value(name: str, value: float) -> bytes:
    """Return the Summary.Value of a number, as a 32-bit float."""
    (cell,) = struct.unpack("<q", struct.pack("<d", value))
    return rounded(name, "d")(cell)
