"""An imported run exported again is equal to its source event by event: to the bit, whatever the events hold."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402
from tensorboard.plugins.scalar.metadata import create_summary_metadata  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402

from tests.integrations.tensorboard.corpus import CORPUS  # noqa: E402
from tests.integrations.tensorboard.event_messages import (  # noqa: E402
    content,
    event_files,
    of_values,
    read_events,
    version,
    write_events,
)
from tests.integrations.tensorboard.imported_run import source, write_run  # noqa: E402

NAME = "events.out.tfevents.1700000000.host.1.0"
METADATA = create_summary_metadata("shown as", "what it is")


def and_back(logdir: Path, tmp_path: Path, **options: str) -> list[Path]:
    """Import a log folder, export all its runs, and return the files that were written."""
    report = epochal.import_runs(logdir, format="tensorboard", dir=tmp_path / "runs", options=options)
    runs = [epochal.get_run(run.id, dir=tmp_path / "runs") for run in report.runs]
    done = epochal.export_runs(runs, tmp_path / "out", format="tensorboard")
    assert done.left_out == ()
    return event_files(tmp_path / "out")


def scalar(tag: str, bits: int, **more: Any) -> Any:
    """Return an old-style scalar with these 32 bits: through a message, since a Python float cannot keep them all."""
    return Summary.Value.FromString(
        Summary.Value(tag=tag, **more).SerializeToString() + b"\x15" + struct.pack("<I", bits)
    )


def tensor(tag: str, value: Any, *, metadata: Any = METADATA) -> Any:
    return Summary.Value(tag=tag, tensor=make_tensor_proto(value), metadata=metadata)


def test_every_number_comes_back_with_its_bits(tmp_path: Path) -> None:
    odd = [0x7FC00000, 0x7F800001, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 0x00000001, 0x3F9D70A4]
    events = [version(), *(of_values(step, 0.0 - step, scalar("a/b", bits)) for step, bits in enumerate(odd))]
    write_events(tmp_path / "logs" / NAME, events)
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([tmp_path / "logs" / NAME])


def test_every_type_comes_back_as_it_was(tmp_path: Path) -> None:
    types = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "bool"]
    values = [tensor(name, np.array(1, name)) for name in types]
    values += [tensor("one element", np.array([[2.5]], np.float64)), tensor("big", np.array(2**62 + 1))]
    listed = Summary.Value(tag="listed", metadata=METADATA, tensor=TensorProto(dtype=2, double_val=[0.1]))
    write_events(
        tmp_path / "logs" / NAME,
        [version(), of_values(3, 7.25, *values, listed, scalar("with metadata", 1, metadata=METADATA))],
    )
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([tmp_path / "logs" / NAME])


def test_a_tag_may_change_its_form(tmp_path: Path) -> None:
    values: list[Any] = [
        scalar("x", 5), tensor("x", np.array(1.5, np.float32)), tensor("x", np.array(2.5), metadata=None),
        tensor("x", np.array(7)), scalar("x", 6), scalar("x", 7),
    ]  # fmt: skip
    write_events(tmp_path / "logs" / NAME, [version(), *(of_values(n, 9.0 + n, each) for n, each in enumerate(values))])
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([tmp_path / "logs" / NAME])


def test_what_nobody_understands_comes_back_too(tmp_path: Path) -> None:
    mine = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="mine", content=b"\x00\xff"))
    large = Summary.Value(tag="mine/large", metadata=mine, tensor=make_tensor_proto(np.arange(40_000, dtype=np.uint8)))
    events = [
        Event(wall_time=1.0, file_version="brain.Event:2", source_metadata=SourceMetadata(writer="somebody")),
        of_values(1, 2.0, Summary.Value(tag="mine/v", metadata=mine, tensor=make_tensor_proto(np.arange(4)))),
        of_values(1, 2.0, large),
        Event(wall_time=3.0, step=2, graph_def=b"\x0a\x03abc"),
        Event(wall_time=3.5, tagged_run_metadata={"tag": "step2", "run_metadata": b"\x01\x02"}),
        of_values(-5, -1.0, Summary.Value(tag="", simple_value=1.0), Summary.Value(tag="no value")),
    ]
    path = write_events(tmp_path / "logs" / NAME, events)
    with path.open("ab") as file:
        from tensorboard.summary.writer.record_writer import RecordWriter

        RecordWriter(file).write(b"\x09" + struct.pack("<d", 4.0) + b"\xa2\x06\x03new")  # a field of a later version
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([path])


def test_a_picture_is_not_kept_twice_and_comes_back(tmp_path: Path) -> None:
    picture = epochal.Image(np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3))
    png = bytes(picture.describe(lambda text: None)["file"].data)
    image = Summary.Value(tag="img", image=Summary.Image(height=48, width=48, encoded_image_string=png))
    write_events(tmp_path / "logs" / NAME, [version(), of_values(1, 2.0, image), of_values(2, 3.0, image)])
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([tmp_path / "logs" / NAME])
    kept = [path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert sum(data.count(png) for data in kept) == 1


@pytest.mark.parametrize("purge", ["eventaccumulator", "rustboard", "none"])
def test_what_a_restart_hides_comes_back_in_its_place(purge: str, tmp_path: Path) -> None:
    start = Event(wall_time=20.0, step=5, session_log=SessionLog(status=SessionLog.START))
    first = [version(), *(of_values(n, 10.0 + n, scalar("x", n)) for n in range(10))]
    second = [version(20.0), start, *(of_values(n, 30.0 + n, scalar("x", 50 + n)) for n in range(5, 12))]
    paths = [
        write_events(tmp_path / "logs" / NAME, first),
        write_events(tmp_path / "logs" / NAME.replace("1700000000", "1700000009"), second),
    ]
    (out,) = and_back(tmp_path / "logs", tmp_path, purge=purge)
    assert [event.SerializeToString() for event in read_events(out)] == [
        event.SerializeToString() for path in paths for event in read_events(path)
    ]
    history = epochal.get_run("logs", dir=tmp_path / "runs").history("x")
    assert history.steps.tolist() == list(range(12))


def test_a_log_that_has_grown_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "logs" / NAME
    events = [version(), *(of_values(n, 10.0 + n, scalar("x", n), scalar("y", n)) for n in range(40))]
    write_events(path, events[:17])
    epochal.import_runs(tmp_path / "logs", format="tensorboard", dir=tmp_path / "runs")
    write_events(path, events)
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([path])


def test_a_log_that_was_written_anew_comes_back_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "logs" / NAME
    write_events(path, [version(), *(of_values(n, 10.0 + n, scalar("x", n)) for n in range(30))])
    epochal.import_runs(tmp_path / "logs", format="tensorboard", dir=tmp_path / "runs")
    write_events(path, [version(), *(of_values(n, 10.0 + n, scalar("x", 90 + n)) for n in range(31))])
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert content([out]) == content([path])


def test_the_order_of_all_events_comes_back(tmp_path: Path) -> None:
    events = [version()]
    for n in range(300):
        events.append(of_values(n, 10.0 + n, *(scalar(f"t{tag}", n) for tag in range(n % 7 + 1))))
        if n % 50 == 0:
            events.append(Event(wall_time=10.5 + n, step=n, log_message={"message": f"at {n}"}))
    path = write_events(tmp_path / "logs" / NAME, events)
    (out,) = and_back(tmp_path / "logs", tmp_path)
    assert out.read_bytes() == path.read_bytes()


def test_sub_runs_that_were_merged_come_back_as_folders(tmp_path: Path) -> None:
    hparams = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="hparams"))
    start = Event(wall_time=20.0, step=5, session_log=SessionLog(status=SessionLog.START))
    files = {
        "model/run": [version(), of_values(1, 2.0, scalar("loss", 1)), of_values(2, 3.0, scalar("train/x", 4))],
        "model/run/train": [version(), *(of_values(n, 2.0 + n, scalar("loss", n)) for n in range(9)), start],
        "model/run/validation": [
            version(), of_values(1, 2.5, scalar("loss", 3)),
            of_values(0, 1.5, Summary.Value(tag="_hparams_/session_start_info", metadata=hparams)),
        ],
    }  # fmt: skip
    for folder, events in files.items():
        write_events(tmp_path / "logs" / folder / NAME, events)
    and_back(tmp_path / "logs", tmp_path, **{"merge-subruns": "yes"})
    assert len(epochal.runs(tmp_path / "runs")) == 1
    found = {
        path.parent.relative_to(tmp_path / "out").as_posix(): content([path]) for path in event_files(tmp_path / "out")
    }
    assert found == {folder: content([tmp_path / "logs" / folder / NAME]) for folder in files}


def test_an_import_that_was_cut_off_counts_as_far_as_it_is_not_read_again(tmp_path: Path) -> None:
    rows: list[Any] = [("row", n, 1.0 + n, {"x": float(n)}) for n in range(6)]
    form = {"tensor": False, "dtype": 1, "content": False, "shape": None, "metadata": None}
    records = [source("form", 1.0, tag="x", **{"from": 0}, **form), *rows]
    folder = write_run(tmp_path, [*records[:4], source("read", 1.0, files=[]), *records[4:]], finish=False)
    from epochal.journals import Journals

    (journal,) = Journals(folder).ordered
    kept = next(frame.seq for frame in journal.records("source") if frame.payload["what"] == "read")
    cut = {"writer": journal.writer, "seq": kept, "time": 1.0}
    again = [
        ("segment", {"why": "import", "cut": cut, "next_step": 0}, 1.0),
        source("form", 1.0, tag="x", **{"from": 0}, **form), *rows[3:],
    ]  # fmt: skip
    write_run(tmp_path, again, ordinal=1)
    epochal.export_runs(folder, tmp_path / "out", format="tensorboard")
    tags, _ = content(event_files(tmp_path / "out"))
    assert [step for step, _, _ in tags["x"]] == list(range(6))


def test_a_damaged_record_costs_itself_alone(tmp_path: Path) -> None:
    gone = {"path": "files/media/tensorboard/gone.pb", "sha256": "0" * 64, "bytes": 5}
    good = source("value", 2.0, tag="t", step=1, data=Summary.Value(tag="t").SerializeToString())
    bad = [
        source("value", 2.0, tag="t", step=1, file=gone), source("value", 2.0, tag="t"),
        source("event", 2.0, field="no"),
        source("value", 2.0, tag="t", step=1, data=b"", cuts=[[99, gone]]), source("form", 1.0, tag="x", dtype="?"),
        source("value", 2.0, tag="t", step=1, file={**gone, "path": "../../etc/passwd"}),
    ]  # fmt: skip
    folder = write_run(tmp_path, [*bad, good])
    done = epochal.export_runs(folder, tmp_path / "out", format="tensorboard")
    assert len(done.left_out) == len(bad)
    assert len(content(event_files(tmp_path / "out"))[0]["t"]) == 1


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real event files is not here")
def test_real_logs_come_back_as_they_were(tmp_path: Path) -> None:
    from epochal_tensorboard._logdir import find_runs

    logs = find_runs(CORPUS).runs
    written = {path.parent.relative_to(tmp_path / "out").as_posix(): path for path in and_back(CORPUS, tmp_path)}
    told = [log for log in logs if log.name in written]
    assert len(told) == len(written) > 100
    assert [log.name for log in told if content(log.files) != content([written[log.name]])] == []
