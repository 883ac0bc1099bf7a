"""Makes the log folders that benchmarks/tensorboard_reading.py reads, with TensorBoard's own protobuf classes.

    python benchmarks/tensorboard_sets.py FOLDER [SET…] [--scale 0.1]

Sets: simple, tensor (one big file each, 10 tags), runs (200 small runs), twenty (20 values in each event), histograms,
images, huge (2 GB in one file). One that is there already, at the same scale, is left as it is. Scalars' records differ
in their wall time, step and value alone, so they are laid out once for each length of a step and filled in by columns;
only the checksums take a call each. Needs tensorboard, google-crc32c and NumPy.
"""

from __future__ import annotations

import argparse
import struct
import zlib
from pathlib import Path

import google_crc32c
import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2

BEGAN = 1_700_000_000.0
TAGS = [
    "loss/train", "loss/val", "acc/train", "acc/val", "lr", "grad_norm", "time/data", "time/step",
    "gpu/mem_allocated", "throughput/samples_per_second",
]  # fmt: skip
METADATA = summary_pb2.SummaryMetadata(
    plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
    data_class=summary_pb2.DATA_CLASS_SCALAR,
)
#: Stand for wall time and value in a record that is laid out, and are looked for in its bytes.
TIME_MARK = struct.unpack("<d", b"TIMEMARK")[0]
VALUE_MARK = b"VALU"
#: Steps that are laid out at once.
PIECE = 10_000


def masked(crc):
    return ((crc >> 15) | (crc << 17)) + 0xA282EAD8 & 0xFFFFFFFF


def frame(payload):
    length = struct.pack("<Q", len(payload))
    return b"".join(
        (length, struct.pack("<I", masked(google_crc32c.value(length))), payload,
         struct.pack("<I", masked(google_crc32c.value(payload))))
    )  # fmt: skip


HEADER = frame(event_pb2.Event(wall_time=BEGAN, file_version="brain.Event:2").SerializeToString())


def simple_values(tags):
    """Return what makes the values of one event as `simple_value`."""
    (number,) = struct.unpack("<f", VALUE_MARK)
    return [summary_pb2.Summary.Value(tag=tag, simple_value=number) for tag in tags]


def tensor_values(tags):
    """Return them as TensorFlow 2's own writer lays them out: metadata in every event, and `tensor_content`."""
    found = []
    for tag in tags:
        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_content=VALUE_MARK)
        tensor.tensor_shape.SetInParent()
        found.append(summary_pb2.Summary.Value(tag=tag, metadata=METADATA, tensor=tensor))
    return found


def lay_out(events, steps, rng, first_time):
    """Return the frames of some events for each of several steps, whose varints are of one length, as bytes.

    Args:
        events: for each event of a step its values.
        steps: int64, ascending.
        rng: gives the numbers.
        first_time: wall time of the first event, seconds since the epoch.
    """
    places, row = [], b""
    for values in events:
        event = event_pb2.Event(wall_time=TIME_MARK, step=int(steps[0]), summary=summary_pb2.Summary(value=values))
        payload = event.SerializeToString()
        places.append((len(row), len(payload)))
        row += frame(payload)
    rows = np.tile(np.frombuffer(row, np.uint8), (len(steps), 1))
    size = len(events)
    varint = len(event_pb2.Event(step=int(steps[0])).SerializeToString()) - 1
    for which, (at, length) in enumerate(places):
        body = row[at + 12 : at + 12 + length]
        times = first_time + (np.arange(len(steps)) * size + which) * 0.00137
        rows[:, at + 13 : at + 21] = times.astype("<f8")[:, None].view(np.uint8)
        assert body[1:9] == b"TIMEMARK" and (varint <= 0 or body[9] == 0x10)
        for byte in range(varint):
            more = 0x80 if byte < varint - 1 else 0
            rows[:, at + 22 + byte] = (steps >> (7 * byte) & 0x7F) | more
        place = body.find(VALUE_MARK)
        while place >= 0:
            numbers = rng.normal(size=len(steps)).astype("<f4")
            rows[:, at + 12 + place : at + 16 + place] = numbers[:, None].view(np.uint8)
            place = body.find(VALUE_MARK, place + 4)
    whole, width, crc = rows.tobytes(), rows.shape[1], google_crc32c.value
    for at, length in places:
        start = at + 12
        found = [crc(whole[begin : begin + length]) for begin in range(start, len(whole), width)]
        sums = np.array(found, np.uint32)
        sums = ((sums >> 15) | (sums << 17)) + np.uint32(0xA282EAD8)
        rows[:, start + length : start + length + 4] = sums.astype("<u4")[:, None].view(np.uint8)
    return rows.tobytes()


