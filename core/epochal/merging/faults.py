"""What goes wrong with one file of a run: it costs that file alone, and is told."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Final

from .report import MergedRun, Remark

#: What ends the whole merge: nothing more can be written.
_NO_MORE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Faults:
    """The files of one run that could not be read or put in place.

    Attributes:
        failed: their paths within the run, each as it is where there is one version of it.
    """

    def __init__(self, report: MergedRun) -> None:
        self.failed: set[str] = set()
        self._report = report
        self._folder = os.fspath(report.path)

    def tell(self, path: str, what: str) -> None:
        """Note that something could not be taken over."""
        self.failed.add(path)
        self._report.problems.append(Remark(path, what))

    @contextlib.contextmanager
    def costing(self, path: str) -> Iterator[None]:
        """Let what fails within cost this file alone; what has just vanished from a source costs nothing.

        Raises:
            OSError: nothing more can be written at all.
        """
        try:
            yield
        except FileNotFoundError as error:
            self.failed.add(path)
            if str(error.filename).startswith(self._folder + os.sep):
                self.tell(path, f"vanished from the target: {error.filename}")
        except OSError as error:
            if error.errno in _NO_MORE:
                raise
            self.tell(path, f"{error.strerror or error}")
