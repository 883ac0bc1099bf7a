"""Which runs a grid of a report means: what its `runs` says, read and checked, and what the folder answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, NamedTuple

from .inputs import Inputs, refused
from .roster import Roster
from .runs_api import RunsApi
from .runs_query import LARGEST_PAGE, Query, read_query

#: So many runs are shown where a grid does not say.
USUAL_LIMIT: Final = 10
#: What decides which runs are meant, and what pages alone need.
_ASKED: Final = ("project", "where", "search", "filters", "sort", "keys", "limit")
_SHOWN: Final = ("colours", "hidden")
#: What is told of each.
_COLUMNS: Final = ("name", "project", "state")


class GridRuns(NamedTuple):
    """The runs of a grid.

    Attributes:
        query: what is asked of the folder.
        remarks: what was passed over: members that a newer version may know.
    """

    query: Query
    remarks: tuple[str, ...]


def read_runs(found: Any) -> GridRuns:
    """Return what the `runs` of a grid mean.

    Raises:
        Problem: something in it cannot be used; it is named.
    """
    if not isinstance(found, dict):
        raise refused("runs", "is missing: give an object, {} for the latest runs")
    remarks = [
        f"runs.{name} is not known to this version: it is kept, and changes nothing"
        for name in found
        if name not in _ASKED and name not in _SHOWN
    ]
    limit = Inputs(found, "runs.").whole("limit", USUAL_LIMIT, least=1, most=LARGEST_PAGE)
    query = read_query(Inputs({name: value for name, value in found.items() if name in _ASKED[:-1]}, "runs."))
    if query.keys is not None:
        if len(query.keys) > LARGEST_PAGE:
            raise refused("runs.keys", f"names {len(query.keys)} runs: {LARGEST_PAGE} are the most")
        limit = LARGEST_PAGE
    return GridRuns(replace(query, columns=_COLUMNS, limit=limit), tuple(remarks))


def runs_of(api: RunsApi, roster: Roster, wanted: GridRuns) -> dict[str, Any]:
    """Return {runs: [{key, name, project, state}], matched, missing, remarks} of a grid.

    A selection comes in its own order where nothing is said of the order; `missing` are keys that no run has.
    """
    query = wanted.query
    found = api.query(query)
    columns = found["columns"]
    runs = [{"key": key, **{name: columns[name][at] for name in query.columns}} for at, key in enumerate(found["keys"])]
    missing: list[str] = []
    if query.keys is not None:
        missing = [key for key in query.keys if roster.find(key) is None]
        if not query.sort:
            places = {key: at for at, key in enumerate(query.keys)}
            runs.sort(key=lambda run: places[run["key"]])
    return {"runs": runs, "matched": found["matched"], "missing": missing, "remarks": list(wanted.remarks)}
