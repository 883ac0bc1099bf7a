"""What the reader of an event file gives, piece by piece: scalar points as columns, and everything else as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Form(NamedTuple):
    """How a scalar stands in its event, so that the same event can be made again.

    Attributes:
        tensor: whether it stands in a tensor; else it is a `simple_value`.
        dtype: the number of a TensorFlow DataType, as in tensorboard's types.proto; 1 (float32) for a `simple_value`.
        content: whether the tensor's number stands in `tensor_content`; else in the field of its type.
        shape: of the tensor; None where the field is missing.
        metadata: the SummaryMetadata message that stood beside the value; None where none did.
        node: the old field `node_name`, which CatBoost still writes; None where it is missing.
    """

    tensor: bool
    dtype: int
    content: bool
    shape: tuple[int, ...] | None
    metadata: bytes | None
    node: bytes | None = None

    @property
    def kind(self) -> str:
        """What a cell holds: `d` a float64's bits, `q` an int64, `b` 0 or 1."""
        return "b" if self.dtype == 10 else "d" if self.dtype in (1, 2, 14, 19) else "q"


class Scalars(NamedTuple):
    """Scalar points in the order of the file, as columns of one length.

    Attributes:
        tags: index into the reader's list of tags, int64.
        forms: index into the reader's list of forms, int64.
        steps: int64.
        times: wall times, seconds since the epoch, float64 to the bit.
        cells: the values as `Form.kind` says. A float32 or float16 stands as the float64 that equals it; of a NaN sign
            and payload are kept, a signalling one stays one (see _floats.py).
        offsets: of the point's record in the file, int64.
    """

    tags: Ints
    forms: Ints
    steps: Ints
    times: NDArray[np.float64]
    cells: Ints
    offsets: Ints


class Other(NamedTuple):
    """What is no scalar point.

    Attributes:
        offset: of its record in the file.
        at: its place in its event, from 0.
        step, time: of the event.
        what: `value` for a summary's value, else the name of the event's field: `file_version`, `graph_def`,
            `meta_graph_def`, `tagged_run_metadata`, `session_log`, `log_message`, `source_metadata`; `unknown` for an
            event with a field that is not known.
        tag: the value's tag; empty for other fields.
        plugin: the plugin's name, as the metadata here or at the tag's first value tells; empty where none does.
        data: the bytes of the value's message (Summary.Value), or of the field; for `unknown` those of the event.
    """

    offset: int
    at: int
    step: int
    time: float
    what: str
    tag: str
    plugin: str
    data: bytes


class Fault(NamedTuple):
    """Damage in a file.

    Attributes:
        offset: where it begins.
        bytes: how many were skipped.
        what: in words: what does not fit.
        tag: whose record it was, where that can be known.
    """

    offset: int
    bytes: int
    what: str
    tag: str | None = None


class Chunk(NamedTuple):
    """A piece of a file that ends between two records.

    Attributes:
        scalars: the points in it.
        others: the rest, in order.
        faults: damage that was met in it.
        records: how many sound records it held.
        end: where in the file it ends: what comes next begins there.
    """

    scalars: Scalars
    others: list[Other]
    faults: list[Fault]
    records: int
    end: int


class Apart:
    """The points of records that were taken apart one by one, as columns."""

    def __init__(self) -> None:
        self.records: list[int] = []
        self.places: list[int] = []
        self.tags: list[int] = []
        self.forms: list[int] = []
        self.steps: list[int] = []
        self.times: list[float] = []
        self.cells: list[int] = []

    def columns(self) -> tuple[list[np.ndarray], ...]:
        """Return each as a list of one array: records, places, tags, forms, steps, times and cells."""
        whole = [self.records, self.places, self.tags, self.forms, self.steps]
        times, cells = np.array(self.times, np.float64), np.array(self.cells, np.int64)
        return (*([np.array(column, np.int64)] for column in whole), [times], [cells])
