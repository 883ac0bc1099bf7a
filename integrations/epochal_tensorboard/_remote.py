"""Brings a log folder from where fsspec reaches it into a folder of this machine, for as long as it is imported."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from epochal.errors import BadValueError, EpochalError

from ._logdir import is_event_file
from ._sidecars import is_sidecar
from ._sources import file_system


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """Give a folder with the event files of a log folder and the settings beside them, under the names that they have.

    Raises:
        BadValueError: there is nothing, or fsspec is not installed or does not know the address.
        EpochalError: it cannot be read.
    """
    files, place = file_system(url)
    place = place.rstrip("/")
    try:
        if not files.exists(place):
            raise BadValueError(f"{url} is not there: give a folder or an event file to import")
        alone = files.isfile(place)
        names = [place] if alone else files.find(place)
    except OSError as error:
        raise EpochalError(f"{url} cannot be read: {error}") from error
    base = place.rpartition("/")[0] if alone else place
    with tempfile.TemporaryDirectory(prefix="epochal-import-") as made:
        folder = Path(made, urlsplit(base).path.rstrip("/").rpartition("/")[2] or "logs")
        folder.mkdir()
        for name in names:
            within = name[len(base) :].strip("/")
            last = within.rpartition("/")[2]
            if ".." in within.split("/") or not (alone or is_event_file(last) or is_sidecar(last)):
                continue
            target = folder / within
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                files.get_file(name, str(target))
            except OSError as error:
                raise EpochalError(f"{url}: {within} cannot be fetched: {error}") from error
        yield folder / names[0][len(base) :].strip("/") if alone else folder
