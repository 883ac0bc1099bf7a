"""The template for authors of adapters is a distribution of its own: it builds, and its types hold."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.needs import need

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "examples" / "adapter_template"
PROJECT = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]


def test_its_wheel_holds_the_package_with_its_types_and_the_entry_point(tmp_path: Path) -> None:
    need("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=TEMPLATE, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("epochal_sklearn-*.whl"))) as wheel:
        names = wheel.namelist()
        points = next(wheel.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    package = {path.name for path in (TEMPLATE / "src" / "epochal_sklearn").iterdir() if path.is_file()}
    assert {Path(name).name for name in names if name.startswith("epochal_sklearn/")} == package
    assert "py.typed" in package
    assert "[epochal]\nsklearn = epochal_sklearn.plugin" in points
    assert PROJECT["dependencies"] == ["epochal>=0.1"], "whoever installs it gets no framework by it"


def test_its_types_hold() -> None:
    need("mypy")
    paths = [ROOT / "core", TEMPLATE / "src"]
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--no-incremental",
        "--ignore-missing-imports",
    ]
    variables = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [*command, "--follow-imports=silent", "-p", "epochal_sklearn"],
        cwd=TEMPLATE, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_its_door_and_its_plugin_import_no_framework() -> None:
    code = "import sys, epochal_sklearn.plugin; print({'sklearn', 'numpy', 'scipy'} & set(sys.modules))"
    paths = os.pathsep.join(map(str, (ROOT / "core", TEMPLATE / "src")))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("file", [".github", "tox.ini", "conftest.py"])
def test_it_leans_on_nothing_of_ours(file: str) -> None:
    assert not (TEMPLATE / file).exists()
    assert not any("from tests" in path.read_text() for path in TEMPLATE.rglob("*.py"))