def scalar_file(path, events, count, seed=0):
    """Write `count` steps of the same events."""
    rng, written = np.random.default_rng(seed), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(HEADER)
        limits = [1, *(1 << 7 * size for size in range(1, 9))]  # a varint gets longer at each; step 0 is left out
        while written < count:
            end = min(count, written + PIECE, next(limit for limit in limits if limit > written))
            file.write(lay_out(events, np.arange(written, end), rng, BEGAN + 1 + written * len(events) * 0.00137))
            written = end


def one_each(make, tags):
    """Return events that hold one value each."""
    return [[value] for value in make(tags)]


def event_file(folder, at=0):
    return folder / f"events.out.tfevents.{int(BEGAN) + at}.host.1.{at}"


def simple(folder, scale):
    scalar_file(event_file(folder), one_each(simple_values, TAGS), int(100_000 * scale))


def tensor(folder, scale):
    scalar_file(event_file(folder), one_each(tensor_values, TAGS), int(100_000 * scale))


def runs(folder, scale):
    for at in range(int(200 * scale)):
        place = event_file(folder / f"group{at % 10}" / f"run{at:03d}", at)
        scalar_file(place, one_each(simple_values, TAGS[:5]), 1000, seed=at)


def twenty(folder, scale):
    tags = [f"layer{at}/mean" for at in range(20)]
    scalar_file(event_file(folder), [simple_values(tags)], int(50_000 * scale))


def huge(folder, scale):
    scalar_file(event_file(folder), one_each(simple_values, TAGS), int(3_970_000 * scale))


def others(folder, values):
    """Write one event for each value: step and value."""
    folder.mkdir(parents=True)
    with event_file(folder).open("wb") as file:
        file.write(HEADER)
        for at, (step, value) in enumerate(values):
            event = event_pb2.Event(wall_time=BEGAN + at, step=step, summary=summary_pb2.Summary(value=[value]))
            file.write(frame(event.SerializeToString()))


def histograms(folder, scale):
    """As TensorFlow 1, torch and tensorboardX write them: bucket limits that grow by a tenth."""
    rng = np.random.default_rng(2)
    half = 1e-12 * 1.1 ** np.arange(400)
    edges = np.concatenate([-half[::-1], [0.0], half])

    def values():
        for step in range(int(100 * scale)):
            for tag in range(20):
                numbers = rng.normal(size=1000)
                counts, _ = np.histogram(numbers, edges)
                some = np.flatnonzero(counts)
                first, last = some[0], some[-1] + 1
                yield step, summary_pb2.Summary.Value(tag=f"w{tag}", histo=summary_pb2.HistogramProto(
                    min=numbers.min(), max=numbers.max(), num=1000, sum=numbers.sum(), sum_squares=(numbers**2).sum(),
                    bucket_limit=edges[first + 1 : last + 1].tolist(), bucket=counts[first:last].tolist(),
                ))  # fmt: skip

    others(folder, values())


def images(folder, scale):
    rng = np.random.default_rng(3)

    def values():
        for step in range(int(50 * scale)):
            for tag in range(10):
                data = png(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
                yield step, summary_pb2.Summary.Value(tag=f"image{tag}", image=summary_pb2.Summary.Image(
                    height=64, width=64, colorspace=3, encoded_image_string=data))  # fmt: skip

    others(folder, values())


def png(pixels):
    """Return RGB pixels as a PNG file."""
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")


SETS = {each.__name__: each for each in (simple, tensor, runs, twenty, histograms, images, huge)}


def make(home, name, scale=1.0):
    """Return the folder of a set, made if it is not there yet."""
    folder = Path(home) / f"{name}-{scale:g}"
    done = folder.with_suffix(folder.suffix + ".done")
    if not done.exists():
        SETS[name](folder, scale)
        done.touch()
    return folder


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder")
    words.add_argument("sets", nargs="*", choices=[*SETS, []], metavar="SET")
    words.add_argument("--scale", type=float, default=1.0)
    asked = words.parse_args()
    for each in asked.sets or SETS:
        made = make(asked.folder, each, asked.scale)
        print(f"{each:12}{size_of(made) / 1e6:10.1f} MB  {made}", flush=True)
