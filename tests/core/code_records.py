"""Repositories, and runs that were started in them, recorded as a companion does it but in this process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.companion.assignment import Assignment
from epochal.companion.environment import Collector
from epochal.companion.system_journal import SystemJournal
from epochal.recorded import RecordedRun


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the user's settings of git away."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(path: Path, *arguments: str) -> bytes:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *who, *arguments], cwd=path, check=True, capture_output=True).stdout


def commit(path: Path) -> str:
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "x")
    return git(path, "rev-parse", "HEAD").decode().strip()


def recorded(folder: Path, script: Path | None, /, *, into: Path, id: str = "run", **changes: Any) -> RecordedRun:
    """Return a run that was started in a folder; `changes` are to the values of its environment."""
    os.environ["EPOCHAL_COMPANION"] = "off"
    with epochal.init("test", id=id, dir=into, resume="allow") as run:
        run.log({"loss": 1.0})
        told = Assignment(
            id=run.id, project=run.project, name=run.name, folder=str(run.folder), root=str(into), rank=0,
            journal=run._writer.path, writer=run._writer.hex, ordinal=run._writer.ordinal, pid=os.getpid(),
            pid_start=None, argv=["python", "train.py"], cwd=str(folder), plugins=[],
            script=None if script is None else str(script),
        )  # fmt: skip
        collector = Collector(told)
        for part in (collector._software, collector._packages, collector._code, collector._script):
            part()
        values = collector.values
        for name, value in changes.items():
            values[name] = {**values.get(name, {}), **value}
        journal = SystemJournal(told)
        journal.record("environment", {"values": values})
        journal.close()
    return RecordedRun(into / "test" / id)


def tree(folder: Path) -> dict[str, tuple[str, object]]:
    """Return all below a folder but git's own: name to kind and content, executable files and links told apart."""
    found: dict[str, tuple[str, object]] = {}
    for path in sorted(folder.rglob("*")):
        name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
        if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        else:
            found[name] = ("program" if os.access(path, os.X_OK) else "file", path.read_bytes())
    return found
