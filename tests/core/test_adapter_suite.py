"""The suite for adapters: a right one passes all of it, and each faulty one fails the check that is made for it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from epochal.testing import AdapterSuite
from epochal.testing.processes import environment, run_python
from tests.core.faulty_adapters import FAULTS
from tests.core.loop_adapter import LoopSuite

FAULTY = Path(__file__).with_name("faulty_adapters.py")


class TestLoopAdapter(LoopSuite):
    """The adapter for a framework of twenty lines."""


@pytest.mark.slow
def test_each_faulty_adapter_fails_its_check_with_words_that_help(tmp_path: Path) -> None:
    wanted = {f"Test{faulty.__name__.removeprefix('Test')}": check for faulty, check in FAULTS.items()}
    nodes = [f"{FAULTY}::{name}::test_{check}" for name, (check, _) in wanted.items()]
    results = tmp_path / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}", *nodes]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, env=environment())
    assert done.returncode == 1, done.stdout + done.stderr
    told = {
        case.get("classname", "").rpartition(".")[2]: "".join(case.itertext()) + str([each.attrib for each in case])
        for case in ET.parse(results).iter("testcase")
    }
    assert told.keys() == wanted.keys()
    silent = {name: told[name][-3000:] for name, (_, words) in wanted.items() if words not in told[name]}
    assert not silent, "\n\n".join(f"{name}: {text}" for name, text in silent.items())


def test_each_check_has_an_adapter_that_fails_it() -> None:
    checks = {name.removeprefix("test_") for name in dir(AdapterSuite) if name.startswith("test_")}
    assert checks == {check for check, _ in FAULTS.values()}, "add a faulty adapter for a new check"


def test_the_suite_needs_no_pytest_to_be_imported() -> None:
    code = "import epochal.testing, sys; print({'pytest', '_pytest'} & set(sys.modules))"
    assert run_python("-c", code) == "set()"


@pytest.mark.parametrize("name", ["setup_method", "setup_class"])
def test_settings_of_whoever_runs_the_suite_are_shut_out_and_put_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.setenv("EPOCHAL_MODE", "disabled")
    monkeypatch.setenv("RANK", "3")
    monkeypatch.chdir(tmp_path)
    before, suite = dict(os.environ), LoopSuite()
    suite.setup_class()
    suite.setup_method()
    assert "RANK" not in os.environ
    assert not os.environ["EPOCHAL_DIR"].startswith(str(tmp_path))
    suite.teardown_method()
    suite.teardown_class()
    assert dict(os.environ) == before
    assert Path.cwd() == tmp_path
