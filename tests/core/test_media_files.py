"""Media files: there before the record that names them, whole, checked when read, and never outside the run."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal import Image, Table, Text, Video
from epochal.errors import EpochalError, StorageError
from epochal.journals import Journals
from epochal.media.item import Piece
from epochal.media.kinds import KINDS, recorded_media
from epochal.media.storage import store
from tests.core.cli_call import call

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def references(fields: Any) -> list[dict[str, Any]]:
    """Return what a record says of files, wherever it stands in it."""
    if isinstance(fields, dict):
        own = [fields] if "sha256" in fields else []
        return own + [each for value in fields.values() for each in references(value)]
    return [each for value in fields for each in references(value)] if isinstance(fields, list) else []


def media_records(folder: str | Path) -> list[dict[str, Any]]:
    return [frame.payload for journal in Journals(folder).ordered for frame in journal.records("media")]


def test_a_file_is_named_by_its_content_and_no_part_of_one_is_left() -> None:
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS, masks={"m": epochal.Mask(PIXELS[:, :, 0])}), "t": Table([[Image(PIXELS)]])})
    found = [path for path in Path(run.folder, "files", "media").rglob("*") if path.is_file()]
    assert {path.parent.name for path in found} == {"image", "mask", "table"}
    for path in found:
        assert path.name.split(".")[0] == hashlib.sha256(path.read_bytes()).hexdigest()
    named = {each["path"] for record in media_records(run.folder) for each in references(record)}
    assert named == {path.relative_to(run.folder).as_posix() for path in found}


def test_a_large_file_is_copied_in_parts(tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(b"\0\0\0\x18ftypisom" + os.urandom(9 << 20))
    with epochal.init("p") as run:
        run.log({"film": [Video(source), Video(source)]})
    [entry] = epochal.get_run(run.id).media("film")
    assert entry.items[0].path == entry.items[1].path
    assert entry.items[0].bytes == source.read_bytes()
    assert len(list(Path(run.folder, "files/media/video").iterdir())) == 1


def test_a_file_that_a_power_failure_has_cut_is_written_again(tmp_path: Path) -> None:
    piece = Piece("text", "txt", b"whole words")
    path = tmp_path / store(tmp_path, piece)["path"]
    path.write_bytes(b"")
    assert tmp_path / store(tmp_path, piece)["path"] == path
    assert path.read_bytes() == b"whole words"


_TRAINER = """
import sys, epochal, numpy as np
rng = np.random.default_rng(int(sys.argv[1]))
with epochal.init("killed", id=sys.argv[2], resume="allow") as run:
    print("open", flush=True)
    for step in range(100000):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        run.log({"x": [epochal.Image(pixels), epochal.Image(pixels[:32])], "loss": 1.0}, step=step)
        print(step, flush=True)
