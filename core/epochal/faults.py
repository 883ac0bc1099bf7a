"""Faults of tracking: each warns once, is kept in the run, and lets the training go on."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from .errors import TrackingError

#: Different faults of one run beyond this number are counted, not told.
_MOST: Final = 100

logger = logging.getLogger("epochal")


class Faults:
    """Tells each fault of a run once, as a warning and as a notice in its record."""

    def __init__(self, record: Callable[[str, str, Mapping[str, Any]], None]) -> None:
        self._record = record
        self._told: set[str] = set()

    def __call__(self, code: str, text: str, *, once: str | None = None, **data: Any) -> None:
        """Tell a fault.

        Args:
            code: what kind of fault, a short word for programs.
            text: what happened, where, and what to do.
            once: what makes it the same fault as another; by default its code.
            data: more for the notice.
        """
        key = code if once is None else f"{code}:{once}"
        if key in self._told or len(self._told) > _MOST:
            return
        self._told.add(key)
        with contextlib.suppress(Exception):  # a handler of the user's that raises must not end the training
            logger.warning("%s", text)
        self._record(code, text, data)

    def mute(self, code: str) -> None:
        """Take a fault for told."""
        self._told.add(code)

    def internal(self, where: str, error: Exception) -> None:
        """Tell an error that should not have happened: in strict mode it is raised, else it costs this one call.

        Raises:
            TrackingError: EPOCHAL_STRICT=1 is set.
        """
        if os.environ.get("EPOCHAL_STRICT") == "1":
            raise TrackingError(f"run.{where} failed: {error!r}") from error
        self(
            "internal",
            f"run.{where} failed ({error!r}): this call was not recorded, training goes on; please report it",
            once=where,
        )
