"""Changes to a run after it was recorded: each is a small journal of its own; runs are moved, never rewritten."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from . import layout, liveness
from .errors import BadValueError, JournalError, RunAliveError, RunExistsError, RunNotFoundError, StorageError

#: What `meta` may hold, with the types that it takes.
META: Final[dict[str, tuple[Any, ...]]] = {
    "name": (str,),
    "group": (str, type(None)),
    "job_type": (str, type(None)),
    "tags": (list, tuple),
    "notes": (str, type(None)),
}
_WRITING_ROLES: Final = ("main", "child", "import")


class Emptied(NamedTuple):
    """What `empty_trash` removed: how many runs, and how many bytes they took."""

    runs: int
    size: int


def edit(
    folder: str | os.PathLike[str],
    *,
    meta: Mapping[str, Any] | None = None,
    config_ops: Sequence[Sequence[Any]] | None = None,
    summary_set: Mapping[str, Any] | None = None,
    summary_delete: Iterable[str] = (),
) -> None:
    """Change what a run says of itself, by a journal of role "edit"; live runs may be edited too.

    Args:
        folder: the run's folder.
        meta: any of `META`.
        config_ops: `[path, value]` sets and replaces, `[path]` deletes; a path is a list of texts.
        summary_set: manual summary values.
        summary_delete: names of manual summary values to take back.

    Raises:
        BadValueError: a key or value that cannot be used.
        RunNotFoundError: there is no run in the folder.
        JournalVersionError: a newer version of the format is in it, which is left alone.
        StorageError: the folder cannot be written.
    """
    from .redaction import redact, redact_text

    records: list[tuple[str, dict[str, Any]]] = []
    if meta:
        checked = _checked_meta(meta)
        records.append(("meta", {"set": {k: redact_text(v) if isinstance(v, str) else v for k, v in checked.items()}}))
    if config_ops:
        ops = [[list(op[0]), *(redact(_plain(value), op[0]) for value in op[1:])] for op in config_ops]
        records.append(("config", {"ops": ops}))
    summary = {"set": _plain(dict(summary_set or {})), "delete": list(summary_delete)}
    if summary["set"] or summary["delete"]:
        records.append(("summary", summary))
    if records:
        _write(_existing(folder), records)


def delete(folder: str | os.PathLike[str], root: str | os.PathLike[str]) -> Path:
    """Move a run to `<root>/.trash/<project>/<id>` and return the new place; a number is added where that is taken.

    Raises:
        RunAliveError: something still writes the run.
        RunNotFoundError: there is no run in the folder.
        StorageError: it cannot be moved.
    """
    path = _existing(folder)
    _check_dead(path, "delete")
    trash = Path(os.path.abspath(root)) / layout.TRASH_NAME / path.parent.name
    names = (path.name if i == 1 else f"{path.name}-{i}" for i in range(1, 1_000_000))
    with _telling(path, "moved to the trash"):
        trash.mkdir(parents=True, exist_ok=True)
        target = next(trash / name for name in names if not os.path.lexists(trash / name))
        os.rename(path, target)
    _remove_if_empty(path.parent)
    return target


def move(folder: str | os.PathLike[str], project: str) -> Path:
    """Move a run to another project of the same root and return its new folder.

    Raises:
        BadValueError: a project that cannot be a folder.
        RunAliveError: something still writes the run.
        RunExistsError: the project has a run of this id.
        RunNotFoundError: there is no run in the folder.
        StorageError: it cannot be moved.
    """
    path = _existing(folder)
    target = path.parent.parent / layout.encode_project(project) / path.name
    if target == path:
        return path
    _check_dead(path, "move")
    with _telling(path, f"moved to project {project!r}"):
        target.parent.mkdir(exist_ok=True)
        if os.path.lexists(target):  # rename would replace an empty folder without a word
            raise RunExistsError(f"project {project!r} has a run {path.name} already: {target}")
        os.rename(path, target)
    _remove_if_empty(path.parent)
    return target


def empty_trash(root: str | os.PathLike[str]) -> Emptied:
    """Remove for good what `delete` has moved to the root's trash.

    Raises:
        StorageError: something in it cannot be removed.
    """
    trash = Path(os.path.abspath(root)) / layout.TRASH_NAME
    if trash.is_symlink():
        raise StorageError(f"{trash} is a symbolic link: empty the folder that it points to by hand")
    if not trash.is_dir():
        return Emptied(0, 0)
    with _telling(trash, "emptied"):
        runs = [run for project in _folders(trash) for run in _folders(project)]
        size = sum(_size(run) for run in runs)
        shutil.rmtree(trash)
    return Emptied(len(runs), size)


def trashed(root: str | os.PathLike[str]) -> list[Path]:
    """Return the run folders in the root's trash."""
    trash = Path(os.path.abspath(root)) / layout.TRASH_NAME
    return [run for project in _folders(trash) for run in _folders(project)]


