"""`Histogram`: how numbers are spread, counted from data or given as bins."""

# ruff: noqa: ARG002 - what is kept as it is has nothing to remark

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import BadValueError
from .arrays import numbers
from .item import Media, Piece, Remark

if TYPE_CHECKING:
    import numpy as np

#: Bins that stand in the record itself; more of them become a file.
INLINE_BINS: Final = 512
_MOST_BINS: Final = 1 << 20


class Histogram(Media):
    """How numbers are spread. NaN and infinities are counted apart; what the bins leave out is counted too."""

    kind: ClassVar[str] = "histogram"

    def __init__(
        self, data: Any = None, *, bins: Any = 64, counts: Any = None, edges: Any = None, caption: str | None = None
    ) -> None:
        """Take data, or bins that were counted elsewhere; nothing is counted before it is logged.

        Args:
            data: an array or tensor of any shape and any kind of numbers, empty ones too.
            bins: into how many bins of equal width, from the smallest to the largest finite value, or their edges.
            counts: instead of data, what is in each bin, shape (n,).
            edges: with `counts`, the ends of the bins, ascending, shape (n + 1,).
            caption: a sentence to it.
        """
        super().__init__(data, caption=caption)
        self._bins, self._counts, self._edges = bins, counts, edges

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        facts, edges, counts = self._own() if self._data is None else self._counted()
        if len(counts) <= INLINE_BINS:
            return {**facts, "edges": edges, "counts": counts}
        made = json.dumps({"edges": edges, "counts": counts}, separators=(",", ":"))
        return {**facts, "file": Piece("histogram", "json", made.encode())}

    def _own(self) -> tuple[dict[str, Any], list[float], list[Any]]:
        import numpy as np

        if self._counts is None or self._edges is None:
            raise BadValueError("a Histogram takes data, or counts= together with edges=")
        counts, edges = numbers(self._counts, "counts"), numbers(self._edges, "edges").astype(np.float64)
        if counts.ndim != 1 or edges.shape != (len(counts) + 1,):
            raise BadValueError(f"counts of shape {counts.shape} need one more edge, not edges of shape {edges.shape}")
        _check_edges(edges)
        if counts.dtype.kind == "f" and not np.isfinite(counts).all():
            raise BadValueError("counts of a Histogram must be finite")
        _check_number(len(counts))
        total = counts.sum(dtype=np.float64 if counts.dtype.kind == "f" else np.int64)
        return {"count": total.item()}, edges.tolist(), counts.tolist()

    def _counted(self) -> tuple[dict[str, Any], list[float], list[Any]]:
        import numpy as np

        array = numbers(self._data, "a histogram").reshape(-1)
        facts: dict[str, Any] = {"count": array.size}
        if array.dtype.kind == "f":
            good = np.isfinite(array)
            if not good.all():
                facts["nan"] = int(np.count_nonzero(np.isnan(array)))
                facts["below"] = int(np.count_nonzero(array == -np.inf))
                facts["above"] = int(np.count_nonzero(array == np.inf))
                array = array[good]
        # the bins of 64-bit integers and of halves are worked out in their own type otherwise, which overflows
        if array.dtype not in (np.float32, np.float64):
            array = array.astype(np.float64)
        if not array.size:
            return facts, [], []
        low, high = float(array.min()), float(array.max())
        with np.errstate(all="ignore"):  # sums beyond float64 are infinite, and that is what is recorded
            mean, std = float(array.mean(dtype=np.float64)), float(array.std(dtype=np.float64))
        facts |= {"min": low, "max": high, "mean": mean, "std": std}
        if isinstance(self._bins, (int, np.integer)) and not isinstance(self._bins, bool):
            _check_number(int(self._bins))
            if math.isinf(high - low):
                raise BadValueError(
                    f"values from {low:g} to {high:g} are too far apart for bins of equal width: give edges"
                )
            if 0 < high - low < 1e-30:
                # NumPy before 1.25 divides by the width in the array's own type, which overflows; 2 ** 300 is exact
                counts, _ = np.histogram(array.astype(np.float64) * 2.0**300, int(self._bins))
                return facts, [low, high], counts.tolist()
            widened = (low, high) if low < high else (low - 0.5, high + 0.5)  # as NumPy does it
            if (np.diff(np.linspace(*widened, int(self._bins) + 1)) <= 0).any():
                # no numbers lie between the edges of so many bins: one holds them all, and NumPy would refuse
                return facts, _around(low, high), [array.size]
            counts, edges = np.histogram(array, int(self._bins))
            return facts, [float(edges[0]), float(edges[-1])], counts.tolist()
        given = numbers(self._bins, "edges").astype(np.float64)
        _check_edges(given)
        _check_number(len(given) - 1)
        counts, _ = np.histogram(array, given)
        outside = array.size - int(counts.sum())
        return {**facts, "outside": outside} if outside else facts, given.tolist(), counts.tolist()

    @property
    def counts(self) -> np.ndarray:
        """What is in each bin, shape (n,).

        Raises:
            StorageError: its file is gone or was changed.
        """
        return self._arrays()[1]

    @property
    def edges(self) -> np.ndarray:
        """The ends of the bins, float64, shape (n + 1,).

        Raises:
            StorageError: its file is gone or was changed.
        """
        return self._arrays()[0]

    @property
    def array(self) -> np.ndarray:
        """The same as `counts`."""
        return self.counts

    @property
    def bytes(self) -> bytes:
        """Edges and counts as JSON."""
        edges, counts = self._arrays()
        return json.dumps({"edges": edges.tolist(), "counts": counts.tolist()}, separators=(",", ":")).encode()

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        fields = self._fields if self._run is not None else self.encode(lambda _: None)
        file = fields.get("file")
        if isinstance(file, Piece):
            fields = json.loads(file.data if isinstance(file.data, bytes) else b"{}")
        elif isinstance(file, dict):
            fields = json.loads(self._read())
        try:
            counts = np.asarray(fields["counts"])
            edges = np.asarray(fields["edges"], np.float64)
            if counts.ndim != 1 or edges.ndim != 1:
                raise ValueError("lists of numbers are expected")
        except (KeyError, TypeError, ValueError) as error:
            raise BadValueError(f"a damaged record of a histogram: {error!r}") from error
        if len(edges) == 2 and len(counts) > 1:
            edges = np.linspace(edges[0], edges[1], len(counts) + 1)
        return edges, counts


def _check_edges(edges: np.ndarray) -> None:
    import numpy as np

    if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        raise BadValueError("edges of a Histogram are at least two finite numbers, each greater than the one before")


def _check_number(bins: int) -> None:
    if not 1 <= bins <= _MOST_BINS:
        raise BadValueError(f"a Histogram has 1 to {_MOST_BINS:,} bins, not {bins:,}")


def _around(low: float, high: float) -> list[float]:
    """Return the edges of one bin that holds numbers from low to high."""
    if low < high:
        return [low, high]
    return [math.nextafter(low, -math.inf), low] if low > 0 else [low, math.nextafter(low, math.inf)]
