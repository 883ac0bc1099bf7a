"""Which sinks a run's record names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import JournalError
from ..journal.following import Follower
from .choosing import Chosen


def recorded_sinks(*journals: str) -> list[Chosen]:
    """Return the sinks that journals name, in order; of several of a name the last."""
    found: dict[str, Chosen] = {}
    for journal in journals:
        for payload in _records(journal):
            name, kind, settings, held = (payload.get(key) for key in Chosen._fields)
            if isinstance(name, str) and isinstance(kind, str) and isinstance(settings, dict):
                found.pop(name, None)
                found[name] = Chosen(name, kind, settings, bool(held))
    return list(found.values())


def _records(journal: str) -> Iterable[Mapping[str, Any]]:
    try:
        follower = Follower(journal, lambda _: lambda _: True)
        while True:
            entries = follower.read(1000, 1 << 20, deep=True)
            yield from (entry.payload for entry in entries if entry.payload.get("k") == "sink")
            if not entries:
                return
    except (OSError, JournalError):
        return
