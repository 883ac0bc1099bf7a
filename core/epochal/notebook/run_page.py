"""A run as a notebook shows it: name, state, summary with small curves, config and alerts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..catalog_entry import flat
from .elements import Markup, clock, faint, section, span, state, table, text, whole
from .sparkline import sparkline

if TYPE_CHECKING:
    from ..recorded import RecordedRun

#: Rows that are shown of each part, and how many of the metrics are drawn.
_METRICS: Final = 12
_CONFIG: Final = 40
_ALERTS: Final = 5
_POINTS: Final = 200
#: Metrics of a run with larger journals are named, not read: a cell must not take seconds to show itself.
_READ_BYTES: Final = 256 << 20


def run_html(run: RecordedRun) -> str:
    """Return the HTML of a recorded run."""
    ending = run.ending
    finished = run.finished
    lasted = None if run.started is None or finished is None else finished - run.started
    head = f"<b>{text(run.name)}</b> {state(ending.name)} {faint(run.project)}"
    facts = [clock(run.started), *([f"took {span(lasted)}"] if lasted is not None else []), run.id]
    told = [ending.reason] if ending.reason else []
    return whole(
        f"<div>{head}</div>",
        f"<div>{faint(' · '.join(facts))}</div>",
        *(f"<div>{text(reason, 300)}</div>" for reason in told),
        _alerts(run),
        _summary(run),
        _config(run.config),
    )


def disabled_html(told: str) -> str:
    """Return the HTML of a run that records nothing, which has its plain representation alone to tell."""
    return whole(f"<div>{text(told)} {faint('nothing is recorded')}</div>")


def _summary(run: RecordedRun) -> Markup:
    names = run.metrics
    if _size(run) > _READ_BYTES:
        rows: list[list[object]] = [[name] for name in names[:_METRICS]]
        rows += [[name, value, faint("set by hand")] for name, value in list(run.manual_summary.items())[:_METRICS]]
        return section(f"{len(names)} metrics; there are too many points to draw them here", table(rows))
    by_hand, summary = run.manual_summary, run.summary
    shown = sorted(names, key=_telling)[:_METRICS]
    rows = [[name, _value(name, summary), _curve(run, name)] for name in sorted(shown)]
    others = [name for name in summary if name not in set(names)]
    rows += [[name, summary[name], faint("set by hand") if name in by_hand else ""] for name in others[: 2 * _METRICS]]
    if not rows:
        return Markup()
    left = len(names) + len(others) - len(rows)
    return section(f"Summary{f' ({left} more)' if left else ''}", table(rows))


def _telling(name: str) -> tuple[int, str]:
    """Sort first what says how well a training went."""
    words = name.lower()
    return min((i for i, word in enumerate(("loss", "acc", "val", "score")) if word in words), default=9), name


def _value(name: str, summary: dict[str, Any]) -> object:
    if name in summary:
        return summary[name]
    return next((value for key, value in summary.items() if key.startswith(f"{name}.")), "")


def _curve(run: RecordedRun, name: str) -> Markup:
    try:
        history = run.history(name, samples=_POINTS)
        return Markup(sparkline(history.x, history.values))
    except Exception:  # a curve less is no reason to show nothing
        return Markup()


def _config(config: dict[str, Any]) -> Markup:
    rows = []
    for at, (name, value) in enumerate(flat(config).items()):
        if at == _CONFIG:
            rows.append(["…", ""])
            break
        rows.append([name, value])
    return section("Config", table(rows), opened=len(rows) <= 8) if rows else Markup()


def _alerts(run: RecordedRun) -> Markup:
    newest = run.alerts[-_ALERTS:]
    rows = [[alert.level, alert.title, "" if alert.step is None else f"step {alert.step}"] for alert in newest]
    return section(f"Alerts ({len(run.alerts)})", table(rows)) if rows else Markup()


def _size(run: RecordedRun) -> int:
    """Return the bytes of the run's journals."""
    with os.scandir(run.path / "journal") as files:
        return sum(file.stat(follow_symlinks=False).st_size for file in files)
