"""Files of media: a part of one for whoever winds a sound, and never a file that no record of the run names."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import epochal

from .detail_runs import Client, calm, everything, told, url


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


# ---- ranges


def test_a_part_of_a_sound_is_served_so_that_it_can_be_wound(root: Path) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="audio")["items"]
    whole = client.raw(item["url"]).content
    size = len(whole)
    ranges = [("0-1", 0, 1), ("10-", 10, size - 1), ("-7", size - 7, size - 1)]
    for asked, first, last in (*ranges, (f"5-{size * 2}", 5, size - 1), (f"-{size * 2}", 0, size - 1)):
        answer = client.raw(item["url"], headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/{size}")
        assert answer.content == whole[first : last + 1]
        assert answer.headers["content-length"] == str(last + 1 - first)
        assert answer.headers["content-type"] == "audio/wav"
    for asked in (f"{size}-", "-0"):
        answer = client.raw(item["url"], headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")
    for asked in ("bytes=5-2", "bytes=0-1,4-5", "bytes=-", "lines=0-1", "bytes=a-b", "x"):
        answer = client.raw(item["url"], headers={"Range": asked})
        assert (answer.status_code, answer.content) == (200, whole)
    assert client.raw(item["url"]).headers["accept-ranges"] == "bytes"


def test_a_file_that_the_browser_has_is_not_sent_again(root: Path) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="audio")["items"]
    tag = client.raw(item["url"]).headers["etag"]
    again = client.raw(item["url"], headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    for condition, status in ((tag, 206), ('"other"', 200)):
        assert client.raw(item["url"], headers={"Range": "bytes=0-1", "If-Range": condition}).status_code == status


def test_head_tells_the_size_and_sends_nothing(root: Path) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="audio")["items"]
    answer = client.raw(item["url"], "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == item["bytes"]


# ---- nothing outside of the runs


def test_a_hash_that_no_record_names_is_not_found_whatever_lies_on_the_disk(root: Path) -> None:
    run, client = everything(root), Client(root)
    stray = b"stray"
    sha = hashlib.sha256(stray).hexdigest()
    (run.path / "files" / "media" / "image" / f"{sha}.png").write_bytes(stray)
    named = run.media("image")[0].items[0].sha256
    odd = (named.upper(), named[:63], f"{named}.png", "0" * 64, f"..%2f{named}", f"{named}%0a")
    for asked in (sha, sha.upper(), *odd, "..", "%2e%2e", "%2Fetc%2Fpasswd", "%00", "ü"):
        answer = client.raw(f"{url(run)}/blob/{asked}")
        assert answer.status_code == 404, asked
        assert answer.headers["content-type"] in {"application/problem+json"}
    assert client.problem(run, f"/blob/{named}", kind="nothing")[0] == 404


PLACES = ["files/media/image", "files/media", "files"]


@pytest.mark.parametrize("place", [None, *PLACES])
def test_a_link_in_a_files_place_is_not_followed(root: Path, tmp_path: Path, place: str | None) -> None:
    run, client = everything(root), Client(root)
    [item] = client.json(run, "/media", key="image")["items"]
    path = run.media("image")[0].items[0].path
    linked = path if place is None else run.path / place
    moved = tmp_path / "outside"
    shutil.move(linked, moved)
    linked.symlink_to(moved)  # the bytes behind it are the right ones: it is the way that is refused
    status, why = told(client.raw(item["url"]))
    assert (status, "cannot be read" in why) == (404, True)


def test_a_record_that_names_a_file_elsewhere_leads_nowhere(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG\r\n\x1a\n" + b"secret" * 10)
    data = secret.read_bytes()
    sha = hashlib.sha256(data).hexdigest()
    names = [
        str(secret),
        f"../../../{secret.name}",
        "files/../../../../secret.png",
        "./x",
        "",
        "a\0b",
        "C:\\x",
        "a//b",
        7,
        None,
    ]
    with epochal.init("p", dir=root) as run:
        for step, name in enumerate(names):
            file = {"path": name, "sha256": sha, "bytes": len(data)}
            run._writer.record("media", {"name": "out", "step": step, "items": [{"kind": "image", "file": file}]})
    client = Client(root)
    items = client.json(run, "/media", key="out")["items"]
    assert len(items) == len(names)
    assert all("missing" in item for item in items)
    assert client.get(run, f"/blob/{sha}").status_code == 404
    assert b"secret" not in client.get(run, f"/blob/{sha}").content


@pytest.mark.parametrize(
    "address",
    [
        "/api/runs/media/..", "/api/runs/../../etc/passwd", "/api/runs/media/%2e%2e/blob/x",
        "/api/runs/..%2f..%2fetc/passwd", "/api/runs/media/all%2f..%2f..%2foutside", "/api/runs/%2e%2e/outside",
        "/api/runs/media/.trash", "/api/runs/.trash/all",
        "/api/runs/media/nothing/console", "/api/runs/nothing/all", "/api/runs//all",
        "/api/runs/media/all%00", "/api/runs/media/%F0%9F%A6%A6", "/api/runs/media/all/nothing",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_list_of_runs(root: Path, tmp_path: Path, address: str) -> None:
    run = everything(root)
    shutil.copytree(run.path, tmp_path / "outside")
    answer = Client(root).raw(address)
    assert answer.status_code == 404, answer.text
