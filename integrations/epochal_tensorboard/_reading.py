"""One event file that is being read for a run, with the run's own numbers for its tags and forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._event_file import EventFile, Layouts

if TYPE_CHECKING:
    from ._batches import Batch
    from ._chunks import Chunk


class Reading:
    """An event file on its way into a run.

    Attributes:
        path: of the file.
        prefix: of its tags in the run: empty, or that of the sub-run that it is of.
        begun: something of it was met already, now or in an earlier import.
        events: its reader.
        read: how many of its bytes were read; they end between two records.
        plugins: its tags, and the plugin of each.
    """

    def __init__(self, path: Path, prefix: str, offset: int, plugins: dict[str, str], layouts: Layouts) -> None:
        self.path, self.prefix, self.begun, self.read = path, prefix, offset > 0, offset
        self.plugins = plugins
        self.events = EventFile(path, offset=offset, plugins=plugins, layouts=layouts)
        self._tags = self._forms = np.empty(0, np.int64)

    def add(self, chunk: Chunk, batch: Batch) -> None:
        """Add a chunk's points to a batch."""
        scalars = chunk.scalars
        if not len(scalars.tags):
            return
        tags, forms = self.events.tags, self.events.forms
        if len(tags) > len(self._tags):
            self._tags = np.append(self._tags, np.full(len(tags) - len(self._tags), -1))
        for tag in np.flatnonzero((np.bincount(scalars.tags, minlength=len(tags)) > 0) & (self._tags < 0)).tolist():
            self._tags[tag] = batch.tag(self.prefix + tags[tag])
            self.plugins.setdefault(tags[tag], "scalars")
        if len(forms) > len(self._forms):
            new = [batch.form(form) for form in forms[len(self._forms) :]]
            self._forms = np.append(self._forms, np.array(new, np.int64))
        batch.add(self._tags.take(scalars.tags), self._forms.take(scalars.forms), scalars)
