"""What every test of Epochal gets: folders of its own, faults that raise, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import need

__all__ = ["need"]

# Started in the background of a shell, tests inherit that Ctrl-C is ignored, and so would what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: What a launcher, or the person at the keyboard, may have set.
_FOREIGN = ("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_STEP_ID")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep runs, caches and settings of a test in its folder; raise faults; end what it left running."""
    for name in list(os.environ):
        if name.startswith("EPOCHAL_") and name != "EPOCHAL_REQUIRE":
            monkeypatch.delenv(name)
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EPOCHAL_STRICT", "1")
    monkeypatch.setenv("EPOCHAL_QUIET", "1")
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path / "epochal-runs"))
    monkeypatch.setenv("EPOCHAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    yield
    _finish_open_runs()
    if (tmp_path / "epochal-runs").exists():
        _end_companions(tmp_path)


def _finish_open_runs() -> None:
    active = sys.modules.get("epochal.active")
    if active is not None:
        for run in reversed(active.open_runs()):
            with contextlib.suppress(Exception):  # a test may have taken its folder away
                run.finish()


def _end_companions(folder: Path) -> None:
    """Kill the companions whose run lies in `folder`: they watch for up to a minute, which no test waits for."""
    mark = f"EPOCHAL_DIR={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"boot.py" in (process / "cmdline").read_bytes() and mark in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
