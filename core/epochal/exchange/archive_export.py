"""Exports run folders, byte for byte, as one archive that is written as a stream."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..layout import SUFFIX
from ..version import __version__
from .archive_format import MANIFEST, SCHEMA, VERSION
from .formats import Exported
from .journal_copy import live_pieces, pieces

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from .formats import ExportRequest

#: Deflate's quickest level: journals shrink to two thirds at most, and holes to a thousandth at any level.
_LEVEL: Final = 1
#: What a zip file's own time stamps can hold, in seconds since the epoch; the manifest has the exact ones.
_FIRST: Final = 315532800
_LAST: Final = 4102444800
#: Files whose contents are packed already are stored as they are.
_PACKED: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm", ".mp3", ".ogg", ".flac", ".gz", ".zip", ".zst", ".xz",
     ".bz2", ".safetensors", ".ckpt", ".pt", ".npz", ".parquet"}
)  # fmt: skip


def export(request: ExportRequest) -> Exported:
    """Write the runs; which points are asked for does not matter, everything is in it."""
    assert request.out is not None
    left_out: list[str] = []
    with zipfile.ZipFile(request.out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        runs = [_add_run(archive, run, left_out) for run in request.runs]
        manifest = {
            "schema": SCHEMA,
            "version": VERSION,
            "software": f"epochal {__version__}",
            "exported": time.time(),
            "runs": runs,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=True, indent=1))
    return Exported((None,) * len(runs), left_out=tuple(left_out))


def _add_run(archive: zipfile.ZipFile, run: RecordedRun, left_out: list[str]) -> dict[str, Any]:
    run.refresh()
    live = not run.ending.proven
    place = f"{run.path.parent.name}/{run.path.name}"
    files = []
    for path in _files(run.path, left_out):
        relative = path.relative_to(run.path).as_posix()
        try:
            relative.encode()
            files.append({"path": relative, **_add_file(archive, path, f"{place}/{relative}", live=live)})
        except FileNotFoundError:
            left_out.append(f"{place}/{relative}: it vanished")
        except UnicodeEncodeError:
            left_out.append(f"{place}/{relative!r}: its name is no text")
    return {
        "project": run.path.parent.name, "id": run.path.name, "name": run.name, "live": run.state == "running",
        "files": files,
    }  # fmt: skip


def _files(folder: Path, left_out: list[str]) -> Iterator[Path]:
    """Yield the regular files of a run, sorted; links and what is being written are left out."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        everything = (os.path.join(where, name) for name in (*folders, *names))
        left_out += [f"{path}: it is a symbolic link" for path in everything if os.path.islink(path)]
        for name in sorted(names):
            path = Path(where, name)
            status = path.lstat()
            if name.startswith(".") and name.endswith(".part"):
                continue
            if stat.S_ISREG(status.st_mode):
                yield path
            elif not stat.S_ISLNK(status.st_mode):
                left_out.append(f"{path}: it is no regular file")


def _add_file(archive: zipfile.ZipFile, path: Path, name: str, *, live: bool) -> dict[str, Any]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(fd)
        info = zipfile.ZipInfo(name, time.gmtime(min(max(status.st_mtime, _FIRST), _LAST))[:6])
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        packed = path.suffix.lower() in _PACKED
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        if hasattr(info, "compress_level"):  # Python 3.13 and later
            info.compress_level = _LEVEL
        else:
            info._compresslevel = _LEVEL  # type: ignore[attr-defined,unused-ignore]
        digest = hashlib.sha256()
        read = live_pieces if live and path.suffix == SUFFIX else pieces
        with archive.open(info, "w", force_zip64=status.st_size > 1 << 30) as file:
            for piece in read(fd, status.st_size):
                digest.update(piece)
                file.write(piece)
    finally:
        os.close(fd)
    return {"size": status.st_size, "sha256": digest.hexdigest(), "modified": status.st_mtime}
