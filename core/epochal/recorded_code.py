"""`RecordedRun.restore`: the code that a run was started with, written into a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .run_facts import RunFacts

if TYPE_CHECKING:
    from .restoring import Restored


class RecordedCode(RunFacts):
    """The code of a `RecordedRun`."""

    def restore(self, folder: str | os.PathLike[str], *, repo: str | os.PathLike[str] | None = None) -> Restored:
        """Write the code as it was: the commit, the changes upon it, new files and the script.

        Args:
            folder: where; it must be empty, or not be there yet.
            repo: a repository on this machine to take the commit from, by default the one that the run was started
                in. Nothing is fetched from a network.

        Returns:
            what was done; `complete` is False where something is missing, and `missing` names it.

        Raises:
            BadValueError: the folder holds something, or `repo` is no folder.
            StorageError: the folder cannot be written.
        """
        from .restoring import restore

        return restore(self, folder, repo)
