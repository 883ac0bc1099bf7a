"""A run as filters of the `where` language ask it: what they ask for most is at hand."""

from __future__ import annotations

from typing import Any

from epochal.catalog_entry import Entry


class Subject:
    """Has the attributes of an `Entry`; those that are set here cost no call."""

    __slots__ = ("config", "entry", "name", "project", "started", "state", "summary", "tags")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.name, self.project, self.state, self.started = entry.name, entry.project, entry.state, entry.started
        self.config, self.summary, self.tags = entry.config, entry.summary, entry.tags

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entry, name)
