"""Writes what an import says of a run beside its points: whose it is, name, config, summary, definitions, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import layout
from ..config_values import jsonlike
from ..journal.writer import JournalWriter
from ..metadata import copied
from ..redaction import redact_text
from ..version import __version__
from ..writers import next_ordinal, record_opening

if TYPE_CHECKING:
    from .earlier import Earlier
    from .foreign import ForeignRun


class Said(NamedTuple):
    """What was said of a run already.

    Attributes:
        meta, config, summary: as in `ForeignRun`.
        definitions: of metrics.
        notices: (code, text) of each.
    """

    meta: Mapping[str, Any]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    definitions: list[dict[str, Any]]
    notices: set[tuple[str, str]]

    @classmethod
    def earlier(cls, earlier: Earlier | None) -> Said:
        """Return what earlier imports have said."""
        if earlier is None:
            return cls({}, {}, {}, [], set())
        return cls(earlier.meta, earlier.config, earlier.summary, earlier.definitions, set(earlier.notices))

    @classmethod
    def now(cls, run: ForeignRun) -> Said:
        """Return what a run's description says at this moment."""
        notices = {(each["code"], each["text"]) for each in run.notices}
        return cls(dict(run.meta), copied(run.config), copied(run.summary), copied(run.definitions), notices)


def open_import(
    folder: Path,
    role: str,
    rank: int,
    run: ForeignRun,
    origin: Mapping[str, Any],
    *,
    clock: Callable[[], float],
    parent: Mapping[str, Any] | None = None,
) -> JournalWriter:
    """Open a journal for what an import records.

    Raises:
        OSError: it cannot be created.
    """
    writer = JournalWriter(
        folder, role=role, rank=rank, ordinal=next_ordinal(folder, rank), clock=clock, report=lambda *_: None
    )  # what storage refuses is asked of it before anything counts as recorded
    told = {"host": run.host, "software": f"epochal {__version__} import {origin['format']}"}
    project = layout.decode_project(folder.parent.name)
    record_opening(writer, run=folder.name, project=project, parent=parent, told=told)
    return writer


def describe(writer: JournalWriter, run: ForeignRun, said: Said, started: float) -> None:
    """Write what differs from what was said before; its time is the run's start, so that changes by hand stay."""
    meta = {key: value for key, value in run.meta.items() if said.meta.get(key) != value}
    if meta:
        writer.record("meta", {"set": meta})
    if run.config != said.config:
        writer.record("config", {"ops": [[[], run.config]]})
    known = said.summary
    changed = {name: value for name, value in run.summary.items() if name not in known or known[name] != value}
    gone = [name for name in known if name not in run.summary]
    if changed or gone:
        writer.record("summary", {"set": changed, "delete": gone})
    if run.definitions and said.definitions != run.definitions:
        for definition in run.definitions:
            writer.record("metric", definition)
    for each in run.notices:
        if (each["code"], each["text"]) not in said.notices:
            time = each.get("time")
            moment = float(time) if isinstance(time, (int, float)) else started
            notice(writer, each["code"], each["text"], moment, each.get("data") or {})


def notice(writer: JournalWriter, code: str, text: str, time: float, data: Mapping[str, Any]) -> None:
    """Write a notice; its text without secrets."""
    writer.record("notice", {"code": code, "text": redact_text(text), "data": jsonlike(data)}, time=time)
