"""Where the folders of runs really lie: one that a link leads out of the runs folder to is no run of it."""

from __future__ import annotations

import os


def lies_within(root: str | os.PathLike[str], folder: str) -> bool:
    """Return whether a run's folder lies in the runs folder, links in its two parts followed.

    What stands above the runs folder may be links: the user has chosen it.

    Args:
        root: the runs folder.
        folder: `<project folder>/<run folder>`.
    """
    project = os.path.join(root, os.path.dirname(folder))
    path = os.path.join(root, folder)
    if not os.path.islink(project) and not os.path.islink(path):
        return True
    base = os.path.realpath(root)
    return os.path.realpath(path).startswith(base.rstrip(os.sep) + os.sep)
