"""How far a TensorBoard sink has come, kept beside its event files, and what they hold beyond that."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from epochal.sinks.seqs import Seqs

from ._crc import masked
from ._event_writer import MARK

#: The file's name; TensorBoard does not look at it.
NAME: Final = ".epochal-sink.json"
_VERSION: Final = 1
#: Gaps among the seqs of one writer that are remembered: records that no sink is given leave some.
_GAPS: Final = 64


class SinkState:
    """What was confirmed.

    Attributes:
        writers: the seqs of each writer that are in the event files.
        config: the run's config as far as it was seen.
        told: whether the config has been written.
        taken: tag to plugin of media and texts.
    """

    def __init__(self, folder: Path) -> None:
        """Read what an earlier process has left in a folder; what cannot be used counts as nothing."""
        self._folder = folder
        self.writers: dict[str, Seqs] = {}
        self.config: dict[str, Any] = {}
        self.told = False
        self.taken: dict[str, str] = {}
        self._file, self._size = "", 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            plain = json.loads((folder / NAME).read_bytes())
            if plain["version"] == _VERSION:
                self.writers = {str(writer): Seqs.of(seqs) for writer, seqs in plain["writers"].items()}
                self.config, self.told, self.taken = dict(plain["config"]), bool(plain["told"]), dict(plain["taken"])
                self._file, self._size = str(plain["file"]), int(plain["size"])

    def add(self, writer: str, seq: int) -> None:
        """Note that a record is in the event files."""
        seqs = self.writers.setdefault(writer, Seqs())
        seqs.add(seq)
        gaps = seqs.gaps()
        if len(gaps) > _GAPS:
            seqs.close_gaps(gaps[_GAPS // 2][1])

    def beyond(self) -> Iterator[bytes]:
        """Yield the events that were written and not confirmed: records that come again are told by these."""
        for path in sorted(self._folder.glob(f"*{MARK}*"), key=lambda path: path.name):
            if path.name >= self._file:
                yield from _whole_records(path, self._size if path.name == self._file else 0)

    def save(self, file: Path | None, size: int) -> None:
        """Bring the state to the disk; without a file, what is beyond stays so.

        Raises:
            OSError: it cannot be written.
        """
        if file is not None:
            self._file, self._size = file.name, size
        plain = {
            "version": _VERSION, "file": self._file, "size": self._size, "told": self.told, "config": self.config,
            "taken": self.taken, "writers": {writer: seqs.plain() for writer, seqs in self.writers.items()},
        }  # fmt: skip
        part = self._folder / f"{NAME}.part"
        with part.open("w", encoding="utf-8") as out:
            json.dump(plain, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, self._folder / NAME)


def _whole_records(path: Path, start: int) -> Iterator[bytes]:
    """Yield the events of a file from a place on, up to one that is not whole."""
    with path.open("rb") as file:
        file.seek(start)
        while len(head := file.read(12)) == 12:
            length = int.from_bytes(head[:8], "little")
            if masked(head[:8]) != int.from_bytes(head[8:], "little"):
                return
            data, crc = file.read(length), file.read(4)
            if len(crc) < 4 or masked(data) != int.from_bytes(crc, "little"):
                return
            yield data
