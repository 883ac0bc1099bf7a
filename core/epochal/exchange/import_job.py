"""`ImportJob`: what an importer is told, and where it hands the runs over that it has found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import layout
from ..errors import EpochalError, StorageError
from ..placing import claim, default_project, find_run, make_root
from .earlier import Earlier, remove_unbegun
from .foreign import ForeignRun
from .import_report import ImportReport, TakenRun
from .import_writer import ImportWriter
from .streamed import StreamedRun, remove_if_unused


class ImportJob:
    """One call of an importer.

    Attributes:
        sources: absolute paths, which exist.
        options: by name, of those that the importer declares.
        root: the runs folder to import into.
        project: where the runs go; None where nobody said, so that a source may say it.
        dry: nothing is to be written: the report says what would be.
        meta: name, group and tags that the caller chose for all runs.
        aliases: folders that stand for something else, such as what was fetched from an address, and their names.
        progress: is told, now and then, (bytes read, bytes there are, points so far).
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
        dry: bool = False,
        progress: Callable[[int, int, int], None] | None = None,
    ) -> None:
        self.sources, self.options, self.root, self.project = tuple(sources), dict(options or {}), root, project
        self.dry, self.progress = dry, progress or (lambda *_: None)
        self.aliases: dict[Path, str] = {}
        self.report = ImportReport(format, root)
        self._format = format
        self.meta = {key: value for key, value in (meta or {}).items() if value}
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
            "options": {**self.options, **self.meta},
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

    def stream(
        self,
        source: Path,
        files: Sequence[Path],
        *,
        id: str,
        name: str | None = None,
        started: float | None = None,
    ) -> StreamedRun | None:
        """Begin a run that is to be written while it is read; None where the root holds the run itself.

        Its outcome is told by `tell`.

        Args:
            source: where it was found, for messages.
            files: those that tell of it.
            id: of the run: the same source always gives the same.
            name: what to call it unless the caller says otherwise.
            started: seconds since the epoch.
        """
        facts = ForeignRun(layout.check_run_id(id), source, files)
        facts.meta |= {"name": name, **self.meta}
        origin = {
            "format": self._format,
            "source": self.called(source),
            "options": {**self.options, **self.meta},
            "files": [],
        }
        run = StreamedRun(self._folder(facts), self.root, facts, origin, dry=self.dry)
        facts.started = run.started if run.started is not None else started
        if run.own:
            self._tell(facts, run.folder, "here")
            return None
        return run

    def called(self, path: Path) -> str:
        """Return what a path is called in the record: itself, unless a folder around it stands for something else."""
        for folder, name in self.aliases.items():
            if path.is_relative_to(folder):
                within = path.relative_to(folder).as_posix()
                return name if within == "." else f"{name.rstrip('/')}/{within}"
        return os.fspath(path)

    def tell(self, run: StreamedRun, outcome: str, **fields: Any) -> None:
        """Report what became of a streamed run; `fields` are those of `TakenRun`."""
        facts = run.facts
        left_out = tuple(f"{what} ({count} times)" if count > 1 else what for what, count in facts.left_out.items())
        told = {"added": run.points, "left_out": left_out, **fields}
        name, project = str(facts.meta.get("name") or facts.id), layout.decode_project(run.folder.parent.name)
        self.report.runs.append(TakenRun(facts.id, name, project, run.folder, facts.source, outcome, **told))

    def take(self, run: ForeignRun) -> None:
        """Record a run; what was imported of it before is not written again.

        Raises:
            StorageError: the runs folder cannot be written.
        """
        origin = _plain(self._origins[run.id])
        run.meta.update(self.meta)
        for track in run.tracks.values():
            track.sort()
        folder = self._folder(run)
        if self.dry:
            self._compare(run, folder, origin)
            return
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
                remove_unbegun(folder)
                known = earlier if earlier.ranks else None
                writer = ImportWriter(folder, run, origin, known)
                if writer.changed:
                    writer.write()
                self._tell(run, folder, writer.outcome, added=writer.points)
        finally:
            remove_if_unused(folder)

    def _compare(self, run: ForeignRun, folder: Path, origin: Mapping[str, Any]) -> None:
        """Report what taking a run would do."""
        earlier = Earlier(folder) if (folder / "journal").is_dir() else None
        if earlier is not None and earlier.own:
            self._tell(run, folder, "here")
            return
        writer = ImportWriter(folder, run, origin, earlier if earlier is not None and earlier.ranks else None)
        self._tell(run, folder, writer.outcome, added=writer.points)

    def skip(self, source: Path, why: str) -> None:
        """Report a source, or a part of one, that gives no run."""
        self.report.skipped.append((source, why))

    def remark(self, source: Path, what: str) -> None:
        """Report something of a source that is nothing wrong, such as that there is nothing in it yet."""
        self.report.remarks.append((source, what))

    def _folder(self, run: ForeignRun) -> Path:
        if self.project is not None:
            return layout.run_folder(self.root, self.project, run.id)
        found = find_run(self.root, run.id)
        return found or layout.run_folder(self.root, run.project or default_project(), run.id)

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
