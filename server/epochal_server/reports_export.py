"""A report as one HTML file that needs nothing else: its text, the pages' modules, and what its panels show."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from epochal.errors import EpochalError
from epochal.json_values import json_safe

from .curves_cache import SeriesCache
from .importance import importance
from .pages_ahead import PAGES
from .problems import Problem
from .reports_blind import Blind
from .reports_folder import Report, ReportsFolder
from .reports_format import Block, parse
from .reports_lines import Lines, Panel, grouping_of
from .reports_modules import ENTRY, import_map, modules, styles
from .reports_pictures import pictures
from .reports_runs import read_runs, runs_of
from .roster import NotFound, Roster
from .runs_api import RunsApi
from .runs_query import LARGEST_PAGE, Query
from .runs_table import is_column

#: What of a grid goes into a blind file; everything else may hold anything.
_SETTINGS: Final = ("smoothing", "x", "logx", "logy", "clip", "ghosts", "group", "columns", "height")
_PANEL: Final = (
    "id", "kind", "w", "h", "x", "logx", "logy", "clip", "title", "series", "range", "columns", "column", "metric",
    "across", "up", "colour",
)  # fmt: skip
_KEPT: Final[Callable[[str], str]] = str


class Shared(Protocol):
    """What an export needs of the server's state."""

    @property
    def roster(self) -> Roster: ...
    @property
    def series(self) -> SeriesCache: ...
    @property
    def reports(self) -> ReportsFolder: ...


class _Grid(NamedTuple):
    """A grid that can be read, with the answer to which runs it means."""

    grid: dict[str, Any]
    answer: dict[str, Any]

    @property
    def keys(self) -> tuple[str, ...]:
        hidden = self.grid.get("runs") or {}
        left = hidden.get("hidden") if isinstance(hidden, dict) else None
        left = left if isinstance(left, list) else []
        return tuple(run["key"] for run in self.answer.get("runs", ()) if run["key"] not in left)

    @property
    def panels(self) -> list[dict[str, Any]]:
        panels = self.grid.get("panels")
        return [panel for panel in panels if isinstance(panel, dict)] if isinstance(panels, list) else []

    @property
    def settings(self) -> dict[str, Any]:
        settings = self.grid.get("settings")
        return settings if isinstance(settings, dict) else {}


def export_html(state: Shared, report: Report, *, blind: bool) -> bytes:
    """Return a report as an HTML file.

    Args:
        state: the runs.
        report: what is exported.
        blind: without names, hosts, paths and remotes.

    Raises:
        EpochalError: the pages' own files are not there.
    """
    state.roster.refresh()
    blocks = parse(report.text)
    grids = {
        at: _Grid(block.grid, _runs(state, block.grid)) for at, block in enumerate(blocks) if block.grid is not None
    }
    hiding = _blind(state, grids) if blind else None
    lines = Lines(
        state.series, state.roster.entry, [panel for grid in grids.values() for panel in _panels(grid)], relative=blind
    )
    lines.gather()
    key, text = (hiding.key, hiding.text) if hiding else (_KEPT, _KEPT)
    shown, images = pictures(state.reports, [block.text if block.kind == "text" else None for block in blocks], hiding)
    numbers = {at: number for number, at in enumerate(grids)}
    data = {
        "title": text(report.title),
        "exported": f"Exported from Epochal on {time.strftime('%Y-%m-%d')}",
        "blind": blind,
        "blocks": [
            {"kind": "text", "text": shown[at]} if block.kind == "text" else _block(block, numbers.get(at), hiding)
            for at, block in enumerate(blocks)
        ],
        "runs": [_answer(grid.answer, hiding) for grid in grids.values()],
        "columns": _columns(state, grids, hiding),
        "importance": _importance(state, grids, key, text),
        "lines": lines.named(key, text, blind=blind),
        "weights": lines.weights,
        "axes": ["step", "relative", *([] if blind else ["time"]), *map(text, _own_axes(grids))],
        "images": images,
    }
    return page(text(report.title), data, lines.arrays.packed())