"""


def test_a_killed_training_leaves_no_reference_without_its_file() -> None:
    for number in range(3):
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with subprocess.Popen(
            [sys.executable, "-c", _TRAINER, str(number), "killed"], stdout=subprocess.PIPE, env=variables, text=True
        ) as trainer:
            assert trainer.stdout is not None
            told = [trainer.stdout.readline() for _ in range(3 + 5 * number)]
            trainer.send_signal(signal.SIGKILL)
            told += trainer.stdout.readlines()
        last = int(told[-1])
        run = epochal.get_run("killed")
        steps = [entry.step for entry in run.media("x")]
        assert steps[: last + 1] == list(range(last + 1))  # all that was acknowledged
        for record in media_records(run.path):
            for each in references(record):
                data = (run.path / each["path"]).read_bytes()
                assert hashlib.sha256(data).hexdigest() == each["sha256"]
                assert len(data) == each["bytes"]


def test_media_that_find_no_room_cost_one_warning_and_leave_no_reference() -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with epochal.init("p") as run:
            run.log({"x": Text("a" * 5000), "loss": 0.0}, step=0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, limit[1]))
            for step in range(1, 6):
                large = np.random.default_rng(step).integers(0, 256, (300, 300, 3), dtype=np.uint8)
                run.log({"x": Image(large), f"y{step}": Image(large), "loss": float(step)}, step=step)
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            run.log({"x": Text("room again")}, step=6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    recorded = epochal.get_run(run.id)
    assert [entry.step for entry in recorded.media("x")] == [0, 6]
    assert recorded.media_keys == ["x"]
    assert len(recorded.history("loss")) == 6
    assert len([notice for notice in recorded.notices if notice.code == "media_storage"]) == 1
    assert len([path for path in (recorded.path / "files" / "media").rglob("*") if path.is_file()]) == 1


def test_a_run_folder_that_is_taken_away_is_not_made_anew_for_media() -> None:
    run = epochal.init("p")
    run.log({"x": Image(PIXELS), "loss": 1.0})
    shutil.rmtree(run.folder)
    run.log({"x": Image(PIXELS), "loss": 2.0})
    assert not run.folder.exists()
    run.finish()  # which writes the journal anew
    recorded = epochal.get_run(run.folder)
    assert len(recorded.history("loss")) == 2
    [entry] = recorded.media("x")
    with pytest.raises(StorageError, match="is gone"):
        _ = entry.items[0].bytes


def test_a_file_that_is_gone_or_changed_is_named_with_its_hash() -> None:
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS), "t": Table([[1]])})
    recorded = epochal.get_run(run.id)
    [image] = recorded.media("x")[0].items
    assert image.path is not None
    assert image.sha256 is not None
    image.path.write_bytes(b"something else")
    with pytest.raises(StorageError, match=f"was changed.*{image.sha256}"):
        _ = image.bytes
    image.path.unlink()
    with pytest.raises(StorageError, match=f"is gone.*{image.sha256}"):
        _ = image.array  # type: ignore[attr-defined]
    shutil.rmtree(recorded.path / "files")
    [table] = recorded.media("t")[0].items
    with pytest.raises(StorageError, match="gone"):
        _ = table.rows  # type: ignore[attr-defined]
    with epochal.init("q") as other:
        other.log({"again": image, "loss": 1.0})
    assert epochal.get_run(other.id).media_keys == []
    assert epochal.get_run(other.id).metrics == ["loss"]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../secret", "files/../../secret", "files//x", "", ".", None, 3, "C:\\x", "a\0b", ["x"]],
)
def test_a_record_that_names_a_file_outside_the_run_is_refused(path: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    with epochal.init("p", dir=tmp_path / "runs") as run:
        item = {"kind": "image", "file": {"path": path, "sha256": digest, "bytes": 6}, "format": "png"}
        run._record("media", {"name": "x", "step": 0, "items": [item]})
    [image] = epochal.get_run(run.folder).media("x")[0].items
    assert image.path is None
    with pytest.raises(StorageError, match="no file of the run"):
        _ = image.bytes


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 40) | st.floats() | st.text(max_size=6) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["file", "caption", "width", "boxes", "masks", "counts", "edges", "media", "text", "rate", "fps", "seconds", "rows"]
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from((*KINDS, "hologram")), st.dictionaries(NAMES, JUNK, max_size=6))
def test_whatever_a_record_says_reading_fails_with_words_or_not_at_all(kind: str, fields: dict[str, Any]) -> None:
    media = recorded_media(Path("/nowhere"), {**fields, "kind": kind})
    assert media is not None
    repr(media)
    for name in ("caption", "path", "sha256", "width", "height", "boxes", "rate", "seconds", "fps"):
        getattr(media, name, None)
    failures: list[EpochalError] = []
    for name in ("bytes", "array", "masks", "counts", "edges", "rows", "columns", "text", "faces"):
        try:
            getattr(media, name, None)
        except EpochalError as error:  # any other ends the test
            failures.append(error)
    assert all(str(failure) for failure in failures)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["name", "step", "items"]), JUNK), min_size=20, max_size=60))
def test_damaged_records_are_passed_over(tmp_path: Path, damaged: list[dict[str, Any]]) -> None:
    with epochal.init("p", dir=tmp_path / "runs", id="one", resume="allow") as run:
        for fields in damaged:
            run._record("media", fields)
        run._record("media", {"name": "good", "step": 1, "items": [{"kind": "text", "text": "t"}, 3, {}, None]})
    recorded = epochal.get_run(run.folder)
    assert "good" in recorded.media_keys
    assert [item.bytes for item in recorded.media("good")[0].items] == [b"t"]
    record = call("show", run.folder, "--json").json
    assert "good" in [each["key"] for each in record["media"]]


def test_show_lists_the_names_with_kinds_and_steps() -> None:
    with epochal.init("p") as run:
        for step in range(0, 30, 10):
            run.log({"val/samples": [Image(PIXELS), Image(PIXELS)]}, step=step)
        run.log({"prompt": Text("hi")}, step=5)
    page = call("show", run.id).out
    assert "Media (2)" in page
    assert "6 × image at 3 steps, 0 to 20" in page
    assert "1 × text at step 5" in page
    record = call("show", run.id, "--json").json
    assert record["media"] == [
        {"key": "prompt", "kinds": ["text"], "items": 1, "steps": 1, "first_step": 5, "last_step": 5},
        {"key": "val/samples", "kinds": ["image"], "items": 6, "steps": 3, "first_step": 0, "last_step": 20},
    ]
