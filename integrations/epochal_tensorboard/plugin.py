"""Registers TensorBoard's importer, exporter and sink. Imports neither tensorboard nor NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from epochal.hookspecs import Exporter, Importer, RunInfo, Sink, hookimpl

if TYPE_CHECKING:
    from epochal.exchange.import_job import ImportJob
    from epochal.hookspecs import Exported, ExportRequest
    from epochal.sinks import OpenSink

_OPTIONS: Final = {
    "purge": "which points a restart hides: eventaccumulator (default; those that a SessionLog START says), rustboard "
    "(per tag, whenever steps go back, as TensorBoard's data server) or none",
    "workers": "how many processes read at once; by default as many as there are cores, where it is worth while",
}
_FLAGS: Final = {
    "merge-subruns": "sub-folders of a run (train, validation, hparams' and add_scalars') become a part of it"
}

_PRECISION: Final = {
    "precision": "float32 (default), as TensorBoard's own writers; or exact: what 32 bits do not hold becomes a "
    "tensor of 64 bits, which TensorBoard shows, but not with its data server"
}


@hookimpl
def register_importers() -> list[Importer]:
    """Return the importer of event files."""
    return [
        Importer(
            "tensorboard", "TensorBoard's event files: a folder with all that is below it, or one file", _detect,
            _import, _OPTIONS, _FLAGS, _follow,
        )
    ]  # fmt: skip


def _detect(path: Path) -> bool:
    from ._logdir import holds_events

    return holds_events(path)


def _import(job: ImportJob) -> None:
    from ._importing import import_

    import_(job)


def _follow(job: ImportJob) -> None:
    from ._follow import follow

    follow(job)


@hookimpl
def register_exporters() -> list[Exporter]:
    """Return the exporter of event files."""
    return [
        Exporter(
            "tensorboard", "TensorBoard's event files: a folder with a folder for each run", _export, options=_PRECISION
        )
    ]


@hookimpl
def register_sinks() -> list[Sink]:
    """Return the sink that writes event files while the training runs."""
    return [Sink("tensorboard", _open_sink, _check_sink)]


def _export(request: ExportRequest) -> Exported:
    from ._export import export

    return export(request)


def _open_sink(settings: Mapping[str, Any], run: RunInfo) -> OpenSink:
    from ._sink import EventSink

    return EventSink(settings, run)


def _check_sink(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    from ._sink_settings import check

    return check(settings)
