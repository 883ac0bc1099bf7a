"""How an open `Run` shows itself in a notebook: as its folder tells it at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class RunShown:
    """The representation of a `Run` for notebooks."""

    if TYPE_CHECKING:

        @property
        def folder(self) -> Path: ...
        @property
        def disabled(self) -> bool: ...

    def _repr_html_(self) -> str | None:
        """Return HTML, or None where there is none to be had: a notebook then shows the plain representation."""
        try:
            from .notebook.run_page import disabled_html, run_html
            from .recorded import RecordedRun

            return disabled_html(repr(self)) if self.disabled else run_html(RecordedRun(self.folder))
        except Exception:  # what shows a run must never end a cell
            return None
