"""Has checkpoints hashed as they are recorded, one after another, in processes of low priority."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from ..checkpoint_facts import is_elsewhere
from .assignment import Assignment
from .system_journal import SystemJournal
from .task import Task

#: One process hashes so many (the last one as many as it can be told of, whose paths have this length in all), and
#: gets so much time while the run lives, in seconds.
_AT_ONCE: Final = 8
_AT_LAST: Final = 150
_LONGEST: Final = 40_000
_LIMIT_S: Final = 3600.0
#: How often a checkpoint that is still being written is looked at, before it is told as one that never came to rest.
_LOOKS: Final = 60


class _Waiting:
    """One recorded checkpoint without a hash."""

    def __init__(self, writer: str, seq: int, fields: dict[str, Any], folder: str) -> None:
        self.writer, self.seq = writer, seq
        copy = fields.get("file")
        self.path = os.path.join(folder, copy) if isinstance(copy, str) else str(fields.get("path"))
        #: One that was not there yet when it was recorded is being written too.
        self.writing = bool(fields.get("writing") or fields.get("kind") == "absent") and not copy
        known = ("kind", "bytes", "files", "mtime_ns")
        #: What its training saw of it; a copy in the run is nobody else's to change.
        self.facts = {} if copy or self.writing else {name: fields[name] for name in known if name in fields}
        self.looks = 0

    def told(self) -> dict[str, Any]:
        return {
            "writer": self.writer, "seq": self.seq, "path": self.path, "facts": self.facts, "writing": self.writing
        }  # fmt: skip


class Checkpoints:
    """The checkpoints of one trainer and its forked children.

    Attributes:
        fd: what to poll while a process is hashing; None else.
    """

    def __init__(self, assignment: Assignment, journal: SystemJournal) -> None:
        self._assignment = assignment
        self._journal = journal
        self._waiting: deque[_Waiting] = deque()
        self._busy: list[_Waiting] = []
        self._task: Task | None = None
        self._poll: select.poll | None = None
        self._last_until: float | None = None

    @property
    def fd(self) -> int | None:
        """What to poll while a process is hashing; None else."""
        return None if self._task is None else self._task.fd

    def look(self, new: Iterable[tuple[str, int, dict[str, Any]]], poll: select.poll) -> None:
        """Take new records, and start hashing if nothing is being hashed."""
        self._poll = poll
        for writer, seq, fields in new:
            path = fields.get("path")
            if isinstance(path, str) and not is_elsewhere(path):
                self._waiting.append(_Waiting(writer, seq, fields, self._assignment.folder))
        if self._task is not None and time.monotonic() > self._task.deadline:
            self._end("the time for it was up")
        self._start()

    def look_last(self, new: Iterable[tuple[str, int, dict[str, Any]]], poll: select.poll, limit_s: float) -> None:
        """Take the last records of a training that has ended; what is not hashed within the limit stays without."""
        self._last_until = time.monotonic() + limit_s
        if self._task is not None:
            self._task.deadline = min(self._task.deadline, self._last_until)
        self.look(new, poll)

    def wait(self) -> None:
        """Wait for what is being hashed, and go on until all is hashed or the time is up."""
        while self._task is not None:
            task = self._task
            self._forget()
            try:
                self._record(task.wait())
            except ValueError:
                self._give_back("the time for it was up")
            if self._last_until is not None and time.monotonic() >= self._last_until:
                break
            self._start()
        for each in self._waiting:
            self._tell(each, "unhashed", why="the training ended, and the time for it was up")
        self._waiting.clear()

    def read(self) -> None:
        """Take what the process says; at its end, start the next one."""
        if self._task is None or not self._task.read():
            return
        task = self._task
        self._forget()
        try:
            self._record(task.result())
        except ValueError as error:
            self._give_back(str(error))
        self._start()

    def give_up(self) -> None:
        """Kill what is at work."""
        if self._task is not None:
            task = self._task
            self._forget()
            task.give_up()

    def _start(self) -> None:
        if self._task is not None or not self._waiting:
            return
        left = _LIMIT_S if self._last_until is None else self._last_until - time.monotonic()
        # what is being written is looked at again at the next housekeeping, and at the end taken as it is
        last = self._last_until is not None
        ready: list[_Waiting] = []
        for each in self._waiting:
            length = sum(len(os.fsencode(one.path)) for one in (*ready, each))
            if ready and (len(ready) >= (_AT_LAST if last else _AT_ONCE) or length > _LONGEST):
                break
            if last or self._due(each):
                ready.append(each)
        if left <= 0 or not ready:
            return
        for each in ready:
            self._waiting.remove(each)
        self._busy = ready
        # it ends by itself a little before it would be given up
        told = {"checkpoints": [each.told() for each in ready], "limit_s": left - 1.0}
        try:
            self._task = Task("hash_checkpoints", self._assignment, left, told)
        except OSError as error:
            self._give_back(f"no process could be started for it ({error.strerror})")
            return
        if self._poll is not None:
            self._poll.register(self._task.fd, select.POLLIN)

    def _due(self, each: _Waiting) -> bool:
        """Return whether a checkpoint is ready: one that is being written must look the same twice, a while apart."""
        if not each.writing:
            return True
        from ..checkpoint_facts import checkpoint_facts

        each.looks += 1
        before = each.facts
        with contextlib.suppress(OSError):
            each.facts = checkpoint_facts(each.path) or {}
        return bool(each.facts) and each.facts == before

    def _record(self, result: dict[str, Any]) -> None:
        busy = {(each.writer, each.seq): each for each in self._busy}
        for found in result["checkpoints"]:
            each = busy.pop((found["writer"], found["seq"]), None)
            if each is None:
                continue
            if self._last_until is None and each.looks < _LOOKS and found["state"] in {"changing", "unhashed"}:
                self._again(each, found["state"])
                continue
            more = {name: found[name] for name in ("sha256", "why", "bytes", "files", "mtime_ns") if name in found}
            self._tell(each, found["state"], **more)
        self._busy = []

    def _again(self, each: _Waiting, state: str) -> None:
        if state == "changing":
            each.looks, each.facts, each.writing = each.looks + 1, {}, True
        else:
            each.looks += _LOOKS // 2  # it takes an hour, or others took it: once more, and no third time
        self._waiting.append(each)

    def _give_back(self, why: str) -> None:
        """Tell of checkpoints whose process came to nothing: they are not tried again."""
        for each in self._busy:
            self._tell(each, "unhashed", why=why)
        self._busy = []

    def _tell(self, each: _Waiting, state: str, **more: Any) -> None:
        self._journal.record("checkpoint_sha", {"writer": each.writer, "seq": each.seq, "state": state, **more})

    def _end(self, why: str) -> None:
        task = self._task
        self._forget()
        if task is not None:
            task.give_up()
        self._give_back(why)

    def _forget(self) -> None:
        if self._task is not None and self._poll is not None:
            with contextlib.suppress(KeyError, OSError):
                self._poll.unregister(self._task.fd)
        self._task = None
