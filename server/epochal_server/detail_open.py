"""Opens the run that an address names, one thread at a time, and answers in JSON beside the event loop."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from epochal.json_values import json_safe

from .inputs import Inputs, query
from .problems import not_found
from .run_keys import joined
from .shared_run import SharedRun

if TYPE_CHECKING:
    from epochal.recorded import RecordedRun

    from .api import State
    from .openapi import Handler


#: The rest of the work on an answer, for which the run itself is not needed any more: others may read it meanwhile.
Later = Callable[[], Response]


class Asked(NamedTuple):
    """One request about one run.

    Attributes:
        run: the run, for this thread alone.
        key: `<project folder>/<run folder>`.
        inputs: the address' parameters.
        request: as it came.
    """

    run: RecordedRun
    key: str
    inputs: Inputs
    request: Request

    @property
    def url(self) -> str:
        """The address of the run in this API, without a slash at its end."""
        return f"/api/runs/{'/'.join(quote(part, safe='') for part in self.key.split('/'))}"


def handler(state: State, answer: Callable[[Asked], Response | Later]) -> Handler:
    """Return a handler of `/api/runs/{project}/{run}/…` that has `answer` look at the run in another thread."""

    def work(request: Request) -> Response:
        key = joined(request.path_params["project"], request.path_params["run"])
        with opened(state, [key]) as [run]:
            found = answer(Asked(run, key, query(request), request))
        return found if isinstance(found, Response) else found()

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(work, request)

    return handle


@contextlib.contextmanager
def opened(state: State, keys: Sequence[str]) -> Iterator[list[RecordedRun]]:
    """Open runs as they are now; nobody else reads them meanwhile.

    Raises:
        Problem: a key that the folder's list of runs does not hold, or whose run is gone.
    """
    runs = [state.roster.run(key) for key in keys]
    with contextlib.ExitStack() as stack:
        # always in the same order: two requests for the same two runs must not wait for one another
        for run in sorted({id(run): run for run in runs}.values(), key=lambda run: str(run.path)):
            if isinstance(run, SharedRun):
                stack.enter_context(run.turn())
            run.refresh()
            if not os.path.isdir(run.path):
                raise not_found(f"run {run.name!r} has been deleted or moved meanwhile")
        yield runs


def rank_input(inputs: Inputs, default: str) -> int | str:
    """Return whose record is asked for: a rank, or `"all"`."""
    text = inputs.text("rank", default)
    return (
        "all" if text == "all" else int(default) if text == default else inputs.whole("rank", least=0, most=9_999_999)
    )


def json_answer(value: Any) -> Response:
    """Return an answer in JSON; what it cannot hold (NaN, infinities, halves of surrogate pairs) is written out."""
    return Response(json.dumps(json_safe(value), separators=(",", ":")), media_type="application/json")
