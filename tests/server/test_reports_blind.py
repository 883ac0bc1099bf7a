"""`epochal report export --blind` of runs as trainings record them: nothing of who trained, where and from what."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import epochal
from epochal.cli.app import cli
from epochal.testing.processes import environment
from epochal_server import reports_export
from tests.core.watched import wait_until

_TRAINING = """
import sys
import epochal
run = epochal.init("ginger-project", dir=sys.argv[1], name=sys.argv[2], tags=["sumac-tag"], notes="fenugreek notes",
                   config={"lr": float(sys.argv[3]), "data": {"path": sys.argv[4], "url": "s3://nutmeg-bucket/x"}})
for step in range(3):
    run.log({"loss": 1.0 / (step + 1)})
run.finish()
"""
_REPORT = """# From cardamom-one by cassia-w

See REMOTE on branch heliotrope, run in PLACE on HOST. <!-- juniper comment -->

```epochal
{
  "comment": "juniper key",
  "runs": {"project": "ginger-project", "where": "name != 'tamarind'", "search": ""},
  "settings": {"columns": 2, "x": "time"},
  "panels": [
    {"id": "p1", "kind": "line", "title": "cardamom-one", "series": [{"metric": "loss"}]},
    {"id": "p2", "kind": "scatter", "across": "config.lr", "up": "summary.loss", "colour": "config.data.path"},
    {"id": "p3", "kind": "parallel", "columns": ["config.lr", "config.data.url", "host", "project", "name", "id"]},
    {"id": "p4", "kind": "bars", "column": "summary.loss"}
  ]
}
```
"""


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Cassia Wildrose", "-c", "user.email=cassia@wildrose.example"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    """Record two trainings of a script in somebody's repository, and write a report of them."""
    folder = tmp_path / "home" / "cassia-w" / "saffron-net"
    folder.mkdir(parents=True)
    (folder / "turmeric_train.py").write_text(_TRAINING)
    _git(folder, "init", "--quiet", "--initial-branch=heliotrope")
    _git(folder, "remote", "add", "origin", "git@code.example:marigold-lab/saffron-net.git")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message=first")
    for name, lr in (("cardamom-one", "0.1"), ("cardamom-two", "0.2")):
        data = str(folder / "data" / f"{name}.npz")
        command = [sys.executable, "turmeric_train.py", str(root), name, lr, data]
        variables = {**environment(), "USER": "cassia-w", "LOGNAME": "cassia-w"}
        subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    # who wrote the code is found out beside the training, which may end before
    wait_until(lambda: all("git" in run.environment for run in epochal.runs(dir=root)))
    (root / "reports").mkdir()
    text = _REPORT.replace("REMOTE", "git@code.example:marigold-lab/saffron-net.git")
    text = text.replace("PLACE", str(folder)).replace("HOST", socket.gethostname())
    (root / "reports" / "zanzibar.md").write_text(text)
    return folder


def exported(root: Path, file: Path, *words: str) -> tuple[dict[str, Any], str]:
    """Return the data of an exported file, and everything in it that is not a module or a number."""
    found = CliRunner().invoke(cli, ["report", "export", "zanzibar", "--dir", str(root), "-o", str(file), *words])
    assert found.exit_code == 0, found.output
    text = file.read_text("utf-8")
    data = json.loads(re.search(r'id="report">([^<]*)<', text)[1])  # type: ignore[index]
    title = re.search(r"<title>([^<]*)</title>", text)
    assert title is not None
    return data, title[1] + json.dumps(data, ensure_ascii=False)


def test_nothing_that_a_record_tells_of_people_and_places_is_left(root: Path, place: Path, tmp_path: Path) -> None:
    runs = list(epochal.runs(dir=root))
    told = [
        "cassia", "wildrose", "saffron", "marigold", "code.example", "heliotrope", "turmeric", "nutmeg", "ginger",
        "sumac", "fenugreek", "juniper", "cardamom", "tamarind", "zanzibar", str(place), str(root), str(tmp_path),
        *(run.id for run in runs), *(Path(run.path).name for run in runs),
    ]  # fmt: skip
    if len(socket.gethostname()) > 3:
        told.append(socket.gethostname())
    _, plain = exported(root, tmp_path / "plain.html")
    seen = [word for word in told if word.lower() in plain.lower()]
    assert {"cardamom", "ginger", "marigold", "nutmeg", str(place)} <= set(seen), "the test would see them"
    data, blind = exported(root, tmp_path / "blind.html", "--blind")
    assert [word for word in told if word.lower() in blind.lower()] == []
    whole = (tmp_path / "blind.html").read_text("utf-8").lower()
    assert [word for word in told if word.lower() in whole] == []
    assert data["columns"]["columns"]["config.lr"] == [0.2, 0.1]
    assert sorted(data["columns"]["columns"]["name"]) == ["Run 1", "Run 2"]
    assert len(set(data["columns"]["columns"]["config.data.path"])) == 2


def test_no_moment_is_left_when_a_blind_file_is_made(root: Path, place: Path, tmp_path: Path) -> None:
    data, _ = exported(root, tmp_path / "blind.html", "--blind")
    (grid,) = [block["grid"] for block in data["blocks"] if block["kind"] == "grid"]
    assert grid["settings"]["x"] == "relative"
    assert "time" not in data["axes"]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("_blind", ("--blind",)),
        ("_panels", ()),
        ("_panels", ("--blind",)),
        ("_columns", ()),
        ("_importance", ("--blind",)),
    ],
)
def test_a_run_that_is_deleted_while_a_file_is_made_takes_nothing_with_it_and_leaves_nothing(
    root: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, words: tuple[str, ...]
) -> None:
    gone, left = epochal.runs(dir=root)
    then = getattr(reports_export, moment)

    def deleted_first(*given: Any) -> Any:
        if Path(gone.path).exists():
            shutil.rmtree(gone.path)
        return then(*given)

    monkeypatch.setattr(reports_export, moment, deleted_first)
    data, text = exported(root, tmp_path / "file.html", *words)
    if "--blind" in words:
        told = ["cassia", "wildrose", "saffron", "marigold", "heliotrope", "turmeric", "nutmeg", "ginger", "cardamom"]
        told += ["tamarind", str(place), str(root), gone.id, left.id]
        assert [word for word in told if word.lower() in text.lower()] == []
    assert [line for lines in data["lines"].values() for line in lines if not line.get("error")]
