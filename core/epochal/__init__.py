"""Epochal records machine-learning runs: a folder on your disk, no account, no server, no network.

    import epochal

    with epochal.init("digits", config={"lr": 0.1}) as run:
        run.log({"loss": 0.5})

Reading is `epochal.runs()` and `epochal.get_run(name)`. What is not needed for `log` is loaded when it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .comparing import MISSING, Comparison, compare
    from .errors import (
        AmbiguousRunError,
        BadValueError,
        EpochalError,
        JournalError,
        MissingDependencyError,
        PluginError,
        PositionError,
        RunAliveError,
        RunExistsError,
        RunNotFoundError,
        StorageError,
        WhereError,
    )
    from .exchange.exporting import export_runs
    from .exchange.importing import import_runs
    from .fingerprinting import fingerprint
    from .group_history import GroupHistory
    from .groups import Group, Groups
    from .history import History
    from .hookspecs import hookimpl
    from .media.audio import Audio
    from .media.figure import Figure
    from .media.histogram import Histogram
    from .media.html import Html
    from .media.image import Image
    from .media.mesh import Mesh
    from .media.overlays import Box, Mask
    from .media.table import Table
    from .media.text import Text
    from .media.video import Video
    from .merging.merge import merge
    from .opening import init
    from .recorded import RecordedRun
    from .run import Run
    from .run_config import RunConfig
    from .run_list import Runs, get_run, runs
    from .run_summary import RunSummary
    from .smoothing import smooth

    config: RunConfig
    summary: RunSummary

__all__ = [
    "MISSING",
    "AmbiguousRunError",
    "Audio",
    "BadValueError",
    "Box",
    "Comparison",
    "EpochalError",
    "Figure",
    "Group",
    "GroupHistory",
    "Groups",
    "Histogram",
    "History",
    "Html",
    "Image",
    "JournalError",
    "Mask",
    "Mesh",
    "MissingDependencyError",
    "PluginError",
    "PositionError",
    "RecordedRun",
    "Run",
    "RunAliveError",
    "RunExistsError",
    "RunNotFoundError",
    "Runs",
    "StorageError",
    "Table",
    "Text",
    "Video",
    "WhereError",
    "__version__",
    "active_run",
    "compare",
    "config",
    "export_runs",
    "fingerprint",
    "finish",
    "get_run",
    "hookimpl",
    "import_runs",
    "init",
    "log",
    "merge",
    "runs",
    "smooth",
    "summary",
]

#: Public names by the module that holds them.
_HOMES = {
    "comparing": ["MISSING", "Comparison", "compare"],
    "errors": [name for name in __all__ if name.endswith("Error")],
    "exchange.exporting": ["export_runs"],
    "exchange.importing": ["import_runs"],
    "fingerprinting": ["fingerprint"],
    "group_history": ["GroupHistory"],
    "groups": ["Group", "Groups"],
    "history": ["History"],
    "hookspecs": ["hookimpl"],
    "media": ["Audio", "Box", "Figure", "Histogram", "Html", "Image", "Mask", "Mesh", "Table", "Text", "Video"],
    "merging.merge": ["merge"],
    "opening": ["init"],
    "recorded": ["RecordedRun"],
    "run": ["Run"],
    "run_list": ["Runs", "get_run", "runs"],
    "smoothing": ["smooth"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def active_run() -> Run | None:
    """Return the run that `epochal.log` writes to: the context's, else the last one opened here; None without one."""
    from . import active

    return active.active_run()


def log(metrics: Mapping[str, Any], *, step: int | None = None, time: float | None = None) -> None:
    """Record values in the active run; see `Run.log`.

    Raises:
        EpochalError: no run was ever opened in this process.
    """
    from .active import need_active_run

    run = need_active_run("log")
    if run is not None:
        run.log(metrics, step=step, time=time)


def finish(exit_code: int = 0) -> None:
    """End the active run; see `Run.finish`. Without an open run this does nothing."""
    run = active_run()
    if run is not None:
        run.finish(exit_code)


def __getattr__(name: str) -> Any:
    if name in ("config", "summary"):
        from .active import need_active_run

        run = need_active_run(name)
        if run is None:
            from .errors import EpochalError

            raise EpochalError(f"epochal.{name}: the last run is closed — call epochal.init() again")
        return getattr(run, name)
    if name in ("rules", "sinks"):
        return import_module(f".{name}", __name__)
    if name in _HOME_OF:
        value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
