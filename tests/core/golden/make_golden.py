"""Writes the golden files of journal format 1.0: `python -m tests.core.golden.make_golden` in the repository's root.

Made of format.py's primitives, not by the live writer. The files are part of the promise that a released version stays
readable: they are written once for a version of the format, and never again with other contents.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from epochal.journal import format as layout
from tests.core.journal_maker import T0, Maker

FOLDER = Path(__file__).parent / "1.0"
BIG = 1 << 70


def main_writer() -> Maker:
    """Return the first training process: every kind of record and of value, a hole, an empty slot, a rewind."""
    maker = Maker("main", 0, 1)
    maker.opening(world=2)
    maker.record("segment", why="start", cut=None, next_step=0)
    maker.record(
        "meta", set={"name": "brave-otter-7", "group": "g", "job_type": "train", "tags": ["a", "b"], "notes": "n"}
    )
    maker.record("config", ops=[[["lr"], 0.1], [["model", "layers"], 3], [["gone"], 1], [["big"], BIG]])
    maker.record("config", ops=[[["gone"]], [["datasets", "train"], {"sha256": "00", "rows": 10}]])
    maker.record("metric", name="val/*", step="epoch", summary=["max"], goal=None)
    maker.record("metric", name="train/loss", step=None, summary=["last", "min", "best"], goal="min")
    maker.record("summary", set={"note": "by hand", "wrong": 1}, delete=[])
    maker.record("summary", set={}, delete=["wrong"])
    maker.frame_row(0, {"train/loss": 4.0, "n": 1 << 60, "ok": True})
    maker.frame_row(1, {"train/loss": 3.0, "n": (1 << 60) + 1, "ok": False})
    for step in range(2, 12):
        maker.row(step, {"train/loss": 4.0 - step / 4, "n": (1 << 60) + step, "ok": step % 2 == 0})
        if step == 5:
            maker.slot({"train/loss": 0.0, "n": 0, "ok": True})
    maker.claim(192)
    for epoch in range(3):
        maker.frame_row(epoch * 4, {"val/acc": 0.5 + epoch / 10, "epoch": epoch, "text": f"epoch {epoch}"})
    maker.frame_row(-5, {"odd": float("nan"), "wide": BIG})
    maker.frame_row(2**62, {"odd": float("inf")})
    maker.record("position")
    maker.record("notice", code="value", text="something odd", data={"metric": "odd"})
    maker.record("missing", rows=3, first=100, last=102)
    maker.record("from the future", anything=[1, 2, {"x": None}])
    maker.record("segment", why="rewind", cut={"step": 11}, next_step=11)
    maker.row(11, {"train/loss": 1.5, "n": 7, "ok": True})
    return maker


def all_writers() -> list[Maker]:
    """Return the journals of the golden run."""
    main = main_writer()
    child = Maker("child", 0, 2)
    child.opening(time=T0 + 20, parent={"writer": main.hex, "seq": 15, "ordinal": 1})
    child.frame_row(3, {"train/loss": 100.0}, time=T0 + 21)
    system = Maker("system", 0, 3)
    system.opening(time=T0 + 1, parent={"writer": main.hex, "seq": 1, "ordinal": 1})
    system.record("environment", values={"python": {"version": "3.12.1"}, "host": "box"})
    for second in range(10):
        system.row(second, {"system/load": second / 2, "system/memory": second}, time=T0 + second)
    for sums in main.checksums():
        system.record("checksum", **sums)
    system.record("sync", writer=main.hex, bytes=len(main.data))
    system.record("end", state="killed", exit_code=None, signal=9, reason="ended by SIGKILL", pid=1)
    system.record("derived", values={"stale": 1})
    resumed = Maker("main", 0, 4)
    resumed.opening(time=T0 + 100)
    cut = {"writer": main.hex, "seq": 20, "time": T0 + 20.5}
    resumed.record("segment", time=T0 + 101, why="resume", cut=cut, next_step=10)
    for step in range(10, 13):
        resumed.row(step, {"train/loss": 0.5, "n": step, "ok": True}, time=T0 + 100 + step)
    resumed.record("finish", time=T0 + 150, state="finished", exit_code=0, error=None)
    importer = Maker("import", 0, 5)
    importer.opening(time=T0 + 200)
    importer.record("segment", why="import", cut={"metrics": {"imported": 2}}, next_step=0)
    for step in range(4):
        importer.row(step, {"imported": step * 1.5}, time=0.0)
    edit = Maker("edit", 0, 6)
    edit.opening(time=T0 + 300)
    edit.record("meta", time=T0 + 301, set={"name": "renamed", "tags": ["c"]})
    edit.record("config", time=T0 + 302, ops=[[["lr"], 0.2]])
    other = Maker("main", 1, 1)
    other.opening(world=2)
    other.frame_row(0, {"train/loss": 77.0})
    return [main, child, system, resumed, importer, edit, other]


#: A picture of one black pixel, and a copied file.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001485e2b9d0000000049454e44ae426082"
)
SAVED = b"weights"


def _file(data: bytes, path: str) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path.format(digest), "sha256": digest, "bytes": len(data)}


def run_with_files() -> tuple[list[Maker], dict[str, bytes]]:
    """Return the journals and files of a run with media, files, checkpoints, alerts, a sink and a rule."""
    picture, saved = _file(PIXEL, "files/media/images/{}.png"), _file(SAVED, "files/saved/model.bin")
    main = Maker("main", 0, 1)
    main.opening(run="run2")
    main.record("segment", why="start", cut=None, next_step=0)
    main.record("sink", name="out", kind="jsonl", settings={"path": "out.jsonl"}, held=False)
    main.record("rule", kind="not_finite", metric="loss", level="error")
    image = {"kind": "image", "caption": "a pixel", "file": picture, "format": "png", "width": 1, "height": 1}
    main.record("media", name="samples", step=0, items=[image, {"kind": "text", "format": "plain", "text": "two"}])
    main.record("media", name="samples", step=9, items=[{"kind": "from the future", "file": picture}])
    main.record(
        "file",
        name="model.bin",
        file=saved["path"],
        sha256=saved["sha256"],
        bytes=saved["bytes"],
        source="/x/model.bin",
    )
    facts = {"metrics": {"val/acc": 0.5}, "goal": "max", "kind": "file", "bytes": 7, "files": 1, "mtime_ns": 10**18}
    seq = main.record("checkpoint", path="/nowhere/last.pt", step=8, **facts)
    main.record("checkpoint", path="s3://bucket/best.pt", step=4, metrics={"val/acc": 0.75}, goal="max")
    main.record("alert", title="loss spiked", text="to 4.0", level="warning", step=8, source="run")
    main.record("alert", title="gone again", text="", level="info", step=9, source="run")
    main.record("segment", why="rewind", cut={"step": 9}, next_step=9)
    main.record("finish", time=T0 + 99, state="finished", exit_code=0, error=None)
    system = Maker("system", 0, 2)
    system.opening(run="run2", time=T0 + 1, parent={"writer": main.hex, "seq": 1, "ordinal": 1})
    system.record("checkpoint_sha", writer=main.hex, seq=seq, state="hashed", sha256="ab" * 32, bytes=7, files=1,
                  mtime_ns=10**18, why="")  # fmt: skip
    system.record("alert", title="loss is NaN", text="at step 8", level="error", step=8, source="rule")
    return [main, system], {picture["path"]: PIXEL, saved["path"]: SAVED}


#: What a reader must find. Of the first process, seqs up to 20 are kept: steps 0 to 10 of the training loss.
#: The child's row at step 3 lies after the position's time and before the resume: it is abandoned.
EXPECTED: dict[str, Any] = {
    "id": "run1",
    "name": "renamed",
    "group": "g",
    "job_type": "train",
    "tags": ["c"],
    "notes": "n",
    "state": "finished",
    "started": T0,
    "finished": T0 + 150,
    "ranks": [0, 1],
    "config": {
        "lr": 0.2,
        "model": {"layers": 3},
        "big": BIG,
        "datasets": {"train": {"sha256": "00", "rows": 10}},
    },
    "summary": {
        "imported": 4.5,
        "n": 12,
        "note": "by hand",
        "ok": True,
        "train/loss": 0.5,
        "train/loss.best": 0.5,
        "train/loss.best_step": 10,
        "train/loss.last": 0.5,
        "train/loss.min": 0.5,
    },
    "metrics": ["epoch", "imported", "n", "odd", "ok", "text", "train/loss", "val/acc", "wide"],
    "system_metrics": ["system/load", "system/memory"],
    "environment": {"python": {"version": "3.12.1"}, "host": "box"},
    "axes": {"val/acc": "epoch", "train/loss": "step"},
    "notices": ["missing", "value"],
    "history": {
        "train/loss": [
            [*range(13)],
            [4.0, 3.0, 3.5, 3.25, 3.0, 2.75, 2.5, 2.25, 2.0, 1.75, 0.5, 0.5, 0.5],
        ],
        "n": [[*range(13)], [(1 << 60) + step for step in range(10)] + [10, 11, 12]],
        "ok": [[*range(13)], [True, False] * 5 + [True, True, True]],
        "system/memory": [[*range(10)], [*range(10)]],
        "imported": [[0, 1, 2, 3], [0.0, 1.5, 3.0, 4.5]],
        "val/acc": [[], []],
    },
    "all": {
        "train/loss": [
            [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 11, 11, 12],
            [4.0, 3.0, 3.5, 3.25, 100.0, 3.0, 2.75, 2.5, 2.25, 2.0, 1.75, 1.5, 0.5, 1.25, 1.5, 0.5, 0.5],
        ],
        "val/acc": [[0, 4, 8], [0.5, 0.6, 0.7]],
        "wide": [[-5], [float(BIG)]],
    },
}


def write(folder: Path) -> None:
    """Write all files."""
    assert (layout.MAJOR, layout.MINOR) == (1, 0), "a new version of the format gets a folder of its own"
    for maker in all_writers():
        maker.save(folder / "digits" / "run1")
    journals, files = run_with_files()
    for maker in journals:
        maker.save(folder / "digits" / "run2")
    for path, data in files.items():
        place = folder / "digits" / "run2" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (folder / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


if __name__ == "__main__":
    write(FOLDER)
