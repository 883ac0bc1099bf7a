"""The sink that writes event files while a training runs: TensorBoard shows each batch as soon as it is delivered."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from epochal.media.item import StoredFile
from epochal.run_files import make_folders

from ._convert_back import values_of
from ._event_writer import FIELDS, VERSION, EventWriter, event, summary, with_length
from ._export import need_tensorboard
from ._export_hparams import START, end, flat, start
from ._export_native import number_value, restart, text_value
from ._sink_state import SinkState

if TYPE_CHECKING:
    from epochal.hookspecs import RunInfo

#: Numbers that JSON does not have, as sinks are given them.
_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")
#: What the first event of each file says.
_HEAD: Final = with_length(FIELDS["file_version"], VERSION.encode())
#: So much of a run's id tells it from others, and stands behind its name.
_TAIL: Final = 8


class EventSink:
    """Writes what one rank of a run records into a folder of event files.

    Guarantees: a record that `write` returned for is on the disk. After a death of this process at any moment, records
    that come again are not written again. A file that TensorBoard may have read is never changed, only grown; each
    process begins a new one.
    """

    def __init__(self, settings: Mapping[str, Any], run: RunInfo) -> None:
        """Look at what earlier processes have left; nothing is written before the first batch.

        Raises:
            MissingDependencyError: tensorboard is not installed.
            OSError: the folder cannot be read.
        """
        need_tensorboard()
        self._run = run
        self._folder = folder_of(settings, run)
        self._state = SinkState(self._folder)
        self._passed = SinkState(self._folder).writers  # as it was at the beginning
        self._beyond: Counter[bytes] = Counter()
        for data in self._state.beyond():
            self._state.told |= START.encode() in data
            if not data.endswith(_HEAD):
                self._beyond[_digest(data)] += 1
        self._writer: EventWriter | None = None

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        """Write a batch, and bring it to the disk.

        Raises:
            OSError: there is no room, or the folder cannot be written.
        """
        known = new = 0
        for message in batch:
            seqs = self._passed.get(message["writer"])
            if seqs is not None and message["seq"] in seqs:
                continue
            for data in self._events(message):
                if self._beyond and self._beyond[digest := _digest(data)] > 0:
                    self._beyond[digest] -= 1
                    known += 1
                else:
                    self._put(data)
                    new += 1
            if message["role"] != "system":  # of whose records nearly none are taken
                self._state.add(message["writer"], message["seq"])
        self._beyond = +self._beyond
        if new and not known:
            self._beyond.clear()  # what comes again comes first
        self._make_folder()
        writer = self._writer
        if writer is not None:
            writer.flush(durable=True)
        confirmed = writer is not None and not self._beyond
        self._state.save(writer.path if writer is not None and confirmed else None, writer.size if writer else 0)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            with contextlib.suppress(OSError):  # what could not be written comes again
                self._writer.close()
            self._writer = None

    def _make_folder(self) -> None:
        if self._folder.is_relative_to(self._run.folder):  # which is never made anew: the run may have been moved away
            make_folders(self._run.folder, self._folder.relative_to(self._run.folder).as_posix())
        else:
            self._folder.mkdir(parents=True, exist_ok=True)

    def _put(self, data: bytes) -> None:
        if self._writer is None:
            self._make_folder()
            self._writer = EventWriter(self._folder)
            self._writer.write(event(time.time(), 0, _HEAD))
        self._writer.write(data)

    def _events(self, message: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield what a row or record is to TensorBoard: the same bytes whenever it comes."""
        kind, when = message["kind"], _number(message.get("time"))
        if message["role"] == "system":
            if kind == "end" and message["fields"].get("state"):
                yield from self._end(message["fields"]["state"], when)
            return
        if kind == "row":
            yield from self._settings(when)
            values = [_value(str(name), value) for name, value in message["values"].items()]
            if values:
                yield event(when, message["step"] or 0, summary(values))
            return
        fields = message["fields"]
        if kind == "config":
            _fold(self._state.config, fields.get("ops"))
        elif kind == "segment":
            data = restart({**fields, "t": when})
            if data is not None:
                yield data
        elif kind == "media":
            name, step, items = (fields.get(key) for key in ("name", "step", "items"))
            if isinstance(name, str) and isinstance(step, int) and isinstance(items, list):
                values, _ = values_of(name, items, self._file, self._state.taken)
                if values:
                    yield event(when, step, summary(values))
        elif kind == "finish":
            yield from self._end(str(fields.get("state")), when)

    def _settings(self, when: float) -> Iterator[bytes]:
        """Yield the run's config, once, when something is measured: by then it is whole."""
        if not self._state.told and self._state.config:
            self._state.told = True
            yield event(when, 0, summary([start(flat(self._state.config), when)]))

    def _end(self, state: str, when: float) -> Iterator[bytes]:
        if self._state.told:
            yield event(when, 0, summary([end(state, when)]))

    def _file(self, fields: Mapping[str, Any]) -> bytes:
        return StoredFile(self._run.folder, fields).read()


def folder_of(settings: Mapping[str, Any], run: RunInfo) -> Path:
    """Return the folder of a run's event files: in `logdir`, else in the run's folder; of other ranks, below that."""
    logdir = settings.get("logdir")
    if logdir is None:
        folder = Path(run.folder) / "tensorboard"
    else:
        tail = f"-{run.id[-_TAIL:]}"
        there = sorted(Path(logdir).glob(f"*{tail}"))  # a run may have been renamed
        folder = there[0] if there else Path(logdir) / f"{_ODD.sub('_', run.name).strip('.') or 'run'}{tail}"
    return folder if run.rank == 0 else folder / f"rank{run.rank}"


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _value(name: str, value: Any) -> bytes:
    if isinstance(value, str) and value not in _NUMBERS:
        return text_value(name, value)
    return number_value(name, _number(value))


def _number(value: Any) -> float:
    try:
        return float(_NUMBERS.get(value, 0.0) if isinstance(value, str) else value or 0.0)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _fold(config: dict[str, Any], ops: Any) -> None:
    """Take changes of the config over."""
    for op in ops if isinstance(ops, list) else ():
        path, place = list(op[0]), config
        if not path:
            continue
        for key in path[:-1]:
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner
        if len(op) > 1:
            place[path[-1]] = op[1]
        else:
            place.pop(path[-1], None)
