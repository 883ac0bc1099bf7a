"""What was logged beside numbers, as pages get it: lists by step, and files that nothing can be done with but look."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.media import Histogram, Html, Image, Text

from .detail_runs import PIXELS, SVG, Client, calm, every_kind, everything, told, url


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


def test_each_kind_is_listed_with_its_facts_and_the_address_of_its_file(root: Path) -> None:
    run, client = everything(root), Client(root)
    found = {name: client.json(run, "/media", key=name) for name in every_kind()}
    items = {name: each["items"][0] for name, each in found.items()}
    assert {name: each["kind"] for name, each in items.items()} == {
        "image": "image", "audio": "audio", "video": "video", "histogram": "histogram", "bins": "histogram",
        "table": "table", "text": "text", "long": "text", "html": "html", "svg": "figure", "mesh": "mesh",
    }  # fmt: skip
    assert all(each["steps"] == [3] and each["more"] is None for each in found.values())
    assert all(
        (each["step"], each["index"], each["rank"], each["abandoned"]) == (3, 0, 0, False) for each in items.values()
    )
    image = items["image"]
    assert (image["width"], image["height"], image["caption"]) == (6, 5, "a <i>picture</i>")
    assert image["boxes"] == [{"edges": [1, 1, 4, 3], "label": "<b>cat</b>", "score": 0.5, "relative": False}]
    assert image["masks"]["truth"]["classes"] == {"0": "road"}
    assert (items["audio"]["rate"], items["audio"]["seconds"]) == (8000, 1.0)
    assert items["text"]["text"] == "short"
    assert "url" not in items["text"]
    assert items["long"]["format"] == "markdown"
    assert (items["table"]["rows"], items["table"]["columns"]) == (3, ["a", "b", "c", "d"])
    assert not any("missing" in each for each in items.values())


@pytest.mark.parametrize(
    ("name", "type", "shown"),
    [
        ("image", "image/png", True),
        ("audio", "audio/wav", True),
        ("video", "image/png", True),
        ("long", "text/plain; charset=utf-8", True),
        ("html", "text/html; charset=utf-8", True),
        ("svg", "image/svg+xml", True),
        ("bins", "application/json", True),
        ("table", "application/octet-stream", False),
        ("mesh", "application/octet-stream", False),
    ],
)
def test_a_file_goes_out_with_its_own_type_in_a_sandbox(root: Path, name: str, type: str, shown: bool) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key=name)["items"]
    answer = client.raw(item["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, type)
    assert hashlib.sha256(answer.content).hexdigest() == item["sha"]
    assert answer.content == run.media(name)[0].items[0].bytes or name == "bins"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")  # no script, no form, no origin, nothing from elsewhere
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert "immutable" in answer.headers["cache-control"]
    saved = client.raw(item["url"] + "&save=1")
    assert saved.headers["content-disposition"].startswith(f'attachment; filename="{item["sha"][:12]}.')


def test_masks_and_media_in_tables_have_addresses_too(root: Path) -> None:
    run, client = everything(root), Client(root)
    [image] = client.json(run, "/media", key="image")["items"]
    assert client.raw(image["masks"]["truth"]["url"]).headers["content-type"] == "image/png"
    cells = client.json(run, "/table", key="table")["media"]
    assert [client.raw(cell["url"]).headers["content-type"] for cell in cells] == [
        "image/png",
        "text/plain; charset=utf-8",
    ]


def test_the_same_bytes_are_a_page_or_a_text_as_they_were_logged(root: Path) -> None:
    page = "<h1>x</h1>" * 600
    with epochal.init("p", dir=root) as run:
        run.log({"html": Html(page), "text": Text(page)})
    client = Client(root)
    types = {}
    for name in ("html", "text"):
        [item] = client.json(run, "/media", key=name)["items"]
        types[name] = client.raw(item["url"]).headers["content-type"]
    assert types == {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}


def test_what_is_not_what_its_record_says_is_only_saved(root: Path) -> None:
    """An image whose record and file were made by hand: a page in a picture's place."""
    with epochal.init("p", dir=root) as run:
        folder = Path(run.folder)
        page = b"<script>alert(1)</script>"
        sha = hashlib.sha256(page).hexdigest()
        (folder / "files" / "media" / "image").mkdir(parents=True)
        file = {"path": f"files/media/image/{sha}.png", "sha256": sha, "bytes": len(page)}
        (folder / file["path"]).write_bytes(page)
        kinds = ("image", "audio", "video", "figure", "wild<script>")
        items = [{"kind": kind, "format": "svg" if kind == "figure" else "png", "file": file} for kind in kinds]
        run._writer.record("media", {"name": "fake", "step": 0, "items": items})
    client = Client(root)
    for item in client.json(run, "/media", key="fake")["items"]:
        answer = client.raw(item["url"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"].startswith("sandbox")


# ---- missing and damaged


def test_media_that_are_gone_or_changed_say_so(root: Path) -> None:
    run, client = everything(root), Client(root)
    items = {name: client.json(run, "/media", key=name)["items"][0] for name in ("image", "audio", "html")}
    paths = {name: run.media(name)[0].items[0].path for name in items}
    paths["image"].unlink()
    paths["audio"].write_bytes(b"RIFF")
    changed = bytearray(paths["html"].read_bytes())
    changed[0] ^= 1  # as long as before: no look at sizes finds it
    paths["html"].write_bytes(changed)
    again = {name: client.json(run, "/media", key=name)["items"][0].get("missing") for name in items}
    assert again == {"image": "its file is gone", "audio": "its file was changed since it was recorded", "html": None}
    answers = {name: told(client.raw(item["url"])) for name, item in items.items()}
    assert {name: status for name, (status, _) in answers.items()} == {"image": 404, "audio": 409, "html": 409}
    assert "gone" in answers["image"][1]
    assert "not the one that was recorded" in answers["html"][1]
    os.mkfifo(paths["image"])  # nothing waits for whoever would write into it
    assert client.raw(items["image"]["url"]).status_code == 404


def test_records_that_are_damaged_cost_what_they_describe_and_nothing_else(root: Path) -> None:
    with epochal.init("p", dir=root) as run:
        items: list[Any] = [
            {"kind": "image", "file": {"path": "files/x", "sha256": "short", "bytes": 1}},
            {"kind": "image", "file": "text", "masks": {"a": None, "b": {"file": None}}, "width": [1],
             "boxes": [None, {"edges": ["nan", 0, 1, 1], "relative": False}, {"edges": 1}]},
            {"kind": ["list"]}, "no item", None, {"kind": "image", "caption": 7, "masks": [1], "boxes": "x"},
        ]  # fmt: skip
        run._writer.record("media", {"name": "odd", "step": 0, "items": items})
        run._writer.record("media", {"name": "odd", "step": 1, "items": "none"})
        run.log({"odd": Image(PIXELS)}, step=2)
    client = Client(root)
    found = client.json(run, "/media", key="odd")
    assert found["steps"] == [0, 2]
    first = [item for item in found["items"] if item["step"] == 0]
    assert [item.get("missing") for item in first] == ["the record of its file is damaged"] * 2 + [None]
    assert all(not {"boxes", "masks", "width"} & item.keys() for item in first)
    assert client.raw(found["items"][-1]["url"]).status_code == 200


def test_a_name_that_was_never_logged_is_not_found_and_near_ones_are_named(root: Path) -> None:
    run, client = everything(root), Client(root)
    status, why = client.problem(run, "/media", key="imag")
    assert (status, "did you mean image" in why) == (404, True)
    for query in ({}, {"key": "image", "rank": "x"}, {"key": "image", "step": "1.5"}, {"key": "image", "limit": 0},
                  {"key": "image", "colour": "red"}, {"key": "a" * 20_000}):  # fmt: skip
        assert client.problem(run, "/media", **query)[0] == 400


# ---- steps, ranks, resumes


def test_steps_are_given_page_by_page(root: Path) -> None:
    with epochal.init("p", dir=root) as run:
        for step in range(0, 50, 5):
            run.log({"pictures": [Image(PIXELS), Text(f"at {step}")]}, step=step)
    client = Client(root)
    first = client.json(run, "/media", key="pictures", limit=4)
    assert [(item["step"], item["index"]) for item in first["items"]] == [
        (s, i) for s in (0, 5, 10, 15) for i in (0, 1)
    ]
    assert first["steps"] == list(range(0, 50, 5))
    assert first["more"] == 20
    then = client.json(run, "/media", key="pictures", from_=first["more"])
    assert (then["items"][0]["step"], then["more"]) == (20, None)
    [_, one] = client.json(run, "/media", key="pictures", step=45)["items"]
    assert one["text"] == "at 45"


def test_ranks_and_what_a_rewind_has_hidden_are_told_apart(root: Path) -> None:
    for rank in (0, 1):
        with epochal.init("p", id="shared", dir=root, rank=rank) as run:
            run.log({"said": Text(f"rank {rank}")}, step=1)
            run.log({"said": Text(f"rank {rank}")}, step=2)
            if rank == 0:
                run.rewind(step=2)
                run.log({"said": Text("again")}, step=2)
    client = Client(root)

    def said(**query: Any) -> list[tuple[int, int, bool, str]]:
        items = client.json(run, "/media", key="said", **query)["items"]
        return [(item["step"], item["rank"], item["abandoned"], item["text"]) for item in items]

    assert said() == [(1, 0, False, "rank 0"), (1, 1, False, "rank 1"), (2, 0, False, "again"), (2, 1, False, "rank 1")]
    assert said(rank=1) == [(1, 1, False, "rank 1"), (2, 1, False, "rank 1")]
    assert (2, 0, True, "rank 0") in said(abandoned=1)


def test_a_run_that_is_deleted_while_it_is_asked_for_is_gone_and_nothing_breaks(root: Path) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="image")["items"]
    shutil.rmtree(run.path)
    for path in (
        "",
        "/media?key=image",
        "/histograms?key=histogram",
        "/table?key=table",
        "/console",
        "/files",
        "/patch",
    ):
        assert client.raw(url(run) + path).status_code == 404
    assert client.raw(item["url"]).status_code == 404


def test_svg_keeps_its_bytes(root: Path) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="svg")["items"]
    assert client.raw(item["url"]).content == SVG
    assert Histogram(np.zeros(1)).kind == "histogram"
