"""Files of the user's in the run: copied whole with their SHA-256, never linked, and told where they cannot be."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import file_copies
from epochal.recorded import RecordedRun
from tests.core.cli_call import call


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> epochal.Run:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    monkeypatch.chdir(tmp_path)
    return epochal.init("test", id="run")


def saved(run: epochal.Run) -> RecordedRun:
    return RecordedRun(run.folder)


def notices(run: epochal.Run) -> list[str]:
    return [notice.text for notice in saved(run).notices if notice.code in {"save", "checkpoint"}]


def leftovers(run: epochal.Run) -> list[Path]:
    return list(run.folder.rglob("*.part"))


def test_a_file_is_copied_with_its_hash(run: epochal.Run, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "model.pt").write_bytes(data)
    copy = run.save("model.pt")
    assert copy == run.folder / "files" / "saved" / "model.pt"
    assert copy.read_bytes() == data
    found = saved(run).file("model.pt", verify=True)
    assert (found.path, found.bytes, found.state) == (copy, len(data), "present")
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.source == str(tmp_path / "model.pt")


def test_what_overwrites_the_original_leaves_the_copy_alone(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first")
    copy = run.save("a")
    with (tmp_path / "a").open("r+") as file:
        file.write("FIRST")
    assert copy is not None
    assert copy.read_text() == "first"
    assert copy.stat().st_nlink == 1
    assert copy.stat().st_ino != (tmp_path / "a").stat().st_ino


def test_a_name_keeps_all_that_it_stood_for_and_no_content_twice(run: epochal.Run, tmp_path: Path) -> None:
    for text in ("one", "two", "one", "two", "three"):
        (tmp_path / "model.pt").write_text(text)
        run.save("model.pt")
    folder = run.folder / "files" / "saved"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "model.pt": "one",
        "model.2.pt": "two",
        "model.3.pt": "three",
    }
    assert saved(run).file("model.pt").path.name == "model.3.pt"
    (tmp_path / "model.pt").write_text("one")
    run.save("model.pt")
    assert saved(run).file("model.pt").path.name == "model.pt"
    assert leftovers(run) == []


def test_a_resumed_run_keeps_no_content_twice_either(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    run.save("a.txt")
    run.finish()
    again = epochal.init("test", id="run", resume="must")
    again.save("a.txt")
    (tmp_path / "a.txt").write_text("two")
    again.save("a.txt")
    assert sorted(path.name for path in (again.folder / "files" / "saved").iterdir()) == ["a.2.txt", "a.txt"]


def test_a_folder_is_copied_without_links_and_special_files(run: epochal.Run, tmp_path: Path) -> None:
    folder = tmp_path / "configs"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.yaml").write_text("a: 1")
    (folder / "deep" / "b.yaml").write_text("b: 1")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "out").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    assert run.save(folder) == run.folder / "files" / "saved" / "configs"
    assert [found.name for found in saved(run).files()] == ["configs/a.yaml", "configs/deep/b.yaml"]
    (text,) = notices(run)
    assert "2 symbolic links" in text
    assert "1 pipes, sockets and devices" in text


def test_the_folder_that_the_runs_lie_in_does_not_hold_them_again(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("x")
    run.save(".", name="all")
    assert [found.name for found in saved(run).files()] == ["all/train.py"]
    assert "1 runs folder" in notices(run)[0]


def test_odd_names_become_names_that_a_record_can_hold(run: epochal.Run, tmp_path: Path) -> None:
    odd = [b"latin-\xe9.txt", b"back\\slash", b"new\nline", "ünï ☃.txt".encode(), b"-rf", b"C:x"]
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in odd:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(name)
    run.save(folder)
    found = saved(run).files(verify=True)
    assert {each.name for each in found} == {
        "odd/latin-�.txt", "odd/back_slash", "odd/new_line", "odd/ünï ☃.txt", "odd/-rf", "odd/C:x"
    }  # fmt: skip
    assert {each.path.read_bytes() for each in found} == set(odd)
    assert {each.state for each in found} == {"present"}


@pytest.mark.parametrize("name", ["../up", "/etc/x", "a/../../up", "", ".", "a//b", "a\0b", "a\nb", "a\\..\\b"])
def test_a_name_never_leads_out_of_the_run(name: str, run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    before = set(tmp_path.iterdir())
    assert run.save("a", name=name) is None
    assert set(tmp_path.iterdir()) == before
    assert saved(run).files() == []
    assert len(notices(run)) == 1


def test_what_cannot_be_copied_costs_one_warning(
    run: epochal.Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("pipe", "/dev/null", "gone", 3, "", tmp_path / "gone" / "x"):
        assert run.save(path) is None  # type: ignore[arg-type]
        assert run.save(path) is None  # type: ignore[arg-type]
    run.log({"loss": 1.0})
    assert len(notices(run)) == len(caplog.records) == 5  # what is no path at all is told once
    assert list(saved(run).history("loss").values) == [1.0]
    assert saved(run).files() == []


def test_no_permission_costs_one_warning(run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything: the system's answer is given here."""
    (tmp_path / "a").write_text("a")
    really = os.open

    def refuse(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if os.fspath(path) == str(tmp_path / "a"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return really(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert run.save("a") is None
    monkeypatch.undo()
    assert "Permission denied" in notices(run)[0]


def test_a_full_disk_leaves_no_half_file(run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large").write_bytes(os.urandom(3 << 20))
    really, written = os.write, []

    def full(fd: int, data: Any) -> int:
        written.append(len(data))
        if len(written) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(fd, data)

    monkeypatch.setattr(file_copies, "_clone", lambda *_: False)
    monkeypatch.setattr(os, "write", full)
    assert run.save("large") is None
    monkeypatch.undo()
    assert "No space left" in notices(run)[0]
    assert not any((run.folder / "files" / "saved").iterdir())


def test_empty_files_and_files_without_a_size_are_kept(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert run.save("empty") is not None
    assert run.save("/proc/version") is not None
    assert saved(run).file("empty").bytes == 0
    assert saved(run).file("version").path.read_bytes() == Path("/proc/version").read_bytes()


def test_a_file_that_changes_while_it_is_copied_is_told(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a" * 100)
    really = file_copies._transfer

    def grows(*told: Any, **options: Any) -> Any:
        done = really(*told, **options)
        with path.open("ab") as file:
            file.write(b"b" * 50)
        return done

    monkeypatch.setattr(file_copies, "_clone", lambda *_: False)
    monkeypatch.setattr(file_copies, "_transfer", grows)
    run.save("log")
    found = saved(run).file("log", verify=True)
    assert found.changed_while_copied
    assert found.bytes == 150  # the second try, up to what was there as it began
    assert found.state == "present"
    assert "changed while it was copied" in notices(run)[0]


def test_a_reflinked_file_is_what_a_copied_one_is(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few test machines have a file system with reflinks: the answer of one that has is given here."""
    (tmp_path / "a").write_bytes(b"x" * 1000)

    def clone(source: int, target: int) -> bool:
        os.pwrite(target, os.pread(source, 1 << 20, 0), 0)
        return True

    monkeypatch.setattr(file_copies, "_clone", clone)
    copy = run.save("a")
    assert copy is not None
    assert copy.read_bytes() == b"x" * 1000
    assert saved(run).file("a", verify=True).state == "present"


def test_a_file_system_without_links_keeps_them_apart_all_the_same(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for text in ("one", "two"):
        (tmp_path / "a").write_text(text)
        run.save("a")
    monkeypatch.undo()
    assert {path.name: path.read_text() for path in (run.folder / "files" / "saved").iterdir()} == {
        "a": "one",
        "a.2": "two",
    }


def test_threads_that_save_one_name_at_once_lose_nothing(run: epochal.Run, tmp_path: Path) -> None:
    def save(number: int) -> None:
        path = tmp_path / f"{number}"
        path.write_text(f"{number}")
        run.save(path, name="same.txt")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = saved(run).files(verify=True)
    assert sorted(each.path.read_text() for each in found) == sorted(map(str, range(8)))
    assert {each.state for each in found} == {"present"}


def test_a_forked_process_saves_too(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("parent")
    run.save("a")
    pid = os.fork()
    if not pid:
        (tmp_path / "a").write_text("child")
        run.save("a")
        os._exit(0)
    os.waitpid(pid, 0)
    assert [each.path.read_text() for each in saved(run).files()] == ["parent", "child"]


def test_what_became_of_a_copy_is_said(run: epochal.Run, tmp_path: Path) -> None:
    for name in ("kept", "gone", "longer", "other", "link"):
        (tmp_path / name).write_text("12345")
        run.save(name)
    folder = run.folder / "files" / "saved"
    (folder / "gone").unlink()
    (folder / "longer").write_text("123456")
    (folder / "other").write_text("54321")
    (folder / "link").unlink()
    (folder / "link").symlink_to(tmp_path / "link")
    found = {each.name: each.state for each in saved(run).files()}
    assert found == {
        "kept": "present", "gone": "vanished", "longer": "changed", "other": "present", "link": "changed"
    }  # fmt: skip
    assert saved(run).file("other", verify=True).state == "changed"
    with pytest.raises(epochal.BadValueError, match="kept"):
        saved(run).file("nothing")
    out = call("show", run.folder).out
    assert "Saved files (5" in out
    assert "gone: vanished since it was saved" in out


def test_a_hostile_record_leads_nowhere(run: epochal.Run, tmp_path: Path) -> None:
    for file in ("../../secret", "/etc/passwd", 3, None, "a\0b"):
        run._record("file", {"name": "a", "file": file, "sha256": "0" * 64, "bytes": 1})
    run._record("file", {"name": 3, "file": "files/saved/a", "sha256": "0", "bytes": 1})
    run._record("file", {"name": "a", "file": "files/saved/a", "sha256": None, "bytes": "x"})
    assert saved(run).files() == []


def test_after_the_end_nothing_is_saved(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    run.finish()
    assert run.save("a") is None
    run.checkpoint("a", step=1)
    assert saved(run).files() == []
    assert saved(run).checkpoints() == []


def test_a_disabled_run_looks_at_nothing(tmp_path: Path) -> None:
    run = epochal.init("test", mode="disabled", dir=tmp_path / "runs")
    assert run.save(tmp_path / "gone") is None
    run.checkpoint(tmp_path / "gone", step=1, metrics={"loss": 1.0}, copy=True)
    assert not (tmp_path / "runs").exists()