def page(title: str, data: dict[str, Any], numbers: str) -> bytes:
    """Return the file that holds some data; a policy in it forbids every request."""
    maths = any("$" in block.get("text", "") for block in data["blocks"])
    boot = (PAGES / "js" / "theme-boot.js").read_text(encoding="utf-8")
    names, start, style = import_map(modules(maths=maths)), f'import "{ENTRY}";', styles(maths=maths)
    scripts = " ".join(_hash(text) for text in (boot, names, start))
    policy = (
        f"default-src 'none'; script-src {scripts} data:; style-src {_hash(style)}; img-src data: blob:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )
    held = json.dumps(json_safe(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    held = held.replace("<", "\\u003c").encode("utf-8", "replace").decode()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
<style>{style}</style>
<script>{boot}</script>
<script type="importmap">{names}</script>
</head>
<body>
<noscript>This report needs JavaScript.</noscript>
<div id="app"></div>
<script type="application/json" id="report">{held}</script>
<script type="text/plain" id="numbers">{numbers}</script>
<script type="module">{start}</script>
</body>
</html>
""".encode()


# -- within --


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _runs(state: Shared, grid: dict[str, Any]) -> dict[str, Any]:
    try:
        return runs_of(RunsApi(state.roster), state.roster, read_runs(grid.get("runs", {})))
    except Problem as problem:
        return {"problem": {"title": problem.title, "detail": str(problem.more.get("detail", problem.title))}}


def _blind(state: Shared, grids: dict[int, _Grid]) -> Blind:
    names = {run["key"]: run["name"] for grid in grids.values() for run in grid.answer.get("runs", ())}
    runs: dict[str, Any] = {}
    for key in names:
        try:
            runs[key] = state.roster.run(key)
        except (NotFound, EpochalError):
            runs[key] = None
    return Blind(runs, names, state.roster.root)


def _panels(grid: _Grid) -> list[Panel]:
    found = []
    smoothing = grid.settings.get("smoothing")
    weight = float(smoothing) if isinstance(smoothing, (int, float)) and 0 <= smoothing <= 0.999 else 0.0
    for panel in grid.panels:
        series = tuple(_series(panel.get("series")))
        if panel.get("kind") == "line" and series and grid.keys:
            axes = tuple(_axes(panel, grid.settings))
            found.append(Panel(grid.keys, series, axes, grouping_of(grid.settings.get("group")), weight))
    return found


def _series(listed: Any) -> list[tuple[str | None, str | None]]:
    found: list[tuple[str | None, str | None]] = []
    for each in listed if isinstance(listed, list) else []:
        metric, formula = (each.get("metric"), each.get("formula")) if isinstance(each, dict) else (None, None)
        if isinstance(formula, str) and formula:
            found.append((None, formula))
        elif isinstance(metric, str):
            found.append((metric, None))
    return found[:20]


def _axes(panel: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """Return the axes by whose order lines are needed: the page works out the times itself."""
    own, usual = panel.get("x"), settings.get("x")
    if isinstance(own, str):
        return [own if own.startswith("metric:") else "step"]
    return ["step", usual] if isinstance(usual, str) and usual.startswith("metric:") else ["step"]


def _own_axes(grids: dict[int, _Grid]) -> list[str]:
    found = [axis for grid in grids.values() for panel in grid.panels for axis in _axes(panel, grid.settings)]
    return sorted({axis for axis in found if axis != "step"})


def _answer(answer: dict[str, Any], hiding: Blind | None) -> dict[str, Any]:
    if hiding is None:
        return answer
    if "problem" in answer:
        why = "the runs of this grid could not be found when the report was exported"
        return {"problem": {"title": "no runs", "detail": why}}
    runs = [
        {"key": hiding.key(run["key"]), "name": hiding.name(run["key"]), "state": run["state"]}
        for run in answer["runs"]
    ]
    return {"runs": runs, "matched": answer["matched"], "missing": [], "remarks": []}


def _block(block: Block, number: int | None, hiding: Blind | None) -> dict[str, Any]:
    if block.grid is None:
        error = None if block.error is None else block.error._asdict()
        return {"kind": "grid", "source": "" if hiding else block.text, "grid": None, "error": error}
    runs = block.grid.get("runs")
    runs = runs if isinstance(runs, dict) else {}
    if hiding is None:
        return {
            "kind": "grid",
            "source": "",
            "error": None,
            "grid": {**block.grid, "runs": {**runs, "exported": number}},
        }
    grid = _Grid(block.grid, {})
    colours, hidden = runs.get("colours"), runs.get("hidden")
    kept: dict[str, Any] = {"exported": number}
    if isinstance(colours, dict):
        kept["colours"] = {hiding.key(key): colour for key, colour in colours.items() if key in hiding.keys}
    if isinstance(hidden, list):
        kept["hidden"] = [hiding.key(key) for key in hidden if key in hiding.keys]
    settings = {name: hiding.any(value) for name, value in grid.settings.items() if name in _SETTINGS}
    panels: list[dict[str, Any]] = [
        {str(name): hiding.any(panel[name]) for name in _PANEL if name in panel} for panel in grid.panels
    ]
    everything: list[dict[str, Any]] = [settings, *panels]
    for each in everything:
        if each.get("x") == "time":  # of the moments only their distances are left
            each["x"] = "relative"
            each.pop("range", None)
    return {"kind": "grid", "source": "", "error": None, "grid": {"runs": kept, "settings": settings, "panels": panels}}


def _columns(state: Shared, grids: dict[int, _Grid], hiding: Blind | None) -> dict[str, Any]:
    """Return {keys, columns}: what panels over config and summary show of the runs."""
    keys = list(dict.fromkeys(key for grid in grids.values() for key in grid.keys))
    names: list[Any] = ["name"]
    for grid in grids.values():
        for panel in grid.panels:
            listed = panel.get("columns")
            names += listed if isinstance(listed, list) else []
            names += [panel.get(name) for name in ("across", "up", "colour", "column")]
    wanted = tuple(dict.fromkeys(name for name in names if isinstance(name, str) and is_column(name)))
    found: dict[str, Any] = {"keys": [], "columns": {name: [] for name in wanted}}
    api = RunsApi(state.roster)
    for at in range(0, len(keys), LARGEST_PAGE):
        some = Query(keys=tuple(keys[at : at + LARGEST_PAGE]), columns=wanted, limit=LARGEST_PAGE)
        answer = api.query(some)
        found["keys"] += answer["keys"]
        for name in wanted:
            found["columns"][name] += answer["columns"][name]
    if hiding is None:
        return found
    columns = {hiding.text(name): hiding.column(name, held, found["keys"]) for name, held in found["columns"].items()}
    return {"keys": [hiding.key(key) for key in found["keys"]], "columns": columns}


def _importance(
    state: Shared, grids: dict[int, _Grid], key: Callable[[str], str], text: Callable[[str], str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for grid in grids.values():
        for panel in grid.panels:
            metric = panel.get("metric")
            if panel.get("kind") != "importance" or not isinstance(metric, str):
                continue
            entries = [entry for each in grid.keys if (entry := state.roster.find(each)) is not None]
            answer = importance(entries, metric, None)
            if text is not _KEPT:
                rows = [{**row, "column": text(row["column"])} for row in answer["rows"]]
                answer = {**answer, "rows": rows, "constant": []}
            name = json.dumps([text(metric), sorted(map(key, grid.keys))], ensure_ascii=False, separators=(",", ":"))
            found[name] = answer
    return found
