"""The archive: a zip file of run folders, with a manifest of every file's SHA-256 behind them."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_IFMT, S_ISREG
from typing import Any, Final, NamedTuple

from .. import layout
from ..errors import BadValueError, EpochalError
from ..run_files import inside

MANIFEST: Final = "epochal-archive.json"
SCHEMA: Final = "epochal-archive"
VERSION: Final = 1
#: The longest manifest that is read, in bytes: some 150 a file.
_LARGEST_MANIFEST: Final = 1 << 28
_SHA: Final = re.compile(r"[0-9a-f]{64}\Z")


class ArchivedFile(NamedTuple):
    """One file of a run.

    Attributes:
        path: within the run's folder, with `/`.
        size: bytes.
        sha256: hexadecimal.
        modified: when it last changed, seconds since the epoch.
    """

    path: str
    size: int
    sha256: str
    modified: float


class ArchivedRun(NamedTuple):
    """One run of an archive.

    Attributes:
        project: the folder's name, as `layout.encode_project` gives it.
        id: the run folder's name.
        name: the run's.
        live: it was being recorded when it was archived.
        files: by path.
    """

    project: str
    id: str
    name: str
    live: bool
    files: dict[str, ArchivedFile]

    @property
    def place(self) -> str:
        """The run's folder within the archive."""
        return f"{self.project}/{self.id}"


def read_manifest(archive: zipfile.ZipFile, path: Path) -> list[ArchivedRun]:
    """Return what an archive holds, after making sure that its members are exactly that and nothing that could harm.

    Raises:
        BadValueError: it is no archive of ours, of a newer version, or holds what no archive of ours does.
    """
    members = _members(archive)
    info = members.pop(MANIFEST, None)
    if info is None:
        raise BadValueError(f"{path} is no archive of Epochal's: it holds no {MANIFEST}")
    if info.file_size > _LARGEST_MANIFEST:
        raise BadValueError(f"{path}: its manifest has {info.file_size} bytes, more than any archive needs")
    try:
        with archive.open(info) as file:
            manifest = json.loads(file.read(_LARGEST_MANIFEST))
        if manifest["schema"] != SCHEMA:
            raise ValueError("it is of another kind")
        version = manifest["version"]
        runs = [_run(each) for each in manifest["runs"]]
    except EpochalError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, zipfile.BadZipFile) as error:
        raise BadValueError(f"{path}: its manifest cannot be read: {error}") from error
    if not isinstance(version, int) or version > VERSION:
        raise BadValueError(f"{path} is of version {version!r}, this Epochal reads {VERSION}: install a newer one")
    _compare(runs, members)
    return runs


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, after a look at each."""
    found: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    for info in archive.infolist():
        name, kind = info.orig_filename, S_IFMT(info.external_attr >> 16)
        if info.is_dir() or (kind and not S_ISREG(kind)):
            raise BadValueError(f"the archive holds {name!r}, which is no file: nothing was taken over")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadValueError(f"the archive holds {name!r} in a form that no archive of ours has")
        # a file system that folds case or composes characters would write one over the other
        plain = unicodedata.normalize("NFC", name).casefold()
        if plain in folded:
            raise BadValueError(f"the archive holds {name!r} twice, or under names that differ in case alone")
        folded.add(plain)
        found[name] = info
    return found


def _run(each: dict[str, Any]) -> ArchivedRun:
    project, id = each["project"], each["id"]
    if layout.encode_project(layout.decode_project(project)) != project:
        raise BadValueError(f"the archive names a project folder {project!r} that no project has")
    layout.check_run_id(id)
    files = [ArchivedFile(*_file(file)) for file in each["files"]]
    by_path = {file.path: file for file in files}
    if len(by_path) != len(files):
        raise BadValueError(f"the archive's manifest names a file of run {id} twice")
    for path in by_path:
        if any(other in by_path for other in _above(path)):
            raise BadValueError(f"the archive's manifest names {path!r} within a file")
    return ArchivedRun(project, id, str(each["name"]), bool(each["live"]), by_path)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _file(file: dict[str, Any]) -> Iterator[Any]:
    path, size, sha, modified = file["path"], file["size"], file["sha256"], file["modified"]
    if inside(Path("/run"), path) is None or any(part.endswith((".", " ")) for part in path.split("/")):
        raise BadValueError(f"the archive names a file {path!r}, which leads out of the run's folder or cannot be")
    sound = type(size) is int and size >= 0 and isinstance(sha, str) and _SHA.match(sha) is not None
    if not sound or not isinstance(modified, (int, float)) or not abs(modified) < 1 << 40:
        raise BadValueError(f"the archive's manifest says of {path!r} what cannot be")
    yield from (path, size, sha, float(modified))


def _compare(runs: list[ArchivedRun], members: dict[str, zipfile.ZipInfo]) -> None:
    """Make sure that manifest and members name the same files with the same sizes."""
    if len({run.place.casefold() for run in runs}) != len(runs):
        raise BadValueError("the archive's manifest names a run twice")
    named = {f"{run.place}/{file.path}": file for run in runs for file in run.files.values()}
    for name in named.keys() ^ members.keys():
        where = "manifest" if name in named else "zip file"
        raise BadValueError(
            f"the archive's {where} alone names {name!r}: it was changed or cut, nothing was taken over"
        )
    for name, file in named.items():
        if members[name].file_size != file.size:
            raise BadValueError(
                f"the archive declares {members[name].file_size} bytes for {name!r}, its manifest others"
            )
