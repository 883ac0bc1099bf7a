"""The alerts of a run: those that the training gave, and those of rules that the companion evaluates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .metadata import moment
from .step_records import at_steps

if TYPE_CHECKING:
    from .journals import Journals


class Alert(NamedTuple):
    """Something that needs a look.

    Attributes:
        title: what happened, in a few words.
        text: more about it, "" where there is no more.
        level: `info`, `warning` or `error`.
        step: where it belongs, None where that is not known.
        time: when, seconds since the epoch.
        source: `run` for `run.alert`, `rule` for a rule.
        rank: whose it is.
        abandoned: a later resume or rewind has hidden it.
    """

    title: str
    text: str
    level: str
    step: int | None
    time: float
    source: str
    rank: int
    abandoned: bool = False


def read_alerts(journals: Journals, *, abandoned: bool = False) -> list[Alert]:
    """Return the alerts of all ranks by time.

    Args:
        journals: the run's.
        abandoned: also what a later resume or rewind has hidden; alerts of rules never are.
    """
    found = [
        _alert(record.fields, record.step, record.rank, abandoned=record.abandoned)
        for record in at_steps(journals, "alert", rank="all", abandoned=abandoned)
    ]
    for journal in journals.system("all"):
        for frame in journal.records("alert"):
            step = frame.payload.get("step")
            found.append(_alert(frame.payload, step if type(step) is int else None, journal.rank))
    return sorted(found, key=lambda alert: alert.time)


def _alert(fields: dict[str, Any], step: int | None, rank: int, *, abandoned: bool = False) -> Alert:
    title, text, level, source = (str(fields.get(key) or "") for key in ("title", "text", "level", "source"))
    return Alert(title, text, level or "info", step, moment(fields), source or "run", rank, abandoned)
