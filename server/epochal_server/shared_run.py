"""A recorded run that several threads may ask: it answers one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from epochal.recorded import RecordedRun


class SharedRun(RecordedRun):
    """`RecordedRun` with a lock around each of its public methods and properties.

    What they return is plain data. Who needs several answers of one moment, or reaches below, holds `turn`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Look at the run in a folder.

        Raises:
            RunNotFoundError: there is no run in it.
        """
        self._turn = threading.RLock()
        super().__init__(path)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep all other threads waiting."""
        with self._turn:
            yield

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name == "turn":
            return super().__getattribute__(name)
        with self._turn:
            found = super().__getattribute__(name)
        return self._in_turn(found) if callable(found) else found

    def _in_turn(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **options: Any) -> Any:
            with self._turn:
                return method(*args, **options)

        return call
