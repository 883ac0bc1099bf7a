"""A line chart in the terminal: curves, axes and a legend as lines of styled text."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import ticks
from .canvas import Canvas

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

#: Legible on dark and on light grounds; terminals with fewer colours get the nearest.
COLORS: Final = ("#2f81f7", "#e8702a", "#2da44e", "#d1365c", "#9a5cf5", "#b08800", "#12a5a5", "#e05bb0")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Curves of more points than this whose x goes back and forth are drawn as dots.
_MOST_LINES: Final = 20_000

_SMALLEST: Final = math.ulp(0.0)
_LARGEST: Final = sys.float_info.max

Ticks = Callable[[float, float, int], list[ticks.Tick]]


@dataclass
class Series:
    """One curve.

    Attributes:
        label: what the legend says.
        xs: float64, shape (n,).
        ys: float64, shape (n,); NaN and infinities leave a gap.
        color: index into `COLORS`; None for the next.
        ghost: draw it dotted and dim (abandoned points), without a place in the legend.
    """

    label: str
    xs: np.ndarray
    ys: np.ndarray
    color: int | None = None
    ghost: bool = False


@dataclass(frozen=True)
class Axis:
    """How one axis is scaled and marked: `low` and `high` are on the data's scale."""

    low: float
    high: float
    log: bool
    ticks: Ticks

    def place(self, values: np.ndarray, dots: int) -> np.ndarray:
        """Return the dot of each value, int64, from 0 to `dots` - 1."""
        import numpy as np

        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        scaled = np.log10(values) if self.log else values
        # halves first: the span of two large numbers may be larger than any float
        share = (scaled / 2 - low / 2) / (high / 2 - low / 2)
        placed: np.ndarray = np.rint(share * (dots - 1)).astype(np.int64)
        return placed

    def marks(self, count: int, dots: int) -> list[tuple[int, str]]:
        """Return (dot, label) of about `count` marks."""
        import numpy as np

        found = (ticks.logarithmic if self.log else self.ticks)(self.low, self.high, count)
        places = self.place(np.array([tick.value for tick in found], dtype=np.float64), dots)
        return [(int(place), tick.label) for place, tick in zip(places, found, strict=True) if -1 <= place <= dots]


def chart(
    series: Sequence[Series],
    *,
    width: int,
    height: int,
    x_label: str,
    title: str = "",
    logx: bool = False,
    logy: bool = False,
    x_ticks: Ticks = ticks.linear,
    colored: bool = True,
) -> list[Text]:
    """Return the lines of a chart that is `width` wide and `height` high with its axes, the legend below it.

    Without colours several curves are drawn in letters, so that they can be told apart.
    """
    from rich.text import Text

    drawn = [_Drawn.of(one, index, logx, logy) for index, one in enumerate(series)]
    lines = [Text(title, style="bold")] if title else []
    if not any(len(one.xs) for one in drawn):
        return [*lines, Text("no finite points to draw", style="dim"), *_legend(drawn, _styles(drawn, colored))]
    x_axis = _axis([one.xs for one in drawn], log=logx, marks=x_ticks, pad=False)
    y_axis = _axis([one.ys for one in drawn], log=logy, marks=ticks.linear, pad=True)
    rows = max(height - 2, 3)
    y_marks = {
        rows - 1 - min(max(dot, 0), 4 * rows - 1) // 4: label for dot, label in y_axis.marks(rows // 2 + 1, 4 * rows)
    }
    margin = max(map(len, y_marks.values()), default=1)
    canvas = Canvas(max(width - margin - 2, 10), rows)
    for one in sorted(drawn, key=lambda one: not one.series.ghost):
        one.draw(canvas, x_axis, y_axis)
    styles = _styles(drawn, colored)
    for index in range(rows):
        line = Text(f"{y_marks.get(index, ''):>{margin}} {'┤' if index in y_marks else '│'}", style="dim")
        for char, owner in canvas.row(index):
            line.append(char if owner is None or not styles[owner].letter else styles[owner].letter,
                        style="" if owner is None else styles[owner].style)  # fmt: skip
        lines.append(line)
    lines += _x_axis(x_axis, canvas, margin, x_label)
    return lines + _legend(drawn, styles)


def curve_letter(color: int) -> str:
    """Return the letter that a curve of this colour is drawn in where there are no colours."""
    return _LETTERS[color % len(_LETTERS)]


@dataclass
class _Style:
    style: str
    letter: str = ""


