"""What importing costs: nothing heavy with `import epochal`, no framework with a plugin, no socket anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "pluggy", "importlib.metadata", "click", "rich", "sqlite3", "msgspec", "psutil", "asyncio", "socket"}
FRAMEWORKS = {
    "torch",
    "lightning",
    "pytorch_lightning",
    "keras",
    "jax",
    "tensorflow",
    "transformers",
    "pandas",
    "sklearn",
}
PLUGINS = ["epochal_torch.plugin", "epochal_keras.plugin", "epochal_transformers.plugin"]


def loaded_by(code: str, folder: Path) -> set[str]:
    """Return the modules that an interpreter of its own has loaded after `code`."""
    report = "\nimport json as _j, sys as _s; print('\\n' + _j.dumps(sorted(_s.modules)))"
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # -S leaves out site: what .pth files of other packages import is none of ours
    done = subprocess.run(
        [sys.executable, "-S", "-c", code + report], capture_output=True, check=True, cwd=folder, env=variables
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_epochal_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = loaded_by("import epochal", tmp_path)
    assert loaded & HEAVY == set()
    assert loaded & FRAMEWORKS == set()


def test_logging_loads_no_framework_no_command_line_and_no_socket(tmp_path: Path) -> None:
    code = "import epochal\nwith epochal.init('light') as run: run.log({'loss': 1.0})"
    loaded = loaded_by(code, tmp_path)
    assert loaded & (FRAMEWORKS | {"click", "rich", "sqlite3", "asyncio", "socket"}) == set()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_of_ours_is_found_without_its_framework(plugin: str, tmp_path: Path) -> None:
    assert loaded_by(f"import {plugin}", tmp_path) & FRAMEWORKS == set()


def test_reading_loads_no_framework(tmp_path: Path) -> None:
    code = "import epochal\nwith epochal.init('light') as run: run.log({'loss': 1.0})\n"
    code += "assert list(epochal.get_run(run.id).history('loss').values) == [1.0]"
    assert loaded_by(code, tmp_path) & FRAMEWORKS == set()
