"""The media of a run under one name: what stands at which step, with the addresses of its files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.responses import Response

from epochal.errors import BadValueError
from epochal.media.overlays import Box

from .detail_blobs import Blob, blob_of
from .detail_open import Asked, json_answer, rank_input
from .problems import not_found

if TYPE_CHECKING:
    from epochal.media import LoggedMedia
    from epochal.recorded import RecordedRun

    from .inputs import Inputs

#: What an item's record may say beside its file, and is passed on: numbers, texts and truth values.
_FACTS: Final = (
    "width", "height", "bits", "format", "rate", "channels", "seconds", "frames", "fps", "characters", "text", "rows",
    "size", "points", "faces", "count", "nan", "below", "above", "outside", "min", "max", "mean", "std",
)  # fmt: skip
_STEPS: Final = {"least": -(1 << 63), "most": (1 << 63) - 1}


def answer(asked: Asked) -> Response:
    """Answer with what was logged under a name: `…/media?key=&rank=&abandoned=&step=&from=&limit=`."""
    inputs = asked.inputs
    key, rank, abandoned = media_inputs(inputs)
    exact = inputs.whole("step", **_STEPS) if "step" in inputs else None
    first = inputs.whole("from", _STEPS["least"], **_STEPS)
    limit = inputs.whole("limit", 1000, least=1, most=10_000)
    inputs.done()
    entries = logged(asked.run, key, rank=rank, abandoned=abandoned)
    shown = [entry for entry in entries if (entry.step >= first if exact is None else entry.step == exact)]
    items = [
        {
            "step": entry.step, "time": entry.time, "rank": entry.rank, "abandoned": entry.abandoned, "index": at,
            **item(asked, media.fields),
        }
        for entry in shown[:limit]
        for at, media in enumerate(entry.items)
    ]  # fmt: skip
    return json_answer({
        "key": key,
        "steps": sorted({entry.step for entry in entries}),
        "items": items,
        "more": shown[limit].step if len(shown) > limit else None,
    })  # fmt: skip


def media_inputs(inputs: Inputs) -> tuple[str, int | str, bool]:
    """Return name, rank (or `"all"`, the default) and whether abandoned ones count, of a request for media."""
    key = inputs.required_text("key")
    return key, rank_input(inputs, "all"), inputs.flag("abandoned")


def logged(run: RecordedRun, key: str, *, rank: int | str, abandoned: bool) -> list[LoggedMedia]:
    """Return what was logged under a name.

    Raises:
        Problem: nothing was.
    """
    try:
        return run.media(key, rank=rank, abandoned=abandoned)
    except BadValueError as error:
        raise not_found(str(error)) from None


def item(asked: Asked, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pages know of one item: kind, caption, facts, and the addresses of its files.

    `sha`, `url` and `bytes` stand where it has a file; `missing` says why that cannot be shown.
    """
    kind = str(fields.get("kind"))
    facts: dict[str, Any] = {name: value for name in _FACTS if isinstance(value := fields.get(name), (str, int, float))}
    caption, columns = fields.get("caption"), fields.get("columns")
    if isinstance(columns, list):
        facts["columns"] = [str(column) for column in columns]
    if kind == "image":
        facts |= _overlays(asked, fields)
    blob = blob_of(kind, fields.get("format"), fields.get("file"))
    file = _file(asked, blob) if blob is not None else {}
    if blob is None and fields.get("file") is not None:
        file = {"missing": "the record of its file is damaged"}
    return {"kind": kind, "caption": caption if isinstance(caption, str) else None, **facts, **file}


def _file(asked: Asked, blob: Blob) -> dict[str, Any]:
    state = blob.state(asked.run)
    words = {"missing": "its file is gone", "changed": "its file was changed since it was recorded"}
    return {
        "sha": blob.sha256,
        "url": f"{asked.url}/blob/{blob.sha256}?kind={quote(blob.kind[:100], safe='')}",
        "bytes": blob.bytes,
        **({"missing": words[state]} if state in words else {}),
    }


def _overlays(asked: Asked, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an image's boxes and masks, without those whose records are damaged."""
    listed = fields.get("boxes")
    boxes = [Box.recorded(each) for each in listed] if isinstance(listed, list) else []
    masks = fields.get("masks")
    files: dict[str, Any] = {}
    for name, mask in masks.items() if isinstance(masks, Mapping) else ():
        blob = blob_of("mask", "png", mask.get("file")) if isinstance(mask, Mapping) else None
        if blob is not None:
            classes = mask.get("classes")
            names = {str(id): str(word) for id, word in classes.items()} if isinstance(classes, Mapping) else {}
            files[str(name)] = {"classes": names, **_file(asked, blob)}
    found = [
        {"edges": edges, "label": box.label, "score": box.score, "relative": bool(box.relative)}
        for box in boxes
        if box is not None and all(map(math.isfinite, edges := [box.x0, box.y0, box.x1, box.y1]))
    ]
    return {**({"boxes": found} if found else {}), **({"masks": files} if files else {})}
