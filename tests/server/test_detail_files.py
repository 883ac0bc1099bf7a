"""Files that a run keeps: saved ones, copies of checkpoints, patch, packages and script; whole, and nobody else's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.core.code_records import alone, commit, git, recorded

from .detail_runs import Client, calm, told, url


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    alone(monkeypatch)
    return tmp_path / "epochal-runs"


@pytest.fixture
def saved(root: Path, tmp_path: Path) -> Any:
    work = tmp_path / "work"
    (work / "sub").mkdir(parents=True)
    (work / "a.txt").write_text("one")
    (work / "sub" / 'ü <b>".html').write_text("<script>alert(1)</script>")
    with epochal.init("p", id="saved", dir=root) as run:
        run.save(work / "a.txt")
        (work / "a.txt").write_text("two")
        run.save(work / "a.txt")
        run.save(work / "sub" / 'ü <b>".html', name='sub/ü <b>".html')
    return epochal.get_run(run.folder)


def test_saved_files_are_listed_with_what_is_left_of_them(root: Path, saved: Any) -> None:
    found = Client(root).json(saved, "/files")["files"]
    assert [(each["name"], each["bytes"], each["state"]) for each in found] == [
        ("a.txt", 3, "present"), ("a.txt", 3, "present"), ('sub/ü <b>".html', 25, "present"),
    ]  # fmt: skip
    saved.files()[0].path.unlink()
    saved.files()[2].path.write_text("changed")
    states = [each["state"] for each in Client(root).json(saved, "/files")["files"]]
    assert states == ["vanished", "present", "changed"]
    assert Client(root).json(saved)["files"] == 3


def test_a_saved_file_is_only_ever_saved_again(root: Path, saved: Any) -> None:
    client = Client(root)
    answer = client.get(saved, "/file", name='sub/ü <b>".html')
    assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    disposition = answer.headers["content-disposition"]
    assert disposition == "attachment; filename=\"_ _b__.html\"; filename*=UTF-8''%C3%BC%20%3Cb%3E%22.html"
    assert client.get(saved, "/file", name="a.txt").content == b"two"
    first = saved.files()[0].sha256
    assert client.get(saved, "/file", name="a.txt", sha=first).content in {b"one", b"two"}
    assert client.get(saved, "/file", name="a.txt", headers={"Range": "bytes=1-"}).content == b"wo"


@pytest.mark.parametrize(
    "name",
    ["../../../secret", "/etc/passwd", "a.txt/../../../../secret", "..", "", "b.txt", "a.txt\0", "%2e%2e/secret"],
)
def test_a_name_that_was_not_saved_is_not_found(root: Path, saved: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    status, _ = Client(root).problem(saved, "/file", name=name)
    assert status in {400, 404}


def test_a_saved_file_behind_a_link_is_not_read(root: Path, saved: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("two")  # even if it is what was saved
    path = saved.files()[1].path
    path.unlink()
    path.symlink_to(secret)
    client = Client(root)
    sha = saved.files()[1].sha256
    assert client.problem(saved, "/file", name="a.txt", sha=sha)[0] == 404
    above = path.parent
    shutil.move(above, tmp_path / "moved")
    above.symlink_to(tmp_path / "moved")
    assert client.problem(saved, "/file", name="a.txt")[0] == 404


def test_a_record_of_a_file_elsewhere_is_none(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with epochal.init("p", dir=root) as run:
        for file in (str(tmp_path / "secret"), "../../../secret", "files/../../../../secret"):
            run._writer.record(
                "file", {"name": "s", "file": file, "sha256": "0" * 64, "bytes": 6, "source": "x", "changed": False}
            )
            run._writer.record("checkpoint", {"path": "/x", "step": 1, "file": file, "metrics": {}, "goal": None})
    client = Client(root)
    assert client.json(run, "/files")["files"] == []
    assert client.problem(run, "/file", name="s")[0] == 404
    assert client.problem(run, "/checkpoint", path_="/x")[0] == 404
    assert all(not each["file"] for each in client.json(run)["checkpoints"])


def test_a_copied_checkpoint_can_be_saved_file_by_file(root: Path, tmp_path: Path) -> None:
    file, folder = tmp_path / "a.pt", tmp_path / "model"
    file.write_bytes(b"weights")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "w.bin").write_bytes(b"12345")
    with epochal.init("p", dir=root) as run:
        run.checkpoint(file, step=1, copy=True)
        run.checkpoint(folder, step=2, copy=True)
        run.checkpoint(tmp_path / "not-copied", step=3)
    client = Client(root)
    assert client.get(run, "/checkpoint", path_=str(file)).content == b"weights"
    assert (
        client.get(run, "/checkpoint", path_=str(file), step=1).headers["content-disposition"].startswith("attachment")
    )
    assert client.get(run, "/checkpoint", path_=str(folder), file="deep/w.bin").content == b"12345"
    for query in (
        {"path_": str(file), "step": 9}, {"path_": "/etc/passwd"}, {"path_": str(tmp_path / "not-copied")},
        {"path_": str(folder)}, {"path_": str(folder), "file": "deep"}, {"path_": str(folder), "file": "../x"},
        {"path_": str(folder), "file": "/etc/passwd"}, {"path_": str(folder), "file": "deep/../../../journal"},
    ):  # fmt: skip
        assert client.problem(run, "/checkpoint", **query)[0] == 404, query
    copy = epochal.get_run(run.folder).checkpoints()[1].file
    assert copy is not None
    shutil.move(copy, tmp_path / "away")
    copy.symlink_to(tmp_path / "away")
    assert client.problem(run, "/checkpoint", path_=str(folder), file="deep/w.bin")[0] == 404
    assert client.json(run)["checkpoints"][1]["copied"] == []


# ---- code


def test_patch_packages_and_script_are_given_as_plain_text(root: Path, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "train.py").write_text("print('</pre><script>')\n")
    commit(repo)
    (repo / "train.py").write_text("print('changed ü')\n")
    run = recorded(repo, repo / "train.py", into=root)
    client = Client(root)
    patch = client.get(run, "/patch")
    assert "+print('changed ü')" in patch.text
    assert "epochal" in client.get(run, "/packages").text
    assert client.get(run, "/script").text == "print('changed ü')\n"
    for path in ("/patch", "/packages", "/script"):
        answer = client.get(run, path)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
    found = client.json(run)
    assert found["git"]["dirty"] is True
    assert len(found["git"]["commit"]) == 40
    assert "git" not in found["environment"]
    assert found["environment"]["command"]["argv"] == ["python", "train.py"]


def test_what_was_not_recorded_is_not_there_and_why(root: Path) -> None:
    with epochal.init("p", dir=root) as run:
        run.log({"loss": 1.0})
    client = Client(root)
    for path, word in (("/patch", "patch"), ("/packages", "packages"), ("/script", "script")):
        status, why = client.problem(run, path)
        assert (status, word in why) == (404, True)
    found = client.json(run)
    assert (found["git"], found["code"], found["environment"]) == (None, None, {})


def test_texts_that_are_gone_changed_or_elsewhere_are_not_given(root: Path, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "train.py").write_text("1\n")
    commit(repo)
    (repo / "train.py").write_text("2\n")
    run, client = recorded(repo, repo / "train.py", into=root), Client(root)
    environment = run.environment
    paths = {name: run.path / environment[name]["file"] for name in ("packages", "script")}
    patch = run.path / environment["git"]["patch"]["file"]
    paths["packages"].unlink()
    paths["script"].write_text("another\n")
    (tmp_path / "elsewhere").write_bytes(patch.read_bytes())
    patch.unlink()
    patch.symlink_to(tmp_path / "elsewhere")
    assert {path: client.problem(run, path)[0] for path in ("/packages", "/script", "/patch")} == {
        "/packages": 404, "/script": 409, "/patch": 404,
    }  # fmt: skip
    for name in ("../../../elsewhere", str(tmp_path / "elsewhere")):
        odd = recorded(repo, None, into=root, id=f"odd-{len(name)}", packages={"file": name})
        assert client.problem(odd, "/packages")[0] == 404


def test_a_folder_of_code_outside_of_git_is_given_as_the_patch(root: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "train.py").write_text("import part\n")
    (loose / "part.py").write_text("x = 1\n")
    run = recorded(loose, loose / "train.py", into=root)
    assert "+x = 1" in Client(root).get(run, "/patch").text
    assert Client(root).json(run)["git"] is None


def test_a_file_that_shrinks_or_goes_while_it_is_sent_ends_the_answer(root: Path, tmp_path: Path) -> None:
    with epochal.init("p", dir=root) as run:
        (tmp_path / "large").write_bytes(os.urandom(600_000))
        run.save(tmp_path / "large")
    saved = epochal.get_run(run.folder).file("large")
    client = Client(root)
    answer = client.raw(f"{url(run)}/file?name=large")
    assert len(answer.content) == 600_000
    saved.path.unlink()
    assert told(client.raw(f"{url(run)}/file?name=large"))[0] == 404