@dataclass
class _Drawn:
    """A curve reduced to what can be drawn, and how many of its points cannot."""

    series: Series
    index: int
    xs: np.ndarray
    ys: np.ndarray
    gaps: np.ndarray
    left_out: int
    why: str

    @classmethod
    def of(cls, series: Series, index: int, logx: bool, logy: bool) -> _Drawn:
        import numpy as np

        sound = np.isfinite(series.xs) & np.isfinite(series.ys)
        if logx:
            sound &= series.xs > 0
        if logy:
            sound &= series.ys > 0
        at = np.flatnonzero(sound)
        why = "NaN, inf or ≤ 0" if logx or logy else "NaN or inf"
        gaps = np.diff(at, prepend=-1) > 1
        return cls(series, index, series.xs[at], series.ys[at], gaps, len(sound) - len(at), why)

    def draw(self, canvas: Canvas, x_axis: Axis, y_axis: Axis) -> None:
        import numpy as np

        xs, ys = x_axis.place(self.xs, canvas.width), y_axis.place(self.ys, canvas.height)
        if len(xs) == 1:  # a lone dot is hard to see
            for x, y in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
                canvas.dot(int(xs[0]) + x, int(ys[0]) + y, self.index)
            return
        rising = bool(np.all(np.diff(xs) >= 0))
        if len(xs) > _MOST_LINES and not rising:
            for x, y in {*zip(xs.tolist(), ys.tolist(), strict=True)}:
                canvas.dot(x, y, self.index)
            return
        points = _outline(xs, ys, self.gaps) if rising and len(xs) > 4 * canvas.width else _points(xs, ys, self.gaps)
        canvas.path(points, self.index, dotted=self.series.ghost)


def _points(xs: np.ndarray, ys: np.ndarray, gaps: np.ndarray) -> Iterator[tuple[int, int] | None]:
    for x, y, gap in zip(xs.tolist(), ys.tolist(), gaps.tolist(), strict=True):
        if gap:
            yield None
        yield x, y


def _outline(xs: np.ndarray, ys: np.ndarray, gaps: np.ndarray) -> Iterator[tuple[int, int] | None]:
    """Yield for each column of dots the first, lowest, highest and last point: it looks as all points would."""
    import numpy as np

    starts = np.flatnonzero(np.diff(xs, prepend=xs[0] - 1))
    lows, highs = np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)
    ends = np.append(starts[1:], len(xs)) - 1
    columns = (xs[starts], ys[starts], lows, highs, ys[ends], gaps[starts])
    for x, first, low, high, last, gap in zip(*(column.tolist() for column in columns), strict=True):
        if gap:
            yield None
        yield from ((x, first), (x, low), (x, high), (x, last))


def _axis(parts: list[np.ndarray], *, log: bool, marks: Ticks, pad: bool) -> Axis:
    low = min(float(part.min()) for part in parts if len(part))
    high = max(float(part.max()) for part in parts if len(part))
    if low == high:  # one value: put it into the middle
        low, high = (low / 2, high * 2) if log else (low - (abs(low) / 2 or 1), high + (abs(high) / 2 or 1))
        low, high = max(low, -_LARGEST, _SMALLEST if log else -_LARGEST), min(high, _LARGEST)
    elif pad and not log and 0 < low < 0.1 * high:
        low = 0.0
    # where logarithms of the ends are the same float there is no room for a logarithmic scale
    return Axis(low, high, log and math.log10(low) < math.log10(high), marks)


def _x_axis(axis: Axis, canvas: Canvas, margin: int, label: str) -> list[Text]:
    from rich.text import Text

    rule = ["─"] * canvas.columns
    words = [" "] * (margin + 2 + canvas.columns)
    free_from = 0
    end = len(words) - len(label) - 2
    for dot, text in axis.marks(max(canvas.columns // 12, 2), canvas.width):
        column = min(max(dot // 2, 0), canvas.columns - 1)
        start = max(margin + 2 + column - len(text) // 2, 0)
        if start < free_from or start + len(text) > end:
            continue
        rule[column] = "┬"
        words[start : start + len(text)] = text
        free_from = start + len(text) + 2
    words[len(words) - len(label) :] = label
    return [Text(" " * (margin + 1) + "└" + "".join(rule), style="dim"), Text("".join(words), style="dim")]


def _styles(drawn: list[_Drawn], colored: bool) -> list[_Style]:
    chosen = [one.series.color if one.series.color is not None else one.index for one in drawn]
    several = len(set(chosen)) > 1
    return [
        _Style(
            COLORS[color % len(COLORS)] + (" dim" if one.series.ghost else ""),
            "" if colored or not several else "." if one.series.ghost else curve_letter(color),
        )
        for one, color in zip(drawn, chosen, strict=True)
    ]


def _legend(drawn: list[_Drawn], styles: list[_Style]) -> list[Text]:
    from rich.text import Text

    lines = []
    for one, style in zip(drawn, styles, strict=True):
        if one.series.ghost:
            continue
        line = Text("  ").append(style.letter or "━━", style=style.style).append(f" {one.series.label}")
        if one.left_out:
            line.append(f"  {one.left_out} points not drawn: {one.why}", style="dim")
        lines.append(line)
    return lines
