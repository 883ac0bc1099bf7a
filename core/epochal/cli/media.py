"""What `epochal show` says of a run's media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import text

if TYPE_CHECKING:
    from ..recorded import RecordedRun


def media_records(run: RecordedRun) -> list[dict[str, Any]]:
    """Return what `show --json` says of each name under which media were logged."""
    from ..media.reading import media_facts

    return [facts._asdict() for facts in media_facts(run._journals)]


def media_rows(run: RecordedRun) -> list[tuple[str, str]]:
    """Return (name, what was logged under it) for the page."""
    return [(str(told["key"]), _words(told)) for told in media_records(run)]


def _words(told: dict[str, Any]) -> str:
    first, last = told["first_step"], told["last_step"]
    where = f"step {text.number(first)}" if told["steps"] == 1 else f"{text.number(told['steps'])} steps"
    between = "" if first == last else f", {text.number(first)} to {text.number(last)}"
    return f"{text.number(told['items'])} × {', '.join(told['kinds'])} at {where}{between}"
