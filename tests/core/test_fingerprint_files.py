"""A file's digest is what sha256sum prints, a folder's what a line of shell prints; the second time nothing is read."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.errors import BadValueError
from epochal.fingerprinting import fingerprint
from epochal.fingerprints.budget import Budget
from epochal.fingerprints.finding import nothing
from epochal.fingerprints.folders import METHOD
from epochal.fingerprints.reading import FileChangedError, hash_file
from tests.core.test_fingerprinting import patient_fingerprint

EMPTY = hashlib.sha256().hexdigest()
MIB = 2**20


def has_gnu_tools() -> bool:
    """Return whether find knows -printf and sha256sum escapes names as coreutils 9 does."""
    if not all(map(shutil.which, ("bash", "find", "sort", "xargs", "sha256sum"))):
        return False
    said = subprocess.run(["sha256sum", "--version"], capture_output=True, text=True, check=False).stdout
    return "GNU coreutils" in said and int(said.split("\n")[0].split()[-1].split(".")[0]) >= 9


gnu = pytest.mark.skipif(not has_gnu_tools(), reason="needs GNU find and coreutils 9")


def shell_digest(folder: Path, line: str = METHOD, *, user: int | None = None) -> str:
    """Run the line of shell in a folder."""
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, check=False, user=user)
    return done.stdout.split()[0].decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def aged(folder: Path) -> Path:
    """Wait until the files of a folder count as settled."""
    time.sleep(2.1)
    return folder


# ------------------------------------------------------------------------------------------------------- one file


@gnu
@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 17])
def test_a_file_has_the_digest_that_sha256sum_prints(size: int, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(size))
    said = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert fingerprint(path) == {
        "sha256": said,
        "kind": "file",
        "rows": None,
        "bytes": size,
        "method": "sha256sum",
        "coverage": "full",
        "path": str(path),
    }


def test_a_file_may_be_named_by_text_from_the_working_folder_or_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = fingerprint(tmp_path / "a.txt")
    assert fingerprint("a.txt") == fingerprint("./x/../a.txt") == fingerprint("~/a.txt") == expected


def test_a_link_given_by_name_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "link").symlink_to("a")
    assert fingerprint(tmp_path / "link")["sha256"] == fingerprint(tmp_path / "a")["sha256"]


@pytest.mark.parametrize("path", ["no/such/file.csv", "", "a\0b", "x" * 5000])
def test_a_path_that_is_not_there_is_an_error_with_the_way_out(path: str, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    if not path:
        return
    with pytest.raises(BadValueError, match="give a path that exists, or the data itself"):
        fingerprint(path)
    with pytest.raises(BadValueError, match="give a path that exists"):
        fingerprint([path])


def test_a_pipe_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadValueError, match="neither a file nor a folder"):
        fingerprint(tmp_path / "pipe")


def test_a_large_file_is_sampled_as_the_method_says(tmp_path: Path) -> None:
    path = tmp_path / "large"
    size, chunk = 900 * MIB, 262_144
    with path.open("wb") as file:  # mostly a hole, which costs no disk
        for offset in (0, 450 * MIB, size - 100):
            file.seek(offset)
            file.write(os.urandom(100))
    found = patient_fingerprint(path, limit_s=4)
    assert (found["coverage"], found["bytes"]) == ("sampled", size)
    expected = hashlib.sha256(b"%d\n" % size)
    with path.open("rb") as file:
        for number in range(64):
            file.seek(number * (size - chunk) // 63)
            expected.update(file.read(chunk))
    assert found["sha256"] == expected.hexdigest()
    assert f"64 chunks of {chunk} bytes at the offsets i*{size - chunk}//63" in found["method"]


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(bytes(2 * MIB))

    class Meddler(Budget):
        def look_at_clock(self) -> None:
            with path.open("ab") as file:
                file.write(bytes(MIB))

    meddler = Meddler(lambda data, budget: nothing("", ""), full=True, limit_s=None)
    with pytest.raises(FileChangedError):
        hash_file(os.fsencode(path), path.stat(), meddler)
    assert path.stat().st_size < 8 * MIB, "a file that grows is not followed for ever"


# ------------------------------------------------------------------------------------------------------- folders


@gnu
def test_a_folder_has_the_digest_that_the_line_of_shell_prints(folder: Path) -> None:
    (folder / "b").mkdir()
    for name in ("z", "a.txt", "a-b", "a", "b/c", "b-c", "b.c", "Ä", "ä", "10", "9"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name) if not path.is_dir() else None
    (folder / "empty file").touch()
    (folder / "empty folder").mkdir()
    found = fingerprint(folder)
    assert found["sha256"] == shell_digest(folder) == shell_digest(folder, found["method"])
    assert (found["kind"], found["coverage"], found["files"], found["rows"]) == ("folder", "full", 12, None)
    assert found["bytes"] == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@gnu
@pytest.mark.parametrize(
    "name",
    [b"a\nb", b"a\\b", b"a\rb", b"\\", b"\n", b"--", b"-rf", b" ", b"a b", b"'", b'"', b"$(id)", b"*", b"\xff\xfe",
     b"\xe4", "日本".encode(), b"\t", b"\x01", b"..a", b".hidden", b"-a/-", b"a\n/\\b", b"%P"],
)  # fmt: skip
def test_odd_names_are_as_in_the_shell(name: bytes, folder: Path) -> None:
    path = os.path.join(os.fsencode(folder), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for each in (path, path + b"2"):
        with open(each, "wb") as file:
            file.write(b"x" + name)
    assert fingerprint(folder)["sha256"] == shell_digest(folder)


@gnu
def test_a_file_named_dash_is_not_covered_by_the_shell_and_said_so(folder: Path) -> None:
    (folder / "-").write_text("sha256sum takes this name for its standard input")
    found = fingerprint(folder)
    assert found["sha256"] == shell_digest(folder)
    assert (found["coverage"], found["left_out"]) == ("partial", {"named_dash": 1})


@gnu
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.lists(
            st.binary(min_size=1, max_size=6).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"0"))
            .filter(lambda name: name not in (b".", b"..")),
            min_size=1, max_size=3,
        ).map(b"/".join),
        st.binary(max_size=20),
        max_size=6,
    )
)  # fmt: skip
def test_any_folder_has_the_digest_that_the_line_of_shell_prints(files: dict[bytes, bytes]) -> None:
    with tempfile.TemporaryDirectory() as made:
        for name, content in files.items():
            path = os.path.join(os.fsencode(made), name)
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(content)
            except OSError:  # one name is a folder for another
                continue
        assert fingerprint(made)["sha256"] == shell_digest(Path(made))


@gnu
def test_an_empty_folder_is_the_digest_of_nothing(folder: Path) -> None:
    found = fingerprint(folder)
    assert found["sha256"] == shell_digest(folder) == EMPTY
    assert (found["coverage"], found["files"], found["bytes"]) == ("full", 0, 0)


@gnu
def test_links_and_special_files_are_counted_and_never_called_full(folder: Path, tmp_path: Path) -> None:
    (folder / "file").write_text("x")
    (folder / "link").symlink_to("file")
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.relpath(folder / "socket"))
    found = fingerprint(folder)
    server.close()
    assert found["sha256"] == shell_digest(folder)
    assert (found["coverage"], found["left_out"], found["files"]) == ("partial", {"links": 3, "special": 2}, 1)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that another user may enter."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@gnu
def test_what_cannot_be_read_is_counted_and_the_rest_is_as_in_the_shell(open_folder: Path) -> None:
    (open_folder / "closed").mkdir()
    for name in ("a", "secret", "closed/x"):
        (open_folder / name).write_text(name)
    (open_folder / "secret").chmod(0)
    (open_folder / "closed").chmod(0)
    root = os.geteuid() == 0  # who may read everything
    said = shell_digest(open_folder, user=65534 if root else None)
    if root:
        os.seteuid(65534)
    try:
        found = fingerprint(open_folder)
        alone = fingerprint(open_folder / "secret")
    finally:
        if root:
            os.seteuid(0)
        (open_folder / "closed").chmod(0o755)
    assert found["sha256"] == said
    assert (found["coverage"], found["left_out"]) == ("partial", {"unreadable": 1, "unreadable_folders": 1})
    assert (alone["sha256"], alone["coverage"]) == (None, "none")
    assert "Permission denied" in alone["why"]


SIZES = [{"b/2": 300_000, "a": 500_000, "c": 0, "z": 400_000}, {str(number): number for number in range(60)}]


@gnu
@pytest.mark.parametrize("sizes", SIZES)
def test_a_large_folder_is_sampled_as_one_sequence_of_bytes(sizes: dict[str, int], folder: Path) -> None:
    contents = {name: os.urandom(size) for name, size in sizes.items()}
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    found = patient_fingerprint(folder, limit_s=0.005)
    assert found["coverage"] == "sampled"
    names = shell_digest(folder, "find . -type f -printf '%s %P\\0' | LC_ALL=C sort -z -k 2 | sha256sum")
    data = b"".join(contents[name] for name in sorted(contents))
    size = len(data)
    count, chunk = map(int, re.findall(r"(\d+) chunks of (\d+) bytes", found["method"])[0])
    expected = hashlib.sha256(names.encode() + b"\n%d\n" % size)
    for number in range(count):
        offset = number * (size - chunk) // (count - 1)
        expected.update(data[offset : offset + chunk])
    assert found["sha256"] == expected.hexdigest()


# --------------------------------------------------------------------------------------------------- the second time


def cache_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "fingerprints").glob("*.txt"))


def test_the_second_time_nothing_is_read_and_every_change_is_seen(folder: Path, tmp_path: Path) -> None:
    (folder / "a").write_text("aaaa")
    (folder / "b").write_text("bbbb")
    before = fingerprint(aged(folder))
    (cached,) = cache_files(tmp_path)
    text = cached.read_text()
    assert "aaaa" not in text
    # Were it read, this lie would not be believed.
    cached.write_text(text.replace(hashlib.sha256(b"aaaa").hexdigest(), "0" * 64))
    assert fingerprint(folder)["sha256"] != before["sha256"]
    cached.write_text(text)
    assert fingerprint(folder) == before
    status = (folder / "a").stat()
    (folder / "a").write_text("AAAA")  # the same size, and its time set back
    os.utime(folder / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(folder)["sha256"] != before["sha256"]


def test_one_file_is_remembered_too(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    aged(tmp_path)
    before = fingerprint(path)
    (cached,) = cache_files(tmp_path)
    cached.write_text(cached.read_text().replace(before["sha256"], "1" * 64))
    assert fingerprint(path)["sha256"] == "1" * 64


def test_a_file_that_has_just_changed_is_not_remembered(folder: Path, tmp_path: Path) -> None:
    (folder / "a").write_text("a")
    fingerprint(folder)
    assert cache_files(tmp_path) == []


def test_a_damaged_cache_is_passed_over(folder: Path, tmp_path: Path) -> None:
    (folder / "a").write_text("a")
    before = fingerprint(aged(folder))
    (cached,) = cache_files(tmp_path)
    for damage in (b"", b"nonsense", b"\xff", b"epochal fingerprints 1\n1 2 3 4 5 abc\n", b"\0" * 99):
        cached.write_bytes(damage)
        assert fingerprint(folder) == before
        assert len(cached.read_text().splitlines()) == 2, "it is whole again"


def test_a_cache_that_cannot_be_written_is_done_without(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in the way").write_text("")
    monkeypatch.setenv("EPOCHAL_CACHE_DIR", str(tmp_path / "in the way" / "cache"))
    (folder / "a").write_text("a")
    aged(folder)
    assert fingerprint(folder) == fingerprint(folder)


def test_processes_that_hash_at_once_do_one_another_no_harm(folder: Path, tmp_path: Path) -> None:
    for number in range(200):
        (folder / str(number)).write_text(str(number))
    aged(folder)
    # in full: three processes on a loaded machine may take longer than the second after which a digest is given up
    code = f"from epochal.fingerprinting import fingerprint; print(fingerprint({str(folder)!r}, full=True)['sha256'])"
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, **path_of_tests()})
        for _ in range(3)
    ]
    said = {child.communicate()[0] for child in children}
    assert said == {fingerprint(folder, full=True)["sha256"].encode() + b"\n"}
    (cached,) = cache_files(tmp_path)
    assert len(cached.read_text().splitlines()) == 201
    assert list(cached.parent.iterdir()) == [cached], "nothing half written is left"


def path_of_tests() -> dict[str, str]:
    """Return what makes a child import what this process imports."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_the_cache_does_not_grow_for_ever(folder: Path, tmp_path: Path) -> None:
    where = tmp_path / "cache" / "fingerprints"
    where.mkdir(parents=True)
    for number in range(2000):
        (where / f"{number:032x}.txt").touch()
    (folder / "a").write_text("a")
    fingerprint(aged(folder))
    assert 1700 < len(list(where.iterdir())) < 1900
