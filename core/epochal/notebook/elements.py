"""The parts of the HTML: escaped text, tables and folded sections, with the few styles that they need."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

#: Characters of one text, before it is cut.
_LONGEST: Final = 120

#: The colour of each state, legible on white and on black.
_COLOURS: Final = {
    "running": "#2f81f7",
    "finished": "#2da44e",
    "failed": "#e5534b",
    "killed": "#e5534b",
    "interrupted": "#bf8700",
    "lost": "#bf8700",
}
_FAINT: Final = "opacity:.65"
_CELL: Final = (
    "text-align:left;vertical-align:middle;padding:2px 12px 2px 0;border:0;background:none;white-space:nowrap"
)


class Markup(str):
    """HTML that is safe as it is; any other text is escaped."""

    __slots__ = ()


def text(value: object, limit: int = _LONGEST) -> Markup:
    """Return any value as escaped text in one line: control and direction marks as codes, cut at `limit`."""
    if isinstance(value, Markup):
        return value
    plain = value[: 4 * limit] if isinstance(value, str) else _plain(value)
    if not plain.isprintable():
        plain = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in plain)
    if len(plain) > limit:
        plain = plain[: limit - 1] + "…"
    return Markup(html.escape(plain.encode("utf-8", "replace").decode()))


def _plain(value: object) -> str:
    """Return a config or summary value; of a large one only its beginning is looked at."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**40:
        return f"about 2^{value.bit_length() - 1}"
    if isinstance(value, Mapping):
        shown = [f"{key}: {_brief(value[key])}" for key in list(value)[:8]]
        return "{" + ", ".join(shown) + (", …" if len(value) > 8 else "") + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_brief, value[:8])) + (", …" if len(value) > 8 else "") + "]"
    return str(value)[: 4 * _LONGEST]


def _brief(value: object) -> str:
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[…]" if value else "[]"
    return str(value)[:_LONGEST] if isinstance(value, str) else _plain(value)


def faint(words: object) -> Markup:
    """Return text that stands back."""
    return Markup(f'<span style="{_FAINT}">{text(words)}</span>')


def state(name: str) -> Markup:
    """Return a state in its colour."""
    return Markup(f'<b style="color:{_COLOURS.get(name, "inherit")}">{text(name)}</b>')


def span(seconds: float | None) -> str:
    """Return a duration such as 45s, 3m12s or 2h05m."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def clock(moment: float | None) -> str:
    """Return the local date and time of a moment in seconds since the epoch."""
    try:
        return "–" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
    except (OverflowError, ValueError, OSError):
        return "–"


def table(rows: Iterable[Sequence[object]], header: Sequence[object] = ()) -> Markup:
    """Return a table; cells are escaped unless they are `Markup`."""
    head = "".join(f'<th style="{_CELL};{_FAINT};font-weight:normal">{text(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{text(cell)}</td>' for cell in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    style = "border-collapse:collapse;margin:4px 0;font-size:inherit;color:inherit"
    return Markup(f'<table style="{style}">{top}<tbody>{body}</tbody></table>')


def section(title: str, content: str, *, opened: bool = True) -> Markup:
    """Return a part that can be folded, without any script."""
    attribute = " open" if opened else ""
    summary = f'<summary style="cursor:pointer;{_FAINT}">{text(title)}</summary>'
    return Markup(f'<details{attribute} style="margin:4px 0">{summary}{content}</details>')


def whole(*parts: str) -> str:
    """Return the parts as what a notebook shows."""
    style = "font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;color:inherit"
    return f'<div style="{style}">{"".join(parts)}</div>'
