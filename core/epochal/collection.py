"""Keeps Python's collector of garbage still for a while, for several threads at a time."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_still = 0
_was_on = False


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector still while many objects without cycles are made: it would look at all of them each time.

    The last of those who want it still puts it back as the first one found it, whatever thread they are in.
    """
    global _still, _was_on
    with _lock:
        if not _still:
            _was_on = gc.isenabled()
            gc.disable()
        _still += 1
    try:
        yield
    finally:
        with _lock:
            _still -= 1
            if not _still and _was_on:
                gc.enable()
