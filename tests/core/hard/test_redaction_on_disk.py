"""Secrets are searched for in every byte of a run's folder, whichever way they came in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.core.hard.trainings import Training, until

VECTORS = json.loads(
    (Path(__file__).parents[1] / "redaction_vectors.json").read_text(encoding="utf-8").replace("·", "")
)


def of_kind(which: str, kind: str) -> list[dict[str, Any]]:
    return [vector for vector in VECTORS[which] if vector["kind"] == kind]


def texts(value: Any) -> list[str]:
    """Return all texts in a value; names of mappings are none, they are kept."""
    if isinstance(value, str):
        return [value]
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in inside for text in texts(item)]


def secrets() -> set[str]:
    """Return what is gone from the outputs of the vectors, of a length and form that is no coincidence elsewhere."""
    whole = "\n".join(json.dumps(vector) for vector in VECTORS["untouched"])
    whole += "\n".join(json.dumps(vector["output"]) for vector in VECTORS["redacted"])
    found = set()
    for vector in VECTORS["redacted"]:
        for text in texts(vector["input"]):
            for word in re.split(r"[\s=:@/,;\"']+", text):
                if len(word) >= 14 and any(letter.isdigit() for letter in word) and word not in whole:
                    found.add(word)
    return found


def test_the_vectors_hold_secrets_to_look_for() -> None:
    assert len(secrets()) >= 30


SCRIPT = """
import json
vectors = json.loads(open("vectors.json", encoding="utf-8").read())
redacted = {kind: [v["input"] for v in vectors["redacted"] if v["kind"] == kind] for kind in ("config", "text")}
untouched = {kind: [v["input"] for v in vectors["untouched"] if v["kind"] == kind] for kind in ("config", "text")}
texts = redacted["text"]
run = epochal.init(
    "secrets", id="it", config={"redacted": {f"v{k}": v for k, v in enumerate(redacted["config"])}},
    notes="\\n".join(texts), name=texts[0], tags=texts[:5], group=texts[1], job_type=texts[2],
)
run.config.update(untouched={f"v{k}": v for k, v in enumerate(untouched["config"])})
for k, text in enumerate(texts):
    run.notice("told", text)
    run.config[f"text-{k}"] = text
    run.log({f"text-{k}": text, "x": 1.0})
    run.summary[f"text-{k}"] = text
run.summary["nested"] = {f"v{k}": v for k, v in enumerate(redacted["config"])}
for k, text in enumerate(untouched["text"]):
    run.config[f"untouched-{k}"] = text
    run.notice("untouched", text)
run.notes = "\\n".join(reversed(texts))
run.name = texts[3]
ack(1)
while not os.path.exists("go"):
    time.sleep(0.01)
class Broken:
    def __float__(self):
        raise ValueError(texts[5])
run.log({"broken": Broken()})
with run:
    secret = texts[7]
    raise RuntimeError("\\n".join(texts)) from ValueError(texts[8])
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path | None:
    """Return a folder that is a git repository with a remote that holds a token, and with changes that hold secrets."""
    folder = tmp_path / "training"
    folder.mkdir()
    if shutil.which("git") is None:
        return folder

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    git("init")
    git("remote", "add", "origin", of_kind("redacted", "remote")[0]["input"])
    (folder / "model.py").write_text("depth = 3\n")
    git("add", "model.py")
    git("commit", "-m", "first")
    secret = of_kind("redacted", "text")[0]["input"]
    (folder / "model.py").write_text("depth = 4\n")
    (folder / "keys.py").write_text(f"KEY = {secret!r}\n")
    (folder / ".env").write_text("A_PASSWORD=a-secret-of-the-env-file-1\n")
    return folder


def test_no_byte_of_a_run_folder_holds_a_secret(tmp_path: Path, repository: Path) -> None:
    argv = [word for vector in of_kind("redacted", "argv") for word in vector["input"][1:]]
    (repository / "vectors.json").write_text(json.dumps(VECTORS), encoding="utf-8")
    environment = {
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-environment-2",
        "MY_SETTING": "a-secret-of-the-environment-3",
    }
    with Training(repository, SCRIPT, *argv, environment=environment, companion=True) as training:
        training.hear(until=lambda: bool(training.acks))
        until(lambda: bool(training.recorded().environment), "the environment")
        (repository / "go").touch()
        assert training.wait() == 1, training.errors
        until(lambda: not training.companions(), "the companion's end")
        run = training.recorded()
        files = {path: path.read_bytes() for path in training.run_folders()[0].rglob("*") if path.is_file()}
    assert files
    looked_for = secrets() | {"a-secret-of-the-env", "hunter2"}
    for path, data in files.items():
        held = [secret for secret in looked_for if secret.encode() in data]
        assert not held, (path.name, held)
    assert run.state == "failed"
    for which in ("redacted", "untouched"):
        for k, vector in enumerate(of_kind(which, "config")):
            assert run.config[which][f"v{k}"] == (vector["output"] if which == "redacted" else vector["input"]), vector
    for k, vector in enumerate(of_kind("redacted", "text")):
        assert run.config[f"text-{k}"] == vector["output"]
    for k, vector in enumerate(of_kind("untouched", "text")):
        assert run.config[f"untouched-{k}"] == vector["input"]
    told = {notice.text for notice in run.notices}
    assert {vector["input"] for vector in of_kind("untouched", "text")} <= told


def test_the_files_of_a_dirty_tree_that_hold_secrets_are_left_out_and_named(tmp_path: Path, repository: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    script = """
    run = epochal.init("secrets")
    ack(1)
    while not os.path.exists("go"):
        time.sleep(0.01)
    """
    with Training(repository, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks))
        until(lambda: bool(training.recorded().environment), "the environment")
        (repository / "go").touch()
        training.succeed()
        patches = list(training.run_folders()[0].rglob("patch.diff"))
        text = "\n".join(path.read_text(errors="replace") for path in patches)
        environment = json.dumps(training.recorded().environment, default=str)
    assert "depth = 4" in text
    assert "KEY" not in text and "a-secret-of" not in text
    assert "keys.py" in environment and ".env" in environment
    assert of_kind("redacted", "remote")[0]["output"] in environment
