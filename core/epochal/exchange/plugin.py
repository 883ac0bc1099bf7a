"""Registers the formats that come with Epochal, through the same hooks as anyone's; each is loaded when it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..hookspecs import hookimpl
from .formats import Exporter, Importer

if TYPE_CHECKING:
    from .formats import Exported, ExportRequest
    from .import_job import ImportJob

_CSV: Final = {
    "step": "the column that holds the step; by default step, global_step, iteration, … or else the row's number",
    "time": "the column that holds the time, in seconds since the epoch or as ISO 8601",
    "delimiter": "what separates the fields; by default found out from the first line",
    "encoding": "of the file; by default UTF-8, or what its first bytes say",
}
_LINES: Final = {
    "step": "the key that holds the step; by default step, _step, global_step, … or else the line's number",
    "time": "the key that holds the time, in seconds since the epoch or as ISO 8601",
}


@hookimpl
def register_exporters() -> list[Exporter]:
    """Return the exporters of this folder."""
    return [
        Exporter(
            "csv", "one line for each point, and a file beside it with config, summary and the rest",
            _export("csv_export"), options={"wide": "yes: one line for each step, one column for each metric"},
        ),
        Exporter("jsonl", "JSON lines: one for each run, one for each point", _export("jsonl_export")),
        Exporter("parquet", "one row for each point, with pyarrow", _export("parquet_export")),
        Exporter("archive", "run folders, byte for byte, as one zip file with checksums", _export("archive_export")),
        Exporter("pandas", "a DataFrame with a row for each point", _export("pandas_export"), writes=False),
        Exporter("arrow", "a pyarrow Table with a row for each point", _export("arrow_export"), writes=False),
    ]  # fmt: skip


@hookimpl
def register_importers() -> list[Importer]:
    """Return the importers of this folder."""
    return [
        Importer("csv", "our own CSV, or any table with a line for each step", *_import("csv_import"), _CSV),
        Importer("jsonl", "our own JSON lines, or one object for each step", *_import("jsonl_import"), _LINES),
        Importer("archive", "an archive that `epochal export archive` wrote", *_import("archive_import")),
        Importer(
            "trainer-state", "trainer_state.json of Hugging Face's Trainer, or a folder with checkpoints",
            *_import("trainer_state"),
        ),
        Importer("csvlogger", "folders of Lightning's CSVLogger, or a whole lightning_logs", *_import("csvlogger")),
    ]  # fmt: skip


def _export(module: str) -> Callable[[ExportRequest], Exported]:
    def export(request: ExportRequest) -> Exported:
        done: Exported = _load(module).export(request)
        return done

    return export


def _import(module: str) -> tuple[Callable[[Path], bool], Callable[[ImportJob], None]]:
    def detect(path: Path) -> bool:
        return bool(_load(module).detect(path))

    def import_(job: ImportJob) -> None:
        _load(module).import_(job)

    return detect, import_


def _load(module: str) -> Any:
    return import_module(f"{__package__}.{module}")
