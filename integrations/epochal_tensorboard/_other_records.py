"""Records what of event files is no scalar point: exactly, for export, and beside it as media, config and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from epochal.media.item import Piece

from ._convert import views
from ._convert_meshes import unfinished
from ._skeleton import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from epochal.exchange.streamed import StreamedRun

    from ._batches import Batch
    from ._chunks import Other
    from ._convert_meshes import Held
    from ._described import Described

#: Up to so many bytes stand in the record itself, more in a file.
_INLINE: Final = 16 << 10
#: Bytes of a file that are worth being cut out of what names it.
_WORTH: Final = 256
_FORMAT: Final = "tensorboard"
#: Where files lie that no kind of media is made of, below files/media.
_FOLDER: Final = "tensorboard"
#: Fields of an event that a person may want as a file.
_SAVED: Final = {"graph_def": "graph", "meta_graph_def": "meta_graph", "tagged_run_metadata": "run_metadata"}


class OtherRecords:
    """Puts everything but points into a batch.

    Attributes:
        count: how many values were put by now.
    """

    def __init__(self, run: StreamedRun, batch: Batch, described: Described) -> None:
        self.count = 0
        self._run, self._batch, self._described = run, batch, described
        self._saved: set[str] = set()
        self._held: dict[str, Held] = {}  # by prefix: parts of meshes whose other parts are still to come

    def put(self, event: Sequence[Other], prefix: str, at: int) -> None:
        """Put what one event holds beside points.

        Args:
            event: its parts.
            prefix: of its tags in the run.
            at: before which of the batch's points the event stands.

        Raises:
            StorageError: a file cannot be written.
        """
        values = [other for other in event if other.what == "value"]
        stored: dict[bytes, dict[str, Any]] = {}
        if values:
            self.count += len(values)
            self._show(values, prefix, at, stored)
        for others_before, other in enumerate(event):
            place = at + other.at - others_before  # points of the same event may stand before it
            self._described.hear(other)
            fields: dict[str, Any] = {"format": _FORMAT} | ({"prefix": prefix} if prefix else {})
            if other.what == "value":
                fields |= {"what": "value", "tag": prefix + other.tag, "step": other.step}
            else:
                fields |= {"what": "event", "field": other.what, "step": other.step}
            rest, cuts = cut(other.data, list(stored))
            if cuts:
                files = list(stored.values())
                fields["cuts"] = [[start, files[which]] for start, which in cuts]
            if len(rest) > _INLINE:
                file = self._run.store(Piece(_FOLDER, "pb", rest))
                fields["file"] = file
                self._save(other, file, at)
            else:
                fields["data"] = rest
            self._batch.put("source", fields, other.time, at=place, weight=len(rest))

    def end(self) -> None:
        """Note what was still waited for when the files ended."""
        for held in self._held.values():
            for sentence in unfinished(held):
                self._run.facts.leave_out(sentence)

    def _show(self, values: Sequence[Other], prefix: str, at: int, stored: dict[bytes, dict[str, Any]]) -> None:
        """Put the media that values are shown as; their files go into `stored`."""
        shown, problems = views(values, self._held.setdefault(prefix, {}))
        for sentence in problems:
            self._run.facts.leave_out(sentence)
        for view in shown:
            items = []
            for media in view.items:
                item = media.describe(lambda _: None)
                items.append(_with_files(item, lambda piece: self._store(piece, stored)))
            fields = {"name": prefix + view.name, "step": view.step, "items": items}
            self._batch.put("media", fields, view.time, at=at, weight=1000)

    def _store(self, piece: Piece, stored: dict[bytes, dict[str, Any]]) -> dict[str, Any]:
        file = self._run.store(piece)
        if isinstance(piece.data, bytes) and len(piece.data) >= _WORTH:
            stored[piece.data] = file
        return file

    def _save(self, other: Other, file: dict[str, Any], at: int) -> None:
        """List a graph or the like among the run's files."""
        kind = _SAVED.get(other.what)
        name = f"tensorboard/{kind}.pb"
        if kind is None or name in self._saved:
            return
        self._saved.add(name)
        fields = {"name": name, "file": file["path"], "sha256": file["sha256"], "bytes": file["bytes"], "source": None}
        self._batch.put("file", fields, other.time, at=at)


def _with_files(fields: Any, store: Callable[[Piece], dict[str, Any]]) -> Any:
    """Return fields with each piece stored, and what says so in its place."""
    if isinstance(fields, Piece):
        return store(fields)
    if isinstance(fields, dict):
        return {name: _with_files(each, store) for name, each in fields.items()}
    if isinstance(fields, list) and fields and isinstance(fields[0], (dict, list, Piece)):
        return [_with_files(each, store) for each in fields]
    return fields
