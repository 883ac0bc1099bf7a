"""`run.save` and `run.checkpoint`: a user's files, copied into the run or named in its record."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .run_identity import RunIdentity
from .values import Unusable, plain_metrics, plain_step

if TYPE_CHECKING:
    from .faults import Faults
    from .file_copies import Known

SAVED: Final = "files/saved"
CHECKPOINTS: Final = "files/checkpoints"


class RunSaving(RunIdentity):
    """The verbs of a `Run` for files; each works from any process that holds the run."""

    _fault: Faults
    _copies: Known | None = None

    if TYPE_CHECKING:

        def _open(self, verb: str) -> bool: ...

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> Path | None:
        """Copy a file or folder into the run, and return where the copy is; None if there is none.

        The copy shares the disk's blocks with the original where the file system can do that (a reflink); it is never
        a hard link, so that what overwrites the original leaves the copy alone. A name that is saved again with
        other content keeps both: the later one is `model.2.pt`, and `RecordedRun.file("model.pt")` gives it.

        Args:
            path: a file, or a folder with all that is in it; symbolic links within it are left out, and counted.
            name: what it is called in the run, `/` allowed; by default the last part of its path.
        """
        try:
            if not self._open("save") or not self._is_path(path, "save"):
                return None
            source = _absolute(path)
            called = _plain_name(os.path.basename(source)) if name is None else str(name)
            if not self._usable(called, "save", path):
                return None
            if os.path.isdir(source):
                return self._save_folder(source, called)
            return self._save_file(source, called)
        except Exception as error:
            self._fault.internal("save", error)
        return None

    def checkpoint(
        self,
        path: str | os.PathLike[str],
        *,
        step: int,
        metrics: Mapping[str, Any] | None = None,
        copy: bool = False,
    ) -> None:
        """Record that a checkpoint was written. It stays where it is; the companion works out its SHA-256.

        Args:
            path: a file, a folder, or an address (`s3://…`), which is recorded as it is.
            step: the step that it holds.
            metrics: name to number: what it is judged by. The best is known once `define_metric` gave one a goal.
            copy: also copy it into the run, as `save` does, so that it outlives the original.
        """
        self._checkpoint(path, step=step, metrics=metrics, copy=copy)

    def _checkpoint(
        self,
        path: str | os.PathLike[str] | None,
        *,
        step: Any,
        metrics: Mapping[str, Any] | None = None,
        copy: bool = False,
        goal: str | None = None,
        writing: bool = False,
        file: str | None = None,
        data: Any = None,
    ) -> None:
        """Record a checkpoint with what an adapter knows of it; `AdapterRecord.checkpoint` says what that is."""
        try:
            if not self._open("checkpoint") or not (path is None or self._is_path(path, "checkpoint")):
                return
            fields: dict[str, Any] = {"step": None if step is None else plain_step(step, self._session.converters)}
            fields |= self._place(path, writing=writing)
            values, _, problems = plain_metrics(metrics or {}, self._session.converters)
            for problem in problems:
                self._fault("value", problem.text, once=f"checkpoint {problem.name}", metric=problem.name)
            fields["metrics"] = {name: value for name, value in values.items() if not isinstance(value, str)}
            fields["file"] = self._copied_checkpoint(path) if copy and path is not None else file
            fields |= {"goal": goal, "writing": writing or None, "data": data}
            self._record("checkpoint", {name: value for name, value in fields.items() if value is not None})
        except Unusable as why:
            self._fault("checkpoint", f"run.checkpoint: step {why}: the checkpoint {path} was not recorded")
        except Exception as error:
            self._fault.internal("checkpoint", error)

    def _copied_checkpoint(self, path: str | os.PathLike[str]) -> str | None:
        """Copy a checkpoint into the run, and return the copy's path within; None if there is none.

        For adapters that must copy at once and know only later what to record; `checkpoint(copy=True)` does both.
        """
        try:
            return self._copy_checkpoint(_absolute(path)) if self._open("checkpoint") else None
        except Exception as error:
            self._fault.internal("checkpoint", error)
        return None

    # Within

    def _save_file(self, source: str, name: str) -> Path | None:
        try:
            copied = self._copier().copy(source, str(self.folder), SAVED, name)
        except OSError as error:
            self._not_copied("save", source, error)
            return None
        fields = {"name": name, "file": copied.file, "sha256": copied.sha256, "bytes": copied.bytes}
        self._record("file", {**fields, "source": _told(source), **({"changed": True} if copied.changed else {})})
        if copied.changed:
            self._fault("save", f"{source} changed while it was copied into the run: save it once it is written",
                        once=f"changed {name}")  # fmt: skip
        return self.folder / copied.file

    def _save_folder(self, source: str, name: str) -> Path | None:
        from .files_below import files_below

        names, left_out = files_below(source, os.path.realpath(self._session.info.root))
        done = 0
        for below in names:
            done += self._save_file(os.path.join(source, below), f"{name}/{_plain_name(below)}") is not None
        if left_out:
            counts = ", ".join(f"{count} {what}" for what, count in left_out.items())
            self._fault("save", f"of the folder {source}, this was left out of the run: {counts}", once=name)
        elif not names:
            self._fault("save", f"the folder {source} holds no file: nothing was saved", once=name)
        return self.folder / SAVED / name if done else None

    def _copy_checkpoint(self, source: str) -> str | None:
        """Copy a checkpoint into the run, unread, and return its path within; the companion hashes the copy."""
        from .files_below import files_below

        copier, run, name = self._copier(), str(self.folder), _plain_name(os.path.basename(source))
        made: str | None = None
        try:
            if not os.path.isdir(source):
                return copier.copy(source, run, CHECKPOINTS, name, digest=False).file
            names, left_out = files_below(source, os.path.realpath(self._session.info.root))
            made = copier.new_folder(run, CHECKPOINTS, name)
            for below in names:
                copier.copy(os.path.join(source, below), run, made, _plain_name(below), digest=False)
        except OSError as error:
            self._not_copied("checkpoint", source, error)
            if made is not None:
                from .file_copies import remove

                remove(run, made)
            return None
        if left_out:
            counts = ", ".join(f"{count} {what}" for what, count in left_out.items())
            self._fault("checkpoint", f"of {source}, this was left out of the copy in the run: {counts}", once=name)
        return made

    def _place(self, path: str | os.PathLike[str] | None, *, writing: bool) -> dict[str, Any]:
        """Return path and facts of a checkpoint; what cannot be looked at, or is not whole yet, has no facts."""
        from .checkpoint_facts import MOST_FILES, checkpoint_facts, is_elsewhere

        if path is None:
            return {}
        if is_elsewhere(os.fsdecode(path)):
            return {"path": _told(os.fsdecode(path))}
        place = _absolute(path)
        try:
            facts = {} if writing else checkpoint_facts(place, most_files=MOST_FILES)
        except OSError:
            facts = {}
        if facts is None:
            self._fault("checkpoint", f"there is no checkpoint {place}: it is recorded as vanished", once=place)
            facts = {"kind": "absent"}
        within = os.path.relpath(place, self.folder)
        here = {} if within.startswith("..") else {"within": within}
        return {"path": _told(place), **here, **facts}

    def _is_path(self, path: Any, verb: str) -> bool:
        if isinstance(path, (str, bytes, os.PathLike)) and os.fspath(path):
            return True
        self._fault(verb, f"run.{verb} takes the path of a file or folder, got {path!r}: nothing was done")
        return False

    def _copier(self) -> Known:
        if self._copies is None:
            from .file_copies import Known

            self._copies = Known()
        return self._copies

    def _usable(self, name: str, verb: str, path: Any) -> bool:
        from .run_files import inside

        if inside(self.folder, f"{SAVED}/{name}") is not None and "\n" not in name:
            return True
        self._fault(
            verb, f"{path!r} cannot be saved as {name!r}: give name= a relative path without '..'", once=str(name)
        )
        return False

    def _not_copied(self, verb: str, source: str, error: OSError) -> None:
        self._fault(verb, f"{source} was not copied into the run ({error.strerror or error}): training goes on",
                    once=source)  # fmt: skip


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.path.expanduser(os.fsdecode(path)))


def _told(path: str) -> str:
    from .redaction import redact_remote, redact_text

    return redact_remote(path) if "://" in path else redact_text(path)


def _plain_name(name: str) -> str:
    """Return a file's name as the record can hold it: UTF-8, one line, no backslash; other bytes become `�` or `_`."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("_" if char == "\\" or not char.isprintable() else char for char in text)
