"""What may stand in no tracked file: registries' hosts, this machine's folders, unfinished work, vague names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Put together here, so that this file is not its own finding.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "download." + "pytorch.org", "npm" + "js.org", "deb." + "debian.org"]
FOLDERS = ["/op" + "t/", "/roo" + "t/", "/wor" + "k/", "/hom" + "e/", "/tmp/" + "dev"]
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
VAGUE = {"utils", "helpers", "common", "manager", "base", "misc", "util", "helper"}
TEXT = {".py", ".md", ".toml", ".ini", ".txt", ".cff", ".json", ".yml", ".cfg", ".sh", ""}


def tracked() -> list[Path]:
    """Return the files under version control; all files where there is no git (an unpacked sdist)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and not set(path.parts) & {".tox", ".venv", "build"}]
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Return name and content of tracked text files."""
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.suffix in TEXT and "golden" not in path.parts
    ]


@pytest.mark.parametrize("word", [*HOSTS, *FOLDERS])
def test_no_tracked_file_names_a_registry_or_a_place_on_this_machine(word: str) -> None:
    found = [f"{name}:{text[: text.index(word)].count(chr(10)) + 1}" for name, text in texts() if word in text]
    assert found == []


def test_no_work_is_left_marked_as_unfinished() -> None:
    found = [name for name, text in texts() if UNFINISHED.search(text)]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [str(path.relative_to(ROOT)) for path in tracked() if path.suffix == ".py" and path.stem in VAGUE]
    assert found == []


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    found = []
    folders = ("core", "integrations", "server", "tests", "examples")
    for path in tracked():
        if path.suffix == ".py" and path.parts[len(ROOT.parts)] in folders:
            first = next(iter(path.read_text(encoding="utf-8").splitlines()), "")
            if not first.startswith(('"""', 'r"""', "#!")):
                found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_nothing_large_is_tracked() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked() if path.stat().st_size > 1_000_000}
    # ECharts, in one file as it comes
    assert set(large) <= {"server/epochal_server/pages/vendor/echarts.js"}
