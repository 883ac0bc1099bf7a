"""Everything that is known of one run beside its points, as the page of the run shows it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from epochal.comparing import identity
from epochal.goals import goal, metric_of
from epochal.media.reading import media_facts

from .detail_files import copied_files
from .detail_open import Asked, json_answer

if TYPE_CHECKING:
    from epochal.recorded import RecordedRun

#: What lies on the disk, perhaps a network's, is looked at again after so many seconds.
_LOOKED_S: Final = 10.0
#: Parts of the environment that stand apart.
_APART: Final = ("git", "code")


def answer(asked: Asked) -> Response:
    """Answer with the overview: `/api/runs/{project}/{run}`."""
    asked.inputs.done()
    return json_answer(overview(asked.run, asked.key))


def overview(run: RecordedRun, key: str) -> dict[str, Any]:
    """Return what the page of a run shows beside charts, media, console and files."""
    summary, environment = run.summary, run.environment
    return {
        "key": key,
        **identity(run),
        **_ending(run),
        "group": run.group,
        "job_type": run.job_type,
        "tags": list(run.tags),
        "notes": run.notes,
        "host": run.host,
        "path": str(run.path),
        "ranks": run.ranks,
        "config": {name: value for name, value in run.config.items() if name != "datasets"},
        "datasets": run.datasets,
        "summary": summary,
        "manual_summary": sorted(run.manual_summary),
        "goals": _goals(run, summary),
        "definitions": _definitions(run),
        "environment": {name: value for name, value in environment.items() if name not in _APART},
        "git": _map(environment.get("git")),
        "code": _map(environment.get("code")),
        "checkpoints": _checkpoints(run),
        "notices": [notice._asdict() for notice in run.notices],
        "alerts": [alert._asdict() for alert in run.alerts],
        "metrics": run.metrics,
        "system_metrics": run.system_metrics,
        "media": [facts._asdict() for facts in media_facts(run._journals, rank="all")],
        "files": len(run.files()),
        "writers": _writers(run),
        "position": _position(run),
    }


def _ending(run: RecordedRun) -> dict[str, Any]:
    ending = run.ending
    errors = [told for facts in run._journals.facts() if isinstance(told := (facts.finish or {}).get("error"), dict)]
    return {
        "reason": ending.reason,
        "exit_code": ending.exit_code,
        "signal": ending.signal,
        "error": errors[-1] if errors else None,
    }


def _goals(run: RecordedRun, summary: Mapping[str, Any]) -> dict[str, str]:
    """Return which results are better the less, or the more, they are; without those of which nothing is known."""
    definitions = run._definitions()
    goals = {name: goal(name, [definitions.of(metric_of(name))]) for name in summary}
    return {name: found for name, found in goals.items() if found is not None}


def _definitions(run: RecordedRun) -> list[dict[str, Any]]:
    by_name = run._definitions()._by_name
    return [{"name": name, **definition._asdict()} for name, definition in by_name.items()]


def _checkpoints(run: RecordedRun) -> list[dict[str, Any]]:
    """Return the checkpoints; those on the disk are looked at again when the record says more, or after a while."""
    kinds = ("checkpoint", "checkpoint_sha", "segment", "metric")
    said = [(journal.writer, *(len(journal.records(kind)) for kind in kinds)) for journal in run._journals.ordered]
    before, seen_at, found = run.__dict__.get("_dashboard_checkpoints", (None, 0.0, []))
    if before != said or time.monotonic() - seen_at > _LOOKED_S:
        found = [
            {**each._asdict(), "file": each.file is not None, "copied": copied_files(run.path, each.file)}
            for each in run.checkpoints()
        ]
        run.__dict__["_dashboard_checkpoints"] = said, time.monotonic(), found
    checkpoints: list[dict[str, Any]] = found
    return checkpoints


def _writers(run: RecordedRun) -> list[dict[str, Any]]:
    """Return who has written the run: trainings, their forked children and companions, imports, changes by hand."""
    return [
        {
            "file": journal.file,
            "writer": journal.writer,
            "role": journal.role,
            "rank": journal.rank,
            "ordinal": journal.ordinal,
            "started": journal.created,
            "bytes": journal.size,
            **{name: journal.opening.get(name) for name in ("host", "pid", "software")},
        }
        for journal in run._journals.ordered
    ]


def _position(run: RecordedRun) -> dict[str, Any] | None:
    """Return where the record stands: writer, seq, time and next step of the newest position that was handed out."""
    found = [
        (frame.payload.get("t") or 0.0, frame.seq, journal.writer)
        for journal in run._journals.recording(0)
        for frame in journal.records("position")
        if isinstance(frame.payload.get("t"), (int, float, type(None)))
    ]
    if not found:
        return None
    time, seq, writer = max(found)
    return {"run": run.id, "writer": writer, "seq": seq, "time": time}


def _map(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None
