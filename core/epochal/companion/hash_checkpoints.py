"""The task that hashes checkpoints, and says of each what became of it meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from ..checkpoint_facts import checkpoint_facts, hash_checkpoint
from .assignment import received
from .task import answer, told


class OutOfTimeError(Exception):
    """The time for this task is up."""


def judge(checkpoint: Mapping[str, Any], until: float) -> dict[str, Any]:
    """Hash one checkpoint and return its state, with SHA-256 and facts if it is the one that was recorded.

    Args:
        checkpoint: `path`, the `facts` that were recorded, and whether it was `writing` then.
        until: when to stop, on `time.monotonic`.

    Returns:
        `state`: `hashed`, `vanished`, `overwritten` (it is not what was recorded), `changing` (while it was read),
        `unreadable`, `unhashed` (for want of time).
    """

    def go_on() -> None:
        if time.monotonic() > until:
            raise OutOfTimeError

    path, recorded = checkpoint["path"], checkpoint["facts"]
    try:
        go_on()
        before = checkpoint_facts(path)
        if before is None:
            return {"state": "vanished"}
        if before["kind"] not in {"file", "folder"}:
            return {"state": "unreadable", "why": "it is a pipe, a socket or a device"}
        if any(before[name] != value for name, value in recorded.items()):
            return {"state": "changing" if checkpoint["writing"] else "overwritten"}
        sha256 = hash_checkpoint(path, go_on)
        if checkpoint_facts(path) != before:
            return {"state": "overwritten" if recorded else "changing"}
    except FileNotFoundError:
        return {"state": "vanished"}
    except OSError as error:
        return {"state": "unreadable", "why": error.strerror or str(error)}
    except OutOfTimeError:
        return {"state": "unhashed", "why": "the time for it was up"}
    return {"state": "hashed", "sha256": sha256, **before}


def main() -> None:
    """Hash what the companion names, at the lowest priority."""
    received()
    order = told()
    os.nice(19)
    until = time.monotonic() + order["limit_s"]
    found = [{"writer": each["writer"], "seq": each["seq"], **judge(each, until)} for each in order["checkpoints"]]
    answer({"checkpoints": found})
