"""Makes runs folders of any size, as trainings and their companions leave them, without training anything."""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from epochal.journal.writer import JournalWriter
from epochal.layout import run_folder
from epochal.names import new_run_id

METRICS = [f"{part}/{name}" for part in ("train", "val") for name in ("loss", "acc", "f1", "lr_now", "grad_norm")]
ENVIRONMENT = {
    "command": ["python", "train.py", "--lr", "0.1"],
    "python": {"version": "3.11.9", "executable": "/usr/bin/python3"},
    "packages": {f"package{i}": f"1.{i}.0" for i in range(60)},
    "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "branch": "main", "dirty": False},
    "host": {"name": "box", "os": "Linux", "cpus": 8, "memory_bytes": 32 << 30},
}


def make_run(
    root: Path,
    index: int,
    *,
    project: str = "digits",
    rows: int = 20,
    config: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
    finish: str | None = "finished",
    companion: bool = True,
    derived: bool = True,
    started: float | None = None,
    opening: dict[str, Any] | None = None,
) -> Path:
    """Write one run that ended long ago on another boot, and return its folder."""
    chance = random.Random(index)
    began = time.time() - 86400 - index if started is None else started
    folder = run_folder(root, project, f"{new_run_id()}")
    (folder / "journal").mkdir(parents=True)
    ticks = iter(range(10**9))

    def clock() -> float:
        return began + next(ticks) * 0.01

    def writer(role: str, ordinal: int, parent: dict[str, Any] | None) -> JournalWriter:
        made = JournalWriter(folder, role=role, rank=0, ordinal=ordinal, clock=clock, report=_refuse)
        fields = {
            "run": folder.name, "project": project, "role": role, "rank": 0, "world": None, "ordinal": ordinal,
            "parent": parent, "host": "box", "boot": "00000000-0000-0000-0000-000000000000", "pidns": "1",
            "pid": 2**22 - 1 - index % 1000, "pid_start": 1, "lock": None, "software": "epochal 0.1.0",
        }  # fmt: skip
        made.record("open", {**fields, **(opening or {})})
        return made

    main = writer("main", 1, None)
    main.record("segment", {"why": "start", "cut": None, "next_step": 0})
    given = {
        "name": f"brave-otter-{index}",
        "group": f"group-{index % 7}",
        "job_type": None,
        "tags": ["a"][: index % 2],
    }
    main.record("meta", {"set": {**given, "notes": None, **(meta or {})}})
    settings = config if config is not None else _config(chance)
    main.record("config", {"ops": [[[key], value] for key, value in settings.items()]})
    last: dict[str, float] = {}
    for step in range(rows):
        last = {name: math.exp(-step / 10) + chance.random() / 10 for name in METRICS}
        main.row(last, step, clock())
    main.record("summary", {"set": {"best": chance.random()}, "delete": []})
    if finish is not None:
        error = {"type": "ValueError", "message": "too big", "traceback": "Traceback …"} if finish == "failed" else None
        main.record("finish", {"state": finish, "exit_code": 1 if error else 0, "error": error})
    main.close()
    if companion:
        system = writer("system", 2, {"writer": main.hex, "seq": 1, "ordinal": 1})
        system.record("environment", {"values": ENVIRONMENT})
        for step in range(3):
            system.row({f"system/{name}": chance.random() for name in ("cpu", "memory", "disk", "io")}, step, clock())
            system.record("checksum", {"writer": main.hex, "block": 64, "rows": 100, "crc": chance.getrandbits(32)})
        system.record("sync", {"writer": main.hex, "bytes": 10_000})
        system.record("end", {"state": None, "exit_code": 0, "signal": None, "reason": None, "pid": 1})
        if derived:
            system.record("derived", {"values": last})
        system.close()
    for path in (*(folder / "journal").iterdir(), folder / "journal"):  # long ago, and in order
        os.utime(path, (began, began))
    return folder


def _config(chance: random.Random) -> dict[str, Any]:
    return {
        "lr": chance.choice([0.1, 0.01, 0.001]),
        "batch_size": chance.choice([16, 32, 64]),
        "seed": chance.randrange(100),
        "optimizer": {"name": chance.choice(["adam", "sgd"]), "momentum": 0.9, "decay": 1e-4, "betas": [0.9, 0.99]},
        "model": {"name": "resnet", "layers": 18, "width": 64, "dropout": 0.1, "norm": "batch"},
        "data": {"name": "digits", "augment": True, "workers": 4, "split": 0.8},
        "epochs": 10, "precision": "bf16", "warmup": 100, "schedule": "cosine",
    }  # fmt: skip


def make_runs(root: Path, count: int, *, told: Callable[[int], None] = lambda _: None, **options: Any) -> list[Path]:
    """Write `count` runs and return their folders."""
    folders = []
    for index in range(count):
        folders.append(make_run(root, index, project=f"project-{index % 3}", **options))
        told(index)
    return folders


def _refuse(code: str, text: str) -> None:
    raise AssertionError(f"{code}: {text}")


if __name__ == "__main__":
    make_runs(Path(sys.argv[1]), int(sys.argv[2]), derived="--underived" not in sys.argv)
