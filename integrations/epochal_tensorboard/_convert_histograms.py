"""Histograms of event files of every era: core's histograms out of values, and into them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError
from epochal.media import Histogram
from epochal.media.histogram import INLINE_BINS

from ._convert_back import file_of
from ._convert_tensors import numbers_of, tensor_of_numbers

if TYPE_CHECKING:
    import numpy as np

    from epochal.media.item import Media, Remark

    from ._convert_back import ReadFile

#: All counts together are at most that many: their sum is a number.
_MOST: Final = 1e300


def histograms(value: Any) -> list[Media]:
    """Return the histogram of a Summary.Value.

    Raises:
        BadValueError: it holds none.
    """
    if value.WhichOneof("value") == "histo":
        return [_with_facts(_from_bins(_old_bins(value.histo)), value.histo)]
    bins = numbers_of(value.tensor)
    if bins.ndim != 2 or bins.shape[1] != 3:
        raise BadValueError(f"a histogram has the shape (bins, 3), not {bins.shape}")
    return [_from_bins(bins.astype(float))]


def _old_bins(histo: Any) -> np.ndarray:
    """Return rows of left, right and count.

    The outermost limits may be ±1.8e308: the smallest and the largest value stand for them, as in TensorBoard.
    """
    import numpy as np

    counts, limits = np.array(histo.bucket, np.float64), np.array(histo.bucket_limit, np.float64)
    if len(counts) != len(limits):
        raise BadValueError(f"a histogram has {len(counts)} bins and {len(limits)} limits")
    filled = np.flatnonzero(counts)
    if not len(filled):
        return np.zeros((0, 3))
    first, last = int(filled[0]), int(filled[-1])
    inner = limits[first:last]
    return np.column_stack([np.append(histo.min, inner), np.append(inner, histo.max), counts[first : last + 1]])


def _from_bins(bins: np.ndarray) -> Histogram:
    import numpy as np

    lefts, rights, counts = bins[:, 0], bins[:, 1], bins[:, 2]
    if not np.isfinite(bins).all() or np.abs(counts).max(initial=0) > _MOST / max(len(counts), 1):
        raise BadValueError("a histogram has limits or counts that are not finite")
    if len(counts) and (rights > lefts).all() and (lefts[1:] == rights[:-1]).all():
        edges = np.append(lefts[:1], rights)
    elif not counts.any():  # TensorBoard writes bins of no width around zero where there was nothing to count
        return Histogram([])
    else:
        edges, counts = _mended(lefts, rights, counts)
    if len(counts) > INLINE_BINS:
        # writers of old have over a thousand bins, most of them empty: together they say the same, and need no file
        needed = np.append(True, (counts[1:] != 0) | (counts[:-1] != 0))
        edges, counts = edges[np.append(needed, True)], np.add.reduceat(counts, np.flatnonzero(needed))
    whole = np.abs(counts).max() <= 1 << 53 and (np.rint(counts) == counts).all()
    return Histogram(counts=counts.astype(np.int64) if whole else counts, edges=edges)


def _mended(lefts: np.ndarray, rights: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (edges, counts) of bins that do not join.

    What is in a bin of no width goes to its neighbour, and a gap becomes an empty bin.
    """
    import numpy as np

    order = np.lexsort((rights, lefts))
    edges, kept, waiting = [float(lefts[order[0]])], [0.0][:0], 0.0
    for left, right, count in zip(lefts[order].tolist(), rights[order].tolist(), counts[order].tolist(), strict=True):
        if left > edges[-1]:
            edges.append(left)
            kept.append(waiting)
            waiting = 0.0
        if right > edges[-1]:
            edges.append(right)
            kept.append(count + waiting)
            waiting = 0.0
        elif kept:
            kept[-1] += count
        else:
            waiting += count
    if not kept:  # all values are the same
        middle = edges[0]
        half = max(0.5, abs(middle) * 2.0**-50)
        edges, kept = [middle - half, middle + half], [waiting]
    return np.array(edges), np.array(kept)


def _with_facts(histogram: Histogram, histo: Any) -> Media:
    """Return a histogram with what an old message knows of the values besides."""
    from ._convert import Ready

    fields = histogram.describe(lambda _: None)
    if fields["count"] and histo.num > 0:
        mean = histo.sum / histo.num
        facts = {
            "min": histo.min, "max": histo.max, "mean": mean,
            "std": math.sqrt(max(histo.sum_squares / histo.num - mean * mean, 0.0)),
        }  # fmt: skip
        if all(map(math.isfinite, facts.values())):
            fields |= facts
    return Ready(fields)


def histogram_of(item: Mapping[str, Any], read_file: ReadFile, remark: Remark) -> np.ndarray:
    """Return the bins of an item: rows of left, right and count, float64.

    Raises:
        BadValueError: its record or its file is damaged.
        StorageError: its file is gone.
    """
    import numpy as np

    fields = item if "counts" in item else json.loads(file_of(item, read_file))
    edges, counts = np.array(fields["edges"], np.float64), np.array(fields["counts"], np.float64)
    if counts.ndim != 1 or edges.ndim != 1:
        raise BadValueError("its bins are damaged")
    if len(edges) == 2 and len(counts) > 1:
        edges = np.linspace(edges[0], edges[1], len(counts) + 1)
    if len(edges) != (len(counts) + 1 if len(counts) else 0):
        raise BadValueError(f"it has {len(counts)} bins and {len(edges)} edges")
    if any(item.get(name) for name in ("nan", "below", "above", "outside")):
        remark("of a histogram, NaN, infinities and what lies outside its bins are left out")
    if item.get("caption"):
        remark("captions of a TensorBoard histogram have no place: they are left out")
    return np.column_stack([edges[:-1], edges[1:], counts]) if len(counts) else np.zeros((0, 3))


def values_of_histograms(tag: str, several: Sequence[np.ndarray]) -> list[Any]:
    """Return the Summary.Value of each histogram, as `tf.summary.histogram` lays it out."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.histogram.metadata import create_summary_metadata

    metadata = create_summary_metadata(display_name=None, description=None)
    return [
        Summary.Value(tag=f"{tag}/{at}" if at else tag, metadata=metadata, tensor=tensor_of_numbers(bins))
        for at, bins in enumerate(several)
    ]
