"""The wheel and the sdist: what is in them, what is not, and what their metadata say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import epochal
from epochal.cli import schema
from tests.needs import need

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = [
    "epochal",
    "epochal_keras",
    "epochal_lightning",
    "epochal_server",
    "epochal_tensorboard",
    "epochal_torch",
    "epochal_transformers",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a wheel and an sdist, built from this tree without a network."""
    need("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def metadata(built: Path) -> tuple[list[str], Message]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return wheel.namelist(), Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_holds_each_package_with_its_types_and_nothing_else(built: Path) -> None:
    names, _ = metadata(built)
    tops = {name.split("/")[0] for name in names}
    assert tops == {*PACKAGES, f"epochal-{epochal.__version__}.dist-info"}
    assert {name for name in names if name.endswith("py.typed")} == {f"{package}/py.typed" for package in PACKAGES}
    others = [name for name in names if not name.endswith((".py", "py.typed")) and ".dist-info/" not in name]
    pages = [name for name in others if name.startswith("epochal_server/pages/")]
    assert "epochal_server/pages/index.html" in pages
    assert {Path(name).suffix for name in pages} <= {".html", ".js", ".css", ".svg", ".toml", ".txt", ".woff2"}
    schemas = [Path(name) for name in others if name not in pages]
    assert {path.parent.as_posix() for path in schemas} == {"epochal/cli/schemas"}
    assert {path.stem for path in schemas} == set(schema.commands())


def test_the_wheel_holds_every_module_of_the_source(built: Path) -> None:
    names, _ = metadata(built)
    for folder, files in (("core", "*.py"), ("integrations", "*.py"), ("server/epochal_server", "*")):
        above = ROOT / folder.partition("/")[0]
        for path in (ROOT / folder).rglob(files):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(above).as_posix() in names


def test_the_metadata_say_licence_python_and_extras(built: Path) -> None:
    _, told = metadata(built)
    assert told["Version"] == epochal.__version__ == PROJECT["version"]
    assert told["License-Expression"] == "Apache-2.0"
    assert told["License-File"] == "LICENSE"
    assert told["Requires-Python"] == ">=3.10"
    assert set(told.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])


def test_the_core_needs_no_framework(built: Path) -> None:
    _, told = metadata(built)
    always = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = {re.split(r"[<>=!~ ;\[]", line)[0] for line in always}
    assert names == {"click", "msgpack", "msgspec", "numpy", "pluggy", "psutil", "rich", "tomli"}


def test_the_sdist_holds_what_it_takes_to_build_and_test(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    expected = {"pyproject.toml", "tox.ini", "Makefile", "LICENSE", "README.md", "constraints.txt", ".ci/tests.py"}
    assert expected <= names
    assert "tests/conftest.py" in names
    assert "core/epochal/__init__.py" in names


def test_every_version_of_python_that_is_promised_is_tested() -> None:
    prefix = "Programming Language :: Python :: 3."
    promised = {line.removeprefix(prefix) for line in PROJECT["classifiers"] if line.startswith(prefix)}
    tests = (ROOT / ".ci" / "environments.py").read_text()
    assert promised == set(re.findall(r'"py3(\d+)-core"', tests))


def test_torch_comes_in_one_version_and_without_cuda() -> None:
    assert (ROOT / "constraints.txt").read_text().splitlines() == ["torch==2.13.0"]
    assert not re.search(r"torch(?!==2\.13\.0)[><=]", (ROOT / "tox.ini").read_text())


def test_the_licence_is_apache_to_the_letter() -> None:
    import hashlib

    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_a_user_who_checks_types_sees_ours(tmp_path: Path) -> None:
    need("mypy")
    (tmp_path / "api.py").write_text((ROOT / "tests" / "typing" / "api.py").read_text())
    installed = Path(epochal.__file__).parents[1]
    variables = {**os.environ, "MYPYPATH": "" if installed.name == "site-packages" else str(installed)}
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental", "api.py"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
