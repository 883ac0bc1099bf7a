"""What a TensorBoard sink can be told, checked before a run begins; imports neither tensorboard nor NumPy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

from epochal.errors import MissingDependencyError

_KNOWN: Final = ("logdir", "name", "patience_s")


def check(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a sink's settings as they are to be recorded.

    Raises:
        ValueError: one of them cannot be used.
        MissingDependencyError: tensorboard is not installed.
    """
    for key in settings:
        if key not in _KNOWN:
            raise ValueError(f"there is no setting {key!r}, there are {', '.join(_KNOWN)}")
    name, patience = settings.get("name"), settings.get("patience_s", 0)
    if not isinstance(name, (str, type(None))):
        raise ValueError("name must be a text")
    if isinstance(patience, bool) or not isinstance(patience, (int, float)) or not 0 <= patience < 1e9:
        raise ValueError(f"patience_s is {patience!r}: give seconds")
    if find_spec("tensorboard") is None:
        raise MissingDependencyError("tensorboard", "tensorboard")
    if settings.get("logdir") is None:
        return {key: value for key, value in settings.items() if key != "logdir"}
    logdir = settings["logdir"]
    if not isinstance(logdir, (str, os.PathLike)):
        raise ValueError(f"logdir is a {type(logdir).__name__}: give the path of a folder")
    logdir = os.path.abspath(os.path.expanduser(os.fspath(logdir)))
    if os.path.lexists(logdir) and not os.path.isdir(logdir):
        raise ValueError(f"logdir {logdir} is no folder")
    return {**settings, "logdir": logdir}
