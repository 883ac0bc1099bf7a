"""The part of `epochal compare` that draws: a chart for each metric with a curve for each run, two in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from . import text
from .compare_page import labels
from .compare_page import title as title_of

if TYPE_CHECKING:
    from rich.text import Text

    from ..comparing import Comparison
    from .chart import Series

#: Charts where no metric was asked for, and how wide a terminal is that takes two in a row.
_CHARTS: Final = 2
_TWO_IN_A_ROW: Final = 110
_HEIGHT: Final = 14
#: More points than this of one curve look no different.
_POINTS: Final = 2000


def curves_part(comparison: Comparison, *, asked: bool, width: int, colored: bool) -> Iterator[Any]:
    """Yield charts, below them which curve is whose."""
    from .columns import telling

    series: dict[str, list[Series]] = {}
    for name in comparison.metrics if asked else sorted(comparison.metrics, key=telling):
        found = _series(comparison, name)
        if found and (asked or any(len(one.xs) > 1 for one in found)):
            series[name] = found
        if not asked and len(series) == _CHARTS:
            break
    if not series:
        return
    yield title_of("Curves")
    per_row = 2 if width >= _TWO_IN_A_ROW and len(series) > 1 else 1
    each = (width - 2 * (per_row - 1)) // per_row
    charts = [_chart(name, found, each, colored) for name, found in series.items()]
    for start in range(0, len(charts), per_row):
        if start:
            yield ""
        yield from _beside(charts[start : start + per_row], each)
    yield from _legend(comparison, width, colored)


def _series(comparison: Comparison, metric: str) -> list[Series]:
    import numpy as np

    from ..errors import BadValueError
    from .chart import Series

    having = [run for run in comparison.runs if metric in run.metrics]
    axes = {run.axis(metric) for run in having}
    axis = axes.pop() if len(axes) == 1 else "step"
    found = []
    for at, run in enumerate(comparison.runs):
        if run not in having:
            continue
        try:
            history = run.history(metric, x=axis, samples=_POINTS)
        except BadValueError:  # without the axis, or with texts alone
            continue
        if len(history):
            found.append(Series("", history.x.astype(np.float64), history.values.astype(np.float64), color=at))
    return found


def _chart(name: str, series: Sequence[Series], width: int, colored: bool) -> list[Text]:
    from .chart import chart

    lines = chart(
        series, width=width, height=_HEIGHT, x_label="", title=text.shown(name, width), colored=colored
    )  # fmt: skip
    return lines[: len(lines) - len(series)]  # one legend stands below all charts


def _beside(charts: Sequence[list[Text]], width: int) -> Iterator[Text]:
    from rich.text import Text

    for at in range(max(map(len, charts))):
        line = Text()
        for chart in charts:
            part = chart[at].copy() if at < len(chart) else Text()
            part.truncate(width, overflow="ellipsis")
            line.append_text(part).append(" " * (width - part.cell_len + 2))
        line.rstrip()
        yield line


def _legend(comparison: Comparison, width: int, colored: bool) -> Iterator[Text]:
    from rich.text import Text

    from .chart import COLORS, curve_letter

    line = Text()
    for at, label in enumerate(labels(comparison)):
        mark = "━━" if colored else curve_letter(at)
        part = Text("  ").append(mark, style=COLORS[at % len(COLORS)]).append(f" {label}")
        if line.cell_len + part.cell_len > width and line:
            yield line
            line = Text()
        line.append_text(part)
    yield line
