"""Several runs side by side, as the page for comparing shows them: in what they differ, and which did best."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from epochal import processes
from epochal.comparing import Comparison, identity
from epochal.differences.code import Code, CodeState, code_state

from .detail_open import json_answer, opened
from .inputs import json_body, refused

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from epochal.differences.rows import Row
    from epochal.recorded import RecordedRun

    from .api import State

#: So many runs are compared at once.
MOST_RUNS: Final = 50
#: A diff is shown up to this length, in characters.
_MOST_DIFF: Final = 1 << 20
PARTS: Final = ("config", "summary", "environment", "packages", "datasets", "code")


def handler(state: State) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of `POST /api/compare`: `{keys, parts?, metrics?}`."""

    def work(keys: Sequence[str], parts: Sequence[str], metrics: Sequence[str] | None) -> Response:
        with opened(state, keys) as runs:
            found = compared(keys, runs, [part for part in parts if part != "code"], metrics)
            code = Code([_at_home(state.root, run, code_state(run)) for run in runs]) if "code" in parts else None
        return json_answer(found if code is None else {**found, "code": _code(code)})  # git may take its time

    async def compare(request: Request) -> Response:
        inputs = await json_body(request)
        keys = list(dict.fromkeys(inputs.texts("keys", most=MOST_RUNS)))
        parts = inputs.texts("parts", most=len(PARTS)) or list(PARTS)
        metrics = inputs.texts("metrics", most=1000) if "metrics" in inputs else None
        inputs.done()
        if len(keys) < 2:
            raise refused("keys", "must name two or more different runs")
        for part in parts:
            if part not in PARTS:
                raise refused("parts", f"holds {part!r}: known are {', '.join(PARTS)}")
        return await run_in_threadpool(work, keys, parts, metrics)

    return compare


def compared(
    keys: Sequence[str], runs: Sequence[RecordedRun], parts: Sequence[str], metrics: Sequence[str] | None
) -> dict[str, Any]:
    """Return runs side by side, all but their code; lists of values stand in the order of `keys`.

    Args:
        keys: of the runs.
        runs: the runs.
        parts: what to compare.
        metrics: names of the summary to compare, by default all.
    """
    comparison = Comparison(runs, metrics)
    told: dict[str, Callable[[], Any]] = {
        "config": lambda: _rows(comparison.config),
        "summary": lambda: _rows(comparison.summary),
        "environment": lambda: _rows(comparison.environment),
        "packages": lambda: _packages(comparison),
        "datasets": lambda: [found.to_dict() for found in comparison.datasets],
    }
    named = [{"key": key, **identity(run)} for key, run in zip(keys, runs, strict=True)]
    return {"runs": named, "metrics": comparison.metrics, **{part: told[part]() for part in parts}}


def _rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{**row.to_dict(), "differs": not row.same} for row in rows]


def _packages(comparison: Comparison) -> dict[str, Any]:
    packages = comparison.packages
    return {**packages.to_dict(), "changed": _rows(packages.changed)}


def _code(code: Code) -> dict[str, Any]:
    told: Mapping[str, Any] = code.to_dict()
    diffs = [
        {**diff, "text": diff["text"][:_MOST_DIFF], "cut": len(diff["text"]) > _MOST_DIFF} for diff in told["diffs"]
    ]
    return {**told, "diffs": diffs}


def _at_home(root: Path, run: RecordedRun, state: CodeState) -> CodeState:
    """Return the state of code without its repository, unless that is one that the run was started in on this machine.

    git looks for the commits in that folder. What was copied here from elsewhere may name any folder, and one that lies
    within the runs folder may have come with it.
    """
    if state.root is None:
        return state
    place, runs = (os.path.realpath(path) for path in (state.root, root))
    within = place == runs or place.startswith(runs + os.sep)
    return state if run.host == processes.host() and not within else replace(state, root=None)
