"""The public names: each exists, is documented, and is listed."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import epochal

ADAPTERS = {
    "epochal_lightning": "EpochalLogger",
    "epochal_keras": "EpochalCallback",
    "epochal_transformers": "EpochalCallback",
}


@pytest.mark.parametrize("name", [name for name in epochal.__all__ if name not in ("config", "summary")])
def test_every_public_name_exists_and_says_what_it_is(name: str) -> None:
    value = getattr(epochal, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value), f"epochal.{name} has no docstring"


def test_a_public_name_stays_what_it_is_after_every_module_was_imported(tmp_path: Path) -> None:
    """Importing a module puts it on the package, in the place of a public function of the same name."""
    code = """
import importlib, pkgutil, types, epochal
for module in pkgutil.iter_modules(epochal.__path__):
    if module.name != "__main__":
        importlib.import_module("epochal." + module.name)
print([name for name in epochal.__all__ if name not in ("config", "summary")
       and isinstance(getattr(epochal, name), types.ModuleType)])
"""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_public_names_are_sorted_and_listed_by_dir() -> None:
    # sorted as ruff does: constants, classes, then the rest would be another taste
    assert sorted(epochal.__all__) == sorted(set(epochal.__all__))
    assert set(epochal.__all__) <= set(dir(epochal))


def test_config_and_summary_are_those_of_the_active_run() -> None:
    with epochal.init("house", config={"lr": 0.1}) as run:
        run.summary["best"] = 1
        assert epochal.config["lr"] == 0.1
        assert epochal.summary["best"] == 1


@pytest.mark.parametrize("name", ["a_name_that_is_not_there", "core"])
def test_other_names_are_refused_as_from_any_module(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(epochal, name)


@pytest.mark.parametrize(("package", "public"), ADAPTERS.items())
def test_every_adapter_lists_its_class(package: str, public: str) -> None:
    assert public in import_module(package).__all__
