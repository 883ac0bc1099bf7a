"""Real files of many writers: each picture, histogram and text that TensorBoard's loader reads is shown and kept."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

import pytest

from tests.needs import need

need("tensorboard")

from epochal_tensorboard._convert import views  # noqa: E402
from epochal_tensorboard._event_file import EventFile  # noqa: E402
from epochal_tensorboard._skeleton import cut, whole  # noqa: E402

from .corpus import CORPUS, index  # noqa: E402

SHOWN = {"images", "audio", "histograms", "text", "pr_curves", "mesh"}
FILES = [file for file in index()["files"] if SHOWN & {tag["plugin"] for tag in file["oracle"]["tags"].values()}]


@pytest.mark.skipif(not FILES, reason="the corpus of event files lies beside the repository, where it is at all")
def test_all_that_can_be_seen_in_the_corpus_is_shown_and_kept_to_the_byte() -> None:
    for file in FILES:
        expected = Counter({
            name: tag["count"] for name, tag in file["oracle"]["tags"].items() if tag["plugin"] in SHOWN
        })  # fmt: skip
        found: Counter[str] = Counter()
        for chunk in EventFile(CORPUS / file["file"]).chunks():
            for _, event in groupby(chunk.others, lambda other: other.offset):
                values = list(event)
                made, problems = views(values)
                assert problems == []
                found.update(view.name for view in made)
                stored = [fields["file"].data for fields in described(made) if "file" in fields]
                for each in values:
                    rest, cuts = cut(each.data, stored)
                    assert whole(rest, cuts, stored.__getitem__) == each.data
                    if each.plugin == "images":
                        assert len(rest) < 500  # what is left is no picture: that lies in a file
        assert found == expected, file["file"]


def described(made: list[Any]) -> list[dict[str, Any]]:
    return [media.describe(lambda _: None) for view in made for media in view.items]
