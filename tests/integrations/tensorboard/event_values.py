"""Values of events for tests: as writers write them, as the converter gets them, and what a run then shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.util.tensor_util import make_tensor_proto

import epochal
from epochal_tensorboard._chunks import Other
from epochal_tensorboard._convert import views


def value(tag: str, plugin: str, data: Any, content: bytes = b"") -> Any:
    """Return the Summary.Value of a tensor, laid out as `tf.summary.write` does."""
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content))
    return Summary.Value(tag=tag, metadata=metadata, tensor=make_tensor_proto(data))


def others(values: Iterable[Any], step: int = 3, plugins: dict[str, str] | None = None) -> list[Other]:
    """Return values of one event as the reader gives them; a tag's first plugin holds for all that follow."""
    known = {} if plugins is None else plugins
    found = []
    for at, each in enumerate(values):
        plugin = each.metadata.plugin_data.plugin_name or known.get(each.tag, "")
        known.setdefault(each.tag, plugin)
        found.append(Other(0, at, step, 100.0 + step, "value", each.tag, plugin, each.SerializeToString()))
    return found


def events(folder: Path) -> list[list[Other]]:
    """Return the values of each event in the one event file of a folder."""
    [path] = folder.glob("*tfevents*")
    parsed = [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
    plugins: dict[str, str] = {}
    return [others(event.summary.value, event.step, plugins) for event in parsed if event.HasField("summary")]


def shown(*of_events: Sequence[Other]) -> dict[str, list[Any]]:
    """Record what is shown of events and return it as the recorded run gives it back: name to items of all steps."""
    held: Any = {}
    with epochal.init("shown") as run:
        for event in of_events:
            made, problems = views(event, held)
            assert problems == []
            for view in made:
                run.log({view.name: view.items}, step=view.step)
        run.log({"loss": 1.0})
    recorded = epochal.get_run(run.id)
    assert recorded.notices == []
    return {key: [item for entry in recorded.media(key) for item in entry.items] for key in recorded.media_keys}


def picture(width: int = 5, height: int = 6, seed: int = 0) -> np.ndarray:
    """Return the pixels of a picture."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)
