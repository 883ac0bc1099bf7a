"""Files that a run keeps, to be saved or read: those that `run.save` copied, checkpoints, patch, packages, script."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from epochal.run_files import inside, open_inside

from .detail_bytes import BINARY, Served, serve, serve_text
from .detail_open import Asked, json_answer
from .problems import Problem, not_found

if TYPE_CHECKING:
    from pathlib import Path

#: A larger text than this was not written by Epochal, in bytes.
_LARGEST_TEXT: Final = 64 << 20
#: Files of a copied checkpoint that are listed.
_LISTED: Final = 1000


def answer_files(asked: Asked) -> Response:
    """Answer with the files that were saved: `…/files`."""
    asked.inputs.done()
    return json_answer({
        "files": [
            {
                "name": saved.name, "sha256": saved.sha256, "bytes": saved.bytes, "state": saved.state,
                "time": saved.time, "source": saved.source, "changed_while_copied": saved.changed_while_copied,
            }
            for saved in asked.run.files()
        ]
    })  # fmt: skip


def answer_file(asked: Asked) -> Response:
    """Answer with a saved file, to be saved again: `…/file?name=&sha=`; by its name alone the newest."""
    name, sha = asked.inputs.required_text("name"), asked.inputs.text("sha", longest=64)
    asked.inputs.done()
    found = [saved for saved in asked.run.files() if saved.name == name and sha in {None, saved.sha256}]
    if not found:
        raise not_found(f"this run holds no file {name!r}")
    saved = max(found, key=lambda each: each.time)
    return _download(asked, saved.path, saved.name.rpartition("/")[2])


def answer_checkpoint(asked: Asked) -> Response:
    """Answer with a file of a checkpoint that was copied into the run: `…/checkpoint?path=&step=&file=`."""
    inputs = asked.inputs
    path, name = inputs.required_text("path"), inputs.text("file")
    step = inputs.whole("step", least=-(1 << 63), most=(1 << 63) - 1) if "step" in inputs else None
    inputs.done()
    found = [
        each.file for each in asked.run.checkpoints()
        if each.path == path and step in {None, each.step} and each.file is not None
    ]  # fmt: skip
    if not found:
        raise not_found("no such checkpoint has a copy in this run")
    if name is None:
        return _download(asked, found[-1], found[-1].name)
    within = inside(found[-1], name)
    if within is None:
        raise not_found(f"the copy of the checkpoint holds no file {name!r}")
    return _download(asked, within, within.name)


def copied_files(run: Path, copy: Path | None) -> list[dict[str, Any]]:
    """Return name and size of the files of a checkpoint's copy in a run; a single file has the name None.

    No link is followed below the run's folder.
    """
    if copy is None or any(above.is_symlink() for above in (copy, *copy.parents) if run in above.parents):
        return []
    if not copy.is_dir():
        return [{"name": None, "bytes": size} for size in _sizes(copy)]
    found: list[dict[str, Any]] = []
    for folder, folders, files in os.walk(copy):
        folders.sort()
        for file in sorted(files):
            path = copy.joinpath(folder, file)
            found += [{"name": path.relative_to(copy).as_posix(), "bytes": size} for size in _sizes(path)]
            if len(found) >= _LISTED:
                return found
    return found


def answer_patch(asked: Asked) -> Response:
    """Answer with what was not committed, or with the code where it was in no repository: `…/patch`."""
    asked.inputs.done()
    facts = next((told for name in ("git", "code") if (told := _map(asked.run.environment.get(name)))), {})
    return _text(asked, _map(facts.get("patch")), "no patch was recorded: nothing was changed since the commit, or the "
                 "run was started outside of git and has no code beside its script")  # fmt: skip


def answer_packages(asked: Asked) -> Response:
    """Answer with the packages that were installed, one `name==version` in each line: `…/packages`."""
    asked.inputs.done()
    return _text(asked, _map(asked.run.environment.get("packages")), "no list of packages was recorded")


def answer_script(asked: Asked) -> Response:
    """Answer with the script or notebook that the run was started from: `…/script`."""
    asked.inputs.done()
    script = _map(asked.run.environment.get("script"))
    why = f"the script was not kept: {script['left_out']}" if "left_out" in script else "no script was recorded"
    return _text(asked, script, why)


def _text(asked: Asked, facts: Mapping[str, Any], absent: str) -> Response:
    """Answer with a text that the companion wrote into the run.

    Raises:
        Problem: none was recorded, or its file is gone or was changed.
    """
    relative = facts.get("file")
    if inside(asked.run.path, relative) is None:
        raise not_found(absent)
    try:
        with open_inside(asked.run.path, relative) as file:
            data = file.read(_LARGEST_TEXT + 1)
    except OSError as error:
        raise not_found(f"its file is gone or cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != facts.get("sha256"):
        raise Problem(409, "the file was changed", detail="its file is not the one that was recorded")
    return serve_text(data)


def _download(asked: Asked, path: Path, name: str) -> Response:
    """Answer with a file of the run, never to be shown."""
    try:
        file = open_inside(asked.run.path, path.relative_to(asked.run.path).as_posix())
    except (OSError, ValueError) as error:
        raise not_found(f"{name!r} is gone or cannot be read ({getattr(error, 'strerror', error)})") from None
    facts = os.fstat(file.fileno())
    tag = f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"
    return serve(asked.request, file, facts.st_size, Served(BINARY, name, tag))


def _sizes(path: Path) -> Iterator[int]:
    """Yield the size of a regular file; nothing for anything else."""
    try:
        if path.is_file() and not path.is_symlink():
            yield path.lstat().st_size
    except OSError:
        return


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