def _checked_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in meta.items():
        if key not in META:
            raise BadValueError(f"{key!r} cannot be edited: take one of {', '.join(META)}")
        if not isinstance(value, META[key]):
            wanted = "a list of texts" if key == "tags" else "a text"
            raise BadValueError(f"{key} {value!r} cannot be used: it takes {wanted}")
        texts: Sequence[Any] = value if key == "tags" else [value]
        for text in texts:
            if key in ("name", "tags") and (not isinstance(text, str) or not text.strip()):
                raise BadValueError(f"{key} {text!r} cannot be used: give a text that can be seen")
        checked[key] = list(dict.fromkeys(texts)) if key == "tags" else value
    return checked


def _plain(value: Any) -> Any:
    from .config_values import jsonlike

    return jsonlike(value)


def _existing(folder: str | os.PathLike[str]) -> Path:
    path = Path(os.path.abspath(folder))
    if not (path / "journal").is_dir():
        raise RunNotFoundError(f"there is no run in {path}: it was moved or deleted")
    return path


def _write(folder: Path, records: list[tuple[str, dict[str, Any]]]) -> None:
    from .journal.writer import JournalWriter
    from .writers import next_ordinal, record_opening

    clock = _later_clock(folder)
    problems: list[str] = []
    with _telling(folder, "edited"):
        writer = JournalWriter(
            folder, role="edit", rank=0, ordinal=next_ordinal(folder, 0), clock=clock,
            report=lambda _, text: problems.append(text),
        )  # fmt: skip
        record_opening(writer, run=folder.name, project=layout.decode_project(folder.parent.name))
        for kind, fields in records:
            writer.record(kind, fields)
        whole = writer.storage.healthy
        if whole:
            os.fsync(writer.storage.fd)
        writer.close()
    if not whole:
        with contextlib.suppress(OSError):
            os.unlink(writer.path)
        raise StorageError(f"{folder} cannot be edited: {problems[0] if problems else 'storage refused the change'}")


def _later_clock(folder: Path) -> Callable[[], float]:
    """Return a clock behind every change in the run: the newest change counts, also after clocks were set back."""
    newest = 0.0
    for _, frames in _journals(folder):
        for payload in frames:
            moment = payload.get("t")
            if payload.get("k") in ("meta", "config", "summary") and isinstance(moment, (int, float)):
                newest = max(newest, moment)
    # a microsecond is above the resolution of float64 seconds until the year 2100
    return lambda: max(time.time(), newest + 1e-6)


def _journals(folder: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Yield each journal of the run with its records; damaged ones are passed over, newer versions raise."""
    from .errors import JournalVersionError
    from .journal.blocks import BlockScan

    for path in sorted((folder / "journal").glob("*" + layout.SUFFIX)):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            yield path, [frame.payload for frame in BlockScan(fd).frames()]
        except JournalVersionError as error:
            raise JournalVersionError(f"{path}: {error}") from error
        except JournalError:
            continue
        finally:
            os.close(fd)


def _check_dead(folder: Path, what: str) -> None:
    for path, frames in _journals(folder):
        opening = next((payload for payload in frames if payload.get("k") == "open"), None)
        if opening is None or opening.get("role") not in _WRITING_ROLES:
            continue
        if any(payload.get("k") == "finish" for payload in frames):
            continue
        alive = liveness.is_alive(folder, opening, path)
        by = f"process {opening.get('pid')} on {opening.get('host')}"
        if alive:
            raise RunAliveError(f"run {folder.name} is being written by {by}: finish or end it first, then {what} it")
        if alive is None and abs(time.time() - path.stat().st_mtime) < liveness.PATIENCE:
            raise RunAliveError(
                f"run {folder.name} was written less than 5 minutes ago by {by}, which cannot be seen from here: "
                f"end it there, or wait, then {what} it"
            )


@contextlib.contextmanager
def _telling(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        place = error.filename or path
        raise StorageError(
            f"{path} cannot be {what} ({error.strerror or error}: {place}): check its permissions and room"
        ) from error


def _remove_if_empty(project: Path) -> None:
    with contextlib.suppress(OSError):
        project.rmdir()


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.is_symlink())


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return total
