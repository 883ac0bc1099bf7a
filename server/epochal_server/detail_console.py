"""What a run has printed: a window of its lines, those that hold a text, and what has come since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .detail_console_index import ConsoleIndex, Line
from .detail_open import Asked, Later, json_answer, rank_input
from .inputs import refused

if TYPE_CHECKING:
    from starlette.responses import Response

    from epochal.recorded import RecordedRun

#: For so many runs it is remembered where their lines stand.
_REMEMBERED: Final = 12
#: An answer has no more text than this, in characters, but one line in any case.
_MOST_TEXT: Final = 4 << 20
_MOST_LINES: Final = 1 << 40


class Consoles:
    """The console output of runs, of those that were asked for last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, ConsoleIndex] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Later:
        """Answer with lines: `…/console?rank=&stream=&search=&after=&before=&tail=&offset=&limit=`."""
        inputs = asked.inputs
        rank, stream = rank_input(inputs, "0"), inputs.choice("stream", ("all", "stdout", "stderr"), "all")
        search = inputs.text("search", "", longest=1000) or ""
        limit = inputs.whole("limit", 1000, least=1, most=10_000)
        ways = [name for name in ("after", "before", "tail", "offset") if name in inputs]
        place = inputs.whole(ways[0], least=0, most=_MOST_LINES) if ways else 0
        if len(ways) > 1:
            raise refused(ways[1], f"does not go together with {ways[0]}")
        inputs.done()
        wanted: dict[str, Any] = {"rank": rank, "stream": None if stream == "all" else stream, "search": search}
        index, following = self._index(asked.run), asked.run.state == "running"
        whose = {journal.writer: (journal.rank, journal.ordinal) for journal in asked.run._journals.ordered}

        def look() -> Response:
            with index.lock:
                index.refresh(whose)
                return json_answer({**_window(index, wanted, "".join(ways), place, limit), "following": following})

        return look

    def _index(self, run: RecordedRun) -> ConsoleIndex:
        with self._lock:
            path = str(run.path)
            found = self._known.pop(path, None)
            if found is None:
                found = ConsoleIndex(path)
            self._known[path] = found
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found


def _window(index: ConsoleIndex, wanted: dict[str, Any], way: str, place: int, limit: int) -> dict[str, Any]:
    """Return some of the lines that match, and where they stand among them.

    Args:
        index: of the run's lines.
        wanted: which lines match, as `ConsoleIndex.chosen` takes it.
        way: what `place` is: the number of a line (`after`, `before`), a place (`offset`), how many (`tail`), or "".
        place: see there.
        limit: so many lines at most.
    """
    numbers = index.chosen(**wanted)
    first, last = 0, len(numbers)
    if way == "before":
        last = int(np.searchsorted(numbers, place))
    elif way == "tail":
        limit = min(limit, place)
    else:
        first = min(place, last) if way == "offset" else int(np.searchsorted(numbers, place))
    backwards = way in {"before", "tail"}
    first, last = (max(first, last - limit), last) if backwards else (first, min(last, first + limit))
    lines = _fitting(index, numbers[first:last], backwards=backwards)
    first, last = (last - len(lines), last) if backwards else (first, first + len(lines))
    at_end = last == len(numbers) and way != "before"
    pending = index.pending(**wanted) if at_end else []
    return {
        "lines": [line._asdict() for line in (*lines, *pending)],
        "next": len(index) if at_end else int(numbers[last - 1]) + 1 if last else 0,
        "total": len(index), "matched": len(numbers), "earlier": first, "later": len(numbers) - last,
        "base": index.base,
    }  # fmt: skip


def _fitting(index: ConsoleIndex, numbers: Any, *, backwards: bool) -> list[Line]:
    """Return as many lines as fit into an answer, from the end backwards or from the beginning."""
    found: list[Line] = []
    size = 0
    for line in index.lines(numbers[::-1] if backwards else numbers):
        size += len(line.text)
        if found and size > _MOST_TEXT:
            break
        found.append(line)
    return found[::-1] if backwards else found
