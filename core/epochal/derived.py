"""The summary that a run's history gives: the last value of each metric, or what `define_metric` asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .history import Gathered, gather
from .journal.frame_rows import places
from .metadata import copied, in_time, moment

if TYPE_CHECKING:
    from .journal.points import Values
    from .journal.reader import Journal
    from .journals import Journals
    from .metadata import Definition, Definitions
    from .segments import Visibility

_DEFAULT: Final = ("last",)
#: Bytes of points that are held at once, about.
_HELD: Final = 1 << 26


def recorded_summary(journals: Journals) -> dict[str, Any] | None:
    """Return the summary that rank 0's companion derived after the end; None where something newer was recorded."""
    records = in_time(journals.system(), "derived")
    values = records[-1].get("values") if records else None
    if not isinstance(values, dict):
        return None
    newest = max((max(moment(one.opening), one.modified) for one in journals.recording()), default=0.0)
    return dict(copied(values)) if newest <= moment(records[-1]) else None


def derive(journals: Journals, definitions: Definitions) -> dict[str, Any]:
    """Return the summary of rank 0's visible points.

    The value asked for stands under the metric's name. Where several were asked for, the first stands there, and
    each under `<metric>.<kind>`; the step of a best value stands under `<metric>.best_step`.
    """
    recording, visibility = journals.recording(), journals.visibility
    names = {name for journal in recording for name in journal.names}
    defined = {name: definitions.of(name) for name in names}
    read = {name for name in names if _kinds(defined[name]) != _DEFAULT} | (visibility.cut_metrics & names)
    summary = _last(recording, visibility, names - read)
    for batch in _batches(recording, sorted(read)):
        for name, points in gather(recording, visibility, batch).items():
            summary.update(_summarize(name, points.visible(), defined[name]))
    return {name: summary[name] for name in sorted(summary)}


def _kinds(definition: Definition) -> tuple[str, ...]:
    return definition.summary or _DEFAULT


def _last(journals: Sequence[Journal], visibility: Visibility, names: set[str]) -> dict[str, Any]:
    """Return the last visible value of each metric, numbers and texts."""
    found: dict[str, Any] = {}
    for journal in reversed(journals):
        missing = names.intersection(journal.names).difference(found)
        last = journal.last(missing, partial(visibility.hidden, journal, None))
        for name in missing & journal.text_names:
            texts = journal.texts(name)
            hidden = visibility.hidden(journal, name, places(texts))
            shown = [text for at, text in enumerate(texts) if hidden is None or not hidden[at]]
            if shown and shown[-1].seq > last.get(name, (0, None))[0]:
                last[name] = shown[-1].seq, shown[-1].text
        found.update((name, value) for name, (_, value) in last.items())
    return found


def _batches(journals: Sequence[Journal], names: list[str]) -> Iterator[list[str]]:
    """Yield the names in groups whose points fit into memory."""
    size = sum(journal.size for journal in journals)
    every = max((len(journal.names) for journal in journals), default=0) or 1
    step = max(1, _HELD * every // max(size, 1))
    for start in range(0, len(names), step):
        yield names[start : start + step]


def _summarize(name: str, points: Gathered, definition: Definition) -> Iterator[tuple[str, Any]]:
    kinds = _kinds(definition)
    if not len(points.columns) or "none" in kinds:
        return
    values = points.values
    for at, kind in enumerate(kinds):
        place = _place(values, kind, definition.goal)
        value = _mean(values) if kind == "mean" else values[place].item()
        if at == 0:
            yield name, value
        if len(kinds) > 1:
            yield f"{name}.{kind}", value
        if kind == "best":
            yield f"{name}.best_step", int(points.columns.steps[place])


def _place(values: Values, kind: str, goal: str | None) -> int:
    """Return the index of the value that a kind of summary picks; NaN is picked only where there is nothing else."""
    if kind == "first":
        return 0
    if kind not in ("min", "max", "best"):
        return -1
    numbers = values.astype(np.int8) if values.dtype == np.bool_ else values
    if numbers.dtype.kind == "f" and np.isnan(numbers).all():
        return -1
    lowest = kind == "min" or (kind == "best" and goal != "max")
    if numbers.dtype.kind != "f":
        return int(numbers.argmin() if lowest else numbers.argmax())
    return int(np.nanargmin(numbers) if lowest else np.nanargmax(numbers))


def _mean(values: Values) -> float:
    numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    with np.errstate(all="ignore"):  # inf - inf is NaN, without a word
        return float(numbers.mean()) if len(numbers) else float("nan")
