"""The part of `epochal show` that lists a run's alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from . import text

if TYPE_CHECKING:
    from ..alerts import Alert
    from ..recorded import RecordedRun

_MOST: Final = 20
#: Lines of an alert's text that are shown.
_LINES: Final = 6
_STYLES: Final = {"error": "red", "warning": "yellow"}


def alerts(run: RecordedRun) -> Iterator[Any]:
    """Yield the newest alerts; those that repeat one another stand once, with their number."""
    found = run.alerts
    if not found:
        return
    yield Text(f"\nAlerts ({len(found)})", style="bold")
    groups: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in found:
        groups.setdefault((alert.level, alert.title, alert.text), []).append(alert)
    newest = sorted(groups.values(), key=lambda group: group[-1].time)
    if len(newest) > _MOST:
        yield Text(f"  … {len(newest) - _MOST} more: --json", style="dim")
    for group in newest[-_MOST:]:
        yield from _told(group)


def _told(group: list[Alert]) -> Iterator[Any]:
    alert = group[-1]
    line = Text("  ").append(f"{text.shown(alert.level, 20):<8}", style=_STYLES.get(alert.level, "cyan"))
    line.append(text.shown(alert.title, 200), style="bold")
    facts = [f"step {alert.step}"] if alert.step is not None else []
    facts += [f"rank {alert.rank}"] if alert.rank else []
    facts += ["by a rule"] if alert.source == "rule" else []
    facts += [text.clock(alert.time)] + ([f"{len(group)} times"] if len(group) > 1 else [])
    yield line.append(f"  {', '.join(facts)}", style="dim")
    lines = alert.text.splitlines()
    yield from (Text(f"            {text.shown(each, 400)}") for each in lines[:_LINES])
    if len(lines) > _LINES:
        yield Text("            …", style="dim")
