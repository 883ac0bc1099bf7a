"""Text of event files: Markdown out of values, and into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError
from epochal.media import Text

from ._convert_back import file_of
from ._convert_tensors import strings_of, tensor_of_strings

if TYPE_CHECKING:
    from epochal.media.item import Media, Remark

    from ._convert_back import ReadFile

#: Of one value so many texts are shown.
_MOST_TEXTS: Final = 1 << 16


def texts(value: Any) -> list[Media]:
    """Return the texts of a Summary.Value, one for each element; where there are several, a caption tells its place.

    Raises:
        BadValueError: it holds none.
    """
    import numpy as np

    strings, shape = strings_of(value.tensor)
    if len(strings) > _MOST_TEXTS:
        raise BadValueError(f"a tensor of {len(strings):,} texts is too large to be shown")
    if len(strings) == 1:
        return [Text(strings[0].decode("utf-8", "replace"), markdown=True)]
    return [
        Text(text.decode("utf-8", "replace"), markdown=True, caption=str(list(place)))
        for text, place in zip(strings, np.ndindex(shape), strict=True)
    ]


def text_of(item: Mapping[str, Any], read_file: ReadFile, remark: Remark) -> bytes:
    """Return the text of an item, of a table as Markdown.

    Raises:
        BadValueError: its record or its file is damaged.
        StorageError: its file is gone.
    """
    if item["kind"] == "table":
        from ._convert_tables import markdown_of

        return markdown_of(file_of(item, read_file), remark).encode("utf-8", "backslashreplace")
    if item.get("caption"):
        remark("captions of a TensorBoard text have no place: they are left out")
    text = item.get("text")
    return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else file_of(item, read_file)


def value_of_texts(tag: str, texts: Sequence[bytes]) -> list[Any]:
    """Return the Summary.Value of texts, as `tf.summary.text` lays it out."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.text.metadata import create_summary_metadata

    tensor = tensor_of_strings(texts, [] if len(texts) == 1 else [len(texts)])
    metadata = create_summary_metadata(display_name=None, description=None)
    return [Summary.Value(tag=tag, metadata=metadata, tensor=tensor)]
