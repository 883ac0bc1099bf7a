"""The readers of event files that benchmarks/tensorboard_reading.py compares: ours, and TensorBoard's own.

Each is a function of a folder, which imports what it needs, and returns two: one that reads, which is measured, and one
that tells what was found, given what the first has returned: a count, or of each tag its name, steps and values.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np


def name(folder, path, tag):
    return f"{path.parent.relative_to(folder).as_posix()} {tag}"


def peak_kib(process="self"):
    """Return the most memory that a process has had; `ru_maxrss` would count that of the one that started it."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def files_of(folder):
    return sorted(path for path in Path(folder).rglob("*tfevents*") if path.is_file())


def ours(folder):
    """Every scalar point in columns, everything else as its message's bytes; what was learnt is shared among files."""
    from epochal_tensorboard._event_file import EventFile, Layouts

    layouts = Layouts()

    def read():
        kept = []
        for path in files_of(folder):
            events = EventFile(path, layouts=layouts)
            kept.append((path, events, list(events.chunks())))
        return kept

    def points(kept):
        for path, events, chunks in kept:
            tags = np.concatenate([chunk.scalars.tags for chunk in chunks])
            steps = np.concatenate([chunk.scalars.steps for chunk in chunks])
            cells = np.concatenate([chunk.scalars.cells for chunk in chunks]).view("f8")
            for tag in np.unique(tags).tolist():
                yield name(folder, path, events.tags[tag]), steps[tags == tag], cells[tags == tag]
            others = {}
            for chunk in chunks:
                for other in chunk.others:
                    if other.what == "value":
                        others.setdefault(other.tag, []).append(other.step)
            for tag, found in others.items():
                yield name(folder, path, tag), found, []

    return read, points


def ours_streamed(folder):
    from epochal_tensorboard._event_file import EventFile, Layouts

    layouts, sums = Layouts(), {}

    def read():
        for path in files_of(folder):
            events, count = EventFile(path, layouts=layouts), 0
            for chunk in events.chunks():
                count += len(chunk.scalars.steps) + sum(other.what == "value" for other in chunk.others)
            sums[path] = count
        return sums

    return read, lambda sums: sum(sums.values())


def ours_messages(folder):
    """`epochal_tensorboard.read`: each event as an object, with what is no scalar as TensorBoard's own message."""
    from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: F401 - imports are not what is measured

    from epochal_tensorboard import read as events_of

    def read():
        count = 0
        for path in files_of(folder):
            for event in events_of(path):
                if event.what == "value":
                    event.message()
                    count += 1
        return count

    return read, lambda count: count


def event_accumulator(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    all_of_it = dict.fromkeys(("scalars", "tensors", "histograms", "images"), 0)

    def read():
        kept = []
        for place in sorted({path.parent for path in files_of(folder)}):
            events = EventAccumulator(str(place), size_guidance=all_of_it)
            events.Reload()
            kept.append((place / "file", events))
        return kept

    def points(kept):
        for path, events in kept:
            tags = events.Tags()
            for tag in tags["scalars"]:
                found = events.Scalars(tag)
                yield name(folder, path, tag), [each.step for each in found], [each.value for each in found]
            for tag in tags["tensors"]:
                found = events.Tensors(tag)
                values = [make_ndarray(each.tensor_proto).item() for each in found]
                yield name(folder, path, tag), [each.step for each in found], values
            for kind, read_of in (("histograms", events.Histograms), ("images", events.Images)):
                for tag in tags[kind]:
                    yield name(folder, path, tag), [each.step for each in read_of(tag)], []

    return read, points


def event_file_loader(folder):
    """With the migration to TensorFlow 2's form, as TensorBoard's own readers use it; nothing is kept."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    def read():
        return sum(len(event.summary.value) for path in files_of(folder) for event in EventFileLoader(str(path)).Load())

    return read, lambda count: count


def data_server(folder, *flags):
    """The load alone: the points are fetched behind the clock."""
    import grpc
    import psutil
    from tensorboard import context
    from tensorboard.data import grpc_provider, provider
    from tensorboard.data.proto import data_provider_pb2_grpc
    from tensorboard_data_server import server_binary

    binary = server_binary()
    if binary is None:  # its wheel for any platform holds none
        raise RuntimeError("tensorboard-data-server has no program here: reinstall it with pip, for this platform")

    def read():
        with tempfile.TemporaryDirectory() as place:
            words = ["--logdir", folder, "--port", "0", "--port-file", f"{place}/port", "--reload", "once", "-v"]
            words += ["--samples-per-plugin", "scalars=all,images=all,histograms=all,text=all", *flags]
            server = subprocess.Popen([binary, *words], stderr=subprocess.PIPE, text=True)
            for line in server.stderr:
                if "finished load cycle" in line.lower():
                    break
            port = Path(place, "port").read_text(encoding="utf-8").strip()
        process = psutil.Process(server.pid)
        spent, peak = process.cpu_times(), peak_kib(server.pid)
        return server, port, spent.user + spent.system, peak

    def points(kept):
        server, port, *_ = kept
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)])
        stub = data_provider_pb2_grpc.TensorBoardDataProviderStub(channel)
        asked = grpc_provider.GrpcDataProvider("", stub)
        more = {"experiment_id": "x", "downsample": 1 << 30, "run_tag_filter": provider.RunTagFilter()}
        found = asked.read_scalars(context.RequestContext(), plugin_name="scalars", **more)
        for run, tags in found.items():
            for tag, some in tags.items():
                place = Path(folder) / run / "file"
                yield name(folder, place, tag), [each.step for each in some], [each.value for each in some]
        for plugin, read_of in (("histograms", asked.read_tensors), ("images", asked.read_blob_sequences)):
            for run, tags in read_of(context.RequestContext(), plugin_name=plugin, **more).items():
                for tag, some in tags.items():
                    yield name(folder, Path(folder) / run / "file", tag), [each.step for each in some], []
        server.kill()
        server.wait()

    return read, points


def data_server_checked(folder):
    return data_server(folder, "--checksum")


READERS = {
    "ours": ours,
    "ours, streamed": ours_streamed,
    "ours, messages": ours_messages,
    "EventAccumulator": event_accumulator,
    "EventFileLoader": event_file_loader,
    "data server, load": data_server,
    "data server, --checksum": data_server_checked,
}
