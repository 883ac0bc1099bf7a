"""Reports are files beside the runs: read, saved whole, renamed and thrown away, and nothing outside is reached."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.server.api_client import Api
from tests.server.conftest import Served

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
TRICKS = ["..", ".hidden", "a..b", "a.", "a.md", "a.MD", "a b", "a/b", "%2e%2e", "ä", "a" * 101, "-a", "a\\b", "a\0b"]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def put(api: Api, name: str, text: str, version: str | None = None, status: int = 200) -> Any:
    answer = api.client.put(f"/api/reports/{name}", json={"text": text, "version": version})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_report_is_saved_as_a_readable_file_beside_the_runs(root: Path, api: Api) -> None:
    text = "# Learning rates\r\n\nText with ü\n\n```epochal\n{}\n```\n"
    saved = put(api, "lr", text)
    assert (root / "reports" / "lr.md").read_bytes() == text.encode()
    assert saved == {
        "name": "lr", "title": "Learning rates", "text": text, "version": sha(text), "changed": saved["changed"],
        "path": "reports/lr.md",
    }  # fmt: skip
    assert api.get("/api/reports/lr") == saved
    assert os.listdir(root / "reports") == ["lr.md"]


def test_they_are_listed_the_newest_first(root: Path, api: Api) -> None:
    assert api.get("/api/reports") == {"reports": [], "folder": str(root / "reports"), "passed_over": []}
    folder = root / "reports"
    folder.mkdir()
    for age, (name, text) in enumerate({"b": "# New\n```epochal\n{}\n```", "a": "no heading", "c": ""}.items()):
        (folder / f"{name}.md").write_text(text)
        os.utime(folder / f"{name}.md", (1000 - age, 1000 - age))
    (folder / "not a name.md").write_text("x")
    (folder / "figures").mkdir()
    found = api.get("/api/reports")
    assert [(each["name"], each["title"], each["grids"], each["changed"]) for each in found["reports"]] == [
        ("b", "New", 1, 1000), ("a", "a", 0, 999), ("c", "c", 0, 998),
    ]  # fmt: skip
    assert found["passed_over"] == ["not a name.md"]
    (folder / "a.md").write_text("# Another title")
    assert api.get("/api/reports")["reports"][0]["title"] == "Another title"


def test_of_two_who_edit_the_same_version_the_second_is_told(root: Path, api: Api) -> None:
    first = put(api, "lr", "one")
    second = put(api, "lr", "two", first["version"])
    told = put(api, "lr", "three", first["version"], status=409)
    assert told["version"] == second["version"]
    assert "changed meanwhile" in told["detail"]
    assert (root / "reports" / "lr.md").read_text() == "two"
    (root / "reports" / "lr.md").write_text("by an editor")
    assert put(api, "lr", "three", second["version"], status=409)["version"] == sha("by an editor")
    assert put(api, "lr", "new", None, status=409)["version"] == sha("by an editor")
    (root / "reports" / "lr.md").unlink()
    assert put(api, "lr", "three", second["version"], status=409)["version"] is None


def test_of_many_at_once_one_is_saved_and_all_others_are_told(root: Path, api: Api) -> None:
    before = put(api, "lr", "before")["version"]

    def save(number: int) -> int:
        body = {"text": f"text {number} " * 1000, "version": before}
        return int(api.client.put("/api/reports/lr", json=body).status_code)

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(save, range(16)))
    assert found == [200] + [409] * 15
    assert os.listdir(root / "reports") == ["lr.md"]


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_that_is_a_path_or_no_name_is_refused_everywhere(root: Path, api: Api, name: str) -> None:
    from urllib.parse import quote

    put(api, "kept", "kept")
    (root / "a").mkdir()
    (root / "a" / "b.md").write_text("not a report")
    address = f"/api/reports/{quote(name, safe='')}"
    body = {"text": "x", "version": None}
    for answer in (
        api.client.get(address), api.client.put(address, json=body), api.client.delete(address),
        api.client.post("/api/reports/kept/rename", json={"to": name}),
    ):  # fmt: skip
        assert answer.status_code in (400, 404, 405), (answer.request.url, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert sorted(os.listdir(root)) == ["a", "reports"]
    assert os.listdir(root / "reports") == ["kept.md"]


def test_no_link_is_read_or_written(root: Path, api: Api, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    (root / "reports").mkdir()
    (root / "reports" / "link.md").symlink_to(secret)
    (root / "reports" / "pictures").symlink_to(tmp_path)
    (tmp_path / "a.png").write_bytes(PNG)
    assert api.get("/api/reports")["passed_over"] == ["link.md"]
    assert "secret" not in str(api.get("/api/reports/link", status=404)["detail"])
    for version in (None, sha("secret")):
        put(api, "link", "overwritten", version, status=409)
    assert api.client.delete("/api/reports/link").status_code == 404
    put(api, "real", "text")
    assert api.client.get("/api/reports/real/image", params={"path": "pictures/a.png"}).status_code == 404
    assert secret.read_text() == "secret"


def test_a_folder_of_reports_that_is_a_link_is_no_folder_of_reports(root: Path, api: Api, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.md").write_text("elsewhere")
    (root / "reports").symlink_to(elsewhere)
    assert api.get("/api/reports")["reports"] == []
    assert api.client.get("/api/reports/a").status_code == 404
    assert "link" in put(api, "b", "text", status=409)["detail"]
    assert os.listdir(elsewhere) == ["a.md"]


def test_a_picture_beside_it_is_served_and_nothing_else(root: Path, api: Api) -> None:
    put(api, "lr", "![](figures/a.png)")
    (root / "reports" / "figures").mkdir()
    (root / "reports" / "figures" / "a.png").write_bytes(PNG)
    (root / "reports" / "figures" / "page.png").write_text("<script>alert(1)</script>")
    (root / "secret.png").write_bytes(PNG)
    answer = api.client.get("/api/reports/lr/image", params={"path": "figures/a.png"})
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]
    statuses = {
        "figures/page.png": 409, "figures/none.png": 404, "figures": 404, "../secret.png": 400, "/etc/passwd": 400,
        "figures/../../secret.png": 400, "./figures/a.png": 400, "a:b": 400, "figures//a.png": 400, "lr.md": 409,
    }  # fmt: skip
    for path, status in statuses.items():
        assert api.client.get("/api/reports/lr/image", params={"path": path}).status_code == status, path


def test_it_is_renamed_and_never_over_another(root: Path, api: Api) -> None:
    put(api, "old", "# T")
    put(api, "taken", "kept")
    assert api.refused("/api/reports/old/rename", {"to": "taken"}, status=409)["input"] == "to"
    assert api.post("/api/reports/old/rename", {"to": "new.v2"})["path"] == "reports/new.v2.md"
    assert api.refused("/api/reports/old/rename", {"to": "newer"}, status=404)
    assert sorted(os.listdir(root / "reports")) == ["new.v2.md", "taken.md"]
    assert (root / "reports" / "taken.md").read_text() == "kept"


def test_what_is_deleted_lies_in_the_trash(root: Path, api: Api) -> None:
    for text in ("first", "second"):
        version = put(api, "lr", text)["version"]
        assert api.client.delete("/api/reports/lr", params={"version": sha("another")}).status_code == 409
        answer = api.client.delete("/api/reports/lr", params={"version": version})
        assert answer.status_code == 200, answer.text
        assert (root / answer.json()["trash"]).read_text() == text
    assert sorted(os.listdir(root / ".trash" / "reports")) == ["lr-2.md", "lr.md"]
    assert api.client.delete("/api/reports/lr").status_code == 404


def test_the_mode_of_a_file_is_kept(root: Path, api: Api) -> None:
    version = put(api, "lr", "one")["version"]
    path = root / "reports" / "lr.md"
    path.chmod(0o640)
    put(api, "lr", "two", version)
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_is_too_large_or_no_text_is_told(root: Path, api: Api) -> None:
    from epochal_server.reports_folder import LARGEST

    assert put(api, "large", "ü" * (LARGEST // 2))["name"] == "large"
    assert put(api, "larger", "ü" * (LARGEST // 2 + 1), status=400)["input"] == "text"
    (root / "reports" / "latin.md").write_bytes(b"# T\n\xff\n")
    told = api.get("/api/reports/latin", status=409)["detail"]
    assert "line 2" in told
    assert "UTF-8" in told
    with (root / "reports" / "huge.md").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert api.get("/api/reports/huge", status=409)["title"] == "too large"
    errors = {each["name"]: each.get("error") for each in api.get("/api/reports")["reports"]}
    assert errors["large"] is None
    assert "UTF-8" in errors["latin"]
    assert "larger than" in errors["huge"]


def test_read_only_means_reports_too(serve: Callable[..., Served], root: Path) -> None:
    (root / "reports").mkdir()
    (root / "reports" / "lr.md").write_text("text")
    api = Api(serve(root, read_only=True))
    try:
        assert api.get("/api/reports/lr")["text"] == "text"
        for answer in (
            api.client.put("/api/reports/new", json={"text": "x", "version": None}),
            api.client.delete("/api/reports/lr"),
            api.client.post("/api/reports/lr/rename", json={"to": "b"}),
        ):
            assert (answer.status_code, answer.json()["title"]) == (403, "read-only")
    finally:
        api.close()
    assert os.listdir(root / "reports") == ["lr.md"]


@pytest.mark.parametrize(("code", "status"), [(errno.ENOSPC, 409), (errno.EROFS, 403), (errno.EACCES, 403)])
def test_a_disk_that_refuses_leaves_the_report_as_it_was(
    root: Path, api: Api, monkeypatch: pytest.MonkeyPatch, code: int, status: int
) -> None:
    version = put(api, "lr", "before")["version"]

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("epochal_server.reports_files.os.fsync", refuse)
    told = put(api, "lr", "after", version, status=status)
    assert os.strerror(code) in told["detail"]
    monkeypatch.undo()
    assert os.listdir(root / "reports") == ["lr.md"]
    assert api.get("/api/reports/lr")["text"] == "before"
