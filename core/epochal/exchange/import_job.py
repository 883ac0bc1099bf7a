"""`ImportJob`: what an importer is told, and where it hands the runs over that it has found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import layout
from ..errors import EpochalError, StorageError
from ..placing import choose_folder, claim, default_project, make_root
from .earlier import Earlier
from .foreign import ForeignRun
from .import_report import ImportReport, TakenRun
from .import_writer import ImportWriter


class ImportJob:
    """One call of an importer.

    Attributes:
        sources: absolute paths, which exist.
        options: by name, of those that the importer declares.
        root: the runs folder to import into.
        project: where the runs go; None where nobody said, so that a source may say it.
        report: what was taken over so far.
    """

    def __init__(
        self,
        format: str,
        sources: Sequence[Path],
        root: Path,
        *,
        project: str | None = None,
        meta: Mapping[str, Any] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.sources, self.options, self.root, self.project = tuple(sources), dict(options or {}), root, project
        self.report = ImportReport(format, root)
        self._format = format
        self._meta = {key: value for key, value in (meta or {}).items() if value}
        self._origins: dict[str, dict[str, Any]] = {}

    def found(
        self,
        source: Path,
        files: Sequence[Path],
        *,
        key: str = "",
        id: str | None = None,
        project: str | None = None,
        name: str | None = None,
    ) -> ForeignRun | None:
        """Begin a run that was found; None where it is here already and its files have not changed.

        Args:
            source: where it was found, for messages.
            files: those that tell of it: their SHA-256 says whether anything has changed.
            key: tells the runs of one source apart.
            id: of the run, where the source knows it; else made from format, source and key, so that the same source
                always gives the same run.
            project: of the run, where the source knows it.
            name: what to call it unless the source or the caller says otherwise.
        """
        place = os.path.realpath(source)
        made = hashlib.sha256(f"{self._format}\0{place}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()
        run = ForeignRun(layout.check_run_id(id or f"{self._format}-{made[:20]}"), source, files, project=project)
        run.meta["name"] = name
        origin = {
            "format": self._format,
            "source": os.fspath(source),
            "key": key,
            "options": {**self.options, **self._meta},
            "files": [_file_facts(path) for path in files],
        }
        self._origins[run.id] = origin
        folder = self._folder(run)
        if (folder / "journal").is_dir():
            earlier = Earlier(folder)
            if earlier.own:
                self._tell(run, folder, "here")
                return None
            if earlier.finish is not None and earlier.origin == _plain(origin):
                self._tell(run, folder, "unchanged", name=str(earlier.meta.get("name") or run.id))
                return None
        return run

    def take(self, run: ForeignRun) -> None:
        """Record a run; what was imported of it before is not written again.

        Raises:
            StorageError: the runs folder cannot be written.
        """
        origin = _plain(self._origins[run.id])
        run.meta.update(self._meta)
        for track in run.tracks.values():
            track.sort()
        folder = self._folder(run)
        try:
            make_root(self.root)
            (folder / "journal").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"no run can be kept in {self.root} ({error.strerror or error}): choose another folder with --dir"
            ) from error
        try:
            with claim(folder, 0):
                earlier = Earlier(folder)
                if earlier.own:
                    self._tell(run, folder, "here")
                    return
                known = earlier if earlier.ranks else None
                writer = ImportWriter(folder, run, origin, known)
                if writer.changed:
                    writer.write()
                outcome = "new" if known is None else "grown" if writer.points or writer.cut else "unchanged"
                self._tell(run, folder, outcome, added=writer.points)
        finally:
            _remove_if_unused(folder)

    def skip(self, source: Path, why: str) -> None:
        """Report a source, or a part of one, that gives no run."""
        self.report.skipped.append((source, why))

    def _folder(self, run: ForeignRun) -> Path:
        if self.project is not None:
            return layout.run_folder(self.root, self.project, run.id)
        folder = choose_folder(self.root, None, run.id)
        if (folder / "journal").is_dir():
            return folder
        return layout.run_folder(self.root, run.project or default_project(), run.id)

    def _tell(self, run: ForeignRun, folder: Path, outcome: str, *, name: str | None = None, added: int = 0) -> None:
        read = bool(run.tracks) or outcome in ("new", "grown")
        left_out = [what if count == 1 else f"{what} ({count} times)" for what, count in run.left_out.items()]
        self.report.runs.append(
            TakenRun(
                run.id, name or str(run.meta.get("name") or run.id), layout.decode_project(folder.parent.name), folder,
                run.source, outcome, run.metrics if read else None, run.points if read else None, added,
                tuple(left_out),
            )
        )  # fmt: skip


def _file_facts(path: Path) -> dict[str, Any]:
    """Return path, SHA-256, length in bytes, and when it last changed in seconds since the epoch."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            modified, size = os.fstat(file.fileno()).st_mtime, 0
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise EpochalError(f"{path} cannot be read: {error.strerror or error}") from error
    return {"path": os.fspath(path), "sha256": digest.hexdigest(), "bytes": size, "modified": modified}


def _plain(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return an origin as it comes back from a journal."""
    from ..config_values import jsonlike
    from ..records import decode, encode

    return decode(encode(jsonlike(origin)))


def _remove_if_unused(folder: Path) -> None:
    """Remove a run's folder in which nothing was written."""
    journal = folder / "journal"
    try:
        if any(name.endswith(layout.SUFFIX) for name in os.listdir(journal)):
            return
        for name in os.listdir(journal):
            os.unlink(journal / name)
        journal.rmdir()
        folder.rmdir()
        folder.parent.rmdir()
    except OSError:  # not empty, or gone
        return
