"""Real event files of many writers: each scalar is what TensorBoard's own loader found, and everything else is there.

They lie beside the repository, since some have no licence that was seen. Where they are absent this is skipped, unless
EPOCHAL_REQUIRE names `tb-corpus`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import TaggedRunMetadata  # noqa: E402

from epochal_tensorboard._event_file import Layouts  # noqa: E402
from epochal_tensorboard._walk import kind_of  # noqa: E402

from .corpus import CORPUS, index  # noqa: E402
from .framed import Point, found_in, number  # noqa: E402

_FILES = [file for file in index()["files"] if (CORPUS / file["file"]).is_file()]
_LAYOUTS = Layouts()  # shared, as an import of a whole log folder does
pytestmark = pytest.mark.skipif(not _FILES, reason="there is no corpus beside the repository")


def test_the_corpus_is_whole() -> None:
    assert len(_FILES) == 220


@pytest.mark.parametrize("file", _FILES, ids=[str(place) for place in range(len(_FILES))])
def test_a_real_file_holds_what_tensorboards_loader_finds(file: dict[str, Any]) -> None:
    oracle = file["oracle"]
    found = found_in(CORPUS / file["file"], layouts=_LAYOUTS)
    if "records" not in oracle or not oracle["records"]:
        assert not found.points
        return
    assert found.records == oracle["records"]
    assert found.events.file_version == oracle["file_version"]
    assert not found.faults or oracle["end"] not in {"ok", "truncated"}
    assert bool(found.events.pending) == (oracle["end"] == "truncated")
    points: dict[str, list[Point]] = {}
    for point in found.points:
        points.setdefault(point.tag, []).append(point)
    other: Counter[str] = Counter()
    for one in found.others:
        if one.what == "value":
            other[one.tag] += 1
        elif one.what == "graph_def":
            other["__run_graph__"] += 1
        elif one.what == "tagged_run_metadata":
            other[TaggedRunMetadata.FromString(one.data).tag] += 1
    wanted = oracle["tags"]
    assert {**{tag: len(of) for tag, of in points.items()}, **other} == {tag: of["count"] for tag, of in wanted.items()}
    for tag, of in points.items():
        _is_as_told(of, wanted[tag])


def _is_as_told(points: list[Point], told: dict[str, Any]) -> None:
    assert told["plugin"] == "scalars"
    steps = [point.step for point in points]
    assert (steps[0], steps[-1], min(steps), max(steps)) == (
        told["first_step"], told["last_step"], told["min_step"], told["max_step"],
    )  # fmt: skip
    values = [number(point) for point in points]
    finite = [value for value in values if math.isfinite(value)]
    assert len(values) - len(finite) == told["nonfinite"]
    assert math.fsum(finite) == pytest.approx(told["sum"], rel=1e-9, abs=1e-12)
    assert {point.form.dtype for point in points} == {told["dtype"]}
    assert values[-1] == told["last_value"] or str(values[-1]) == str(told["last_value"])


@pytest.mark.parametrize("file", _FILES, ids=[str(place) for place in range(len(_FILES))])
def test_other_plugins_are_told_as_tensorboards_loader_tells_them(file: dict[str, Any]) -> None:
    wanted = file["oracle"].get("tags") or {}
    for one in found_in(CORPUS / file["file"], layouts=_LAYOUTS).others:
        if one.what == "value":
            assert (one.plugin or kind_of(one.data) or wanted[one.tag]["plugin"]) == wanted[one.tag]["plugin"]
