"""What a run was trained with: the record, the patch, and what stands in neither."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from epochal.companion import code_state, git
from epochal.companion.assignment import ASSIGNMENT_VARIABLE, Assignment, received
from epochal.companion.environment import VARIABLES, Collector
from tests.core.watched import Watched

#: Made up, in the shape that its issuer gives it.
KEY = "hf_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hJ"

pytestmark = pytest.mark.skipif(git.line("/", "--version") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of `train.py`, and none of the user's settings."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    path = tmp_path / "project"
    path.mkdir()
    run(path, "init", "-q", "-b", "trunk")
    (path / "train.py").write_text("lr = 0.1\nepochs = 3\n")
    commit(path)
    return path


def run(path: Path, *arguments: str, text: bytes = b"") -> bytes:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *who, *arguments], cwd=path, check=True, capture_output=True, input=text).stdout


def commit(path: Path) -> str:
    run(path, "add", "-A")
    run(path, "commit", "-q", "-m", "x")
    return run(path, "rev-parse", "HEAD").decode().strip()


def found(path: Path, runs: str = "/nowhere") -> tuple[dict[str, Any], str]:
    state = code_state.code_state(os.fspath(path), runs)
    assert state is not None
    return state.facts, state.patch.decode()


def test_a_clean_repository_has_a_commit_a_branch_and_no_patch(repository: Path) -> None:
    facts, patch = found(repository)
    assert facts["commit"] == run(repository, "rev-parse", "HEAD").decode().strip()
    assert (facts["branch"], facts["dirty"], facts["remote"], patch) == ("trunk", False, None, "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://me:{KEY}@example.org/a/b.git", "https://[redacted]@example.org/a/b.git"),
        (f"https://{KEY}@example.org/a/b.git", "https://[redacted]@example.org/a/b.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
    ],
)
def test_a_remote_is_shown_without_credentials(url: str, shown: str, repository: Path) -> None:
    run(repository, "remote", "add", "origin", url)
    assert found(repository)[0]["remote"] == shown


def test_the_patch_makes_the_working_tree_from_the_commit(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("lr = 0.2\nepochs = 3\n")
    (repository / "staged.py").write_text("x = 1\n")
    run(repository, "add", "staged.py")
    folder = repository / "new folder"
    folder.mkdir()
    files = {"a b.txt": "no newline", "empty": "", "ünï.py": "# ü\n\n", "run.sh": "#!/bin/sh\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "run.sh").chmod(0o755)
    facts, patch = found(folder)
    assert facts["dirty"] is True and "left_out" not in facts

    run(tmp_path, "clone", "-q", os.fspath(repository), "clone")
    clone = tmp_path / "clone"
    run(clone, "apply", "-", text=patch.encode())
    assert (clone / "train.py").read_text() == "lr = 0.2\nepochs = 3\n"
    assert (clone / "staged.py").read_text() == "x = 1\n"
    assert {path.name: path.read_text() for path in (clone / "new folder").iterdir()} == files
    assert os.access(clone / "new folder" / "run.sh", os.X_OK)


def test_what_holds_secrets_is_left_out_and_named(repository: Path) -> None:
    (repository / "tracked.py").write_text("x = 1\n")
    (repository / ".env").write_text("A=1\n")
    commit(repository)
    (repository / "tracked.py").write_text(f"x = '{KEY}'\n")
    (repository / ".env").write_text("A=2\n")
    (repository / ".env.local").write_text("B=1\n")
    (repository / "id_ed25519").write_text("x\n")
    (repository / "server.pem").write_text("x\n")
    (repository / "notes.txt").write_text("password = correct-horse-1\n")
    (repository / "id_mapping.py").write_text("ids = {}\n")
    (repository / "fine.py").write_text("tokens = 3\n")
    facts, patch = found(repository)
    assert facts["left_out"] == {
        "secret inside": ["tracked.py", "notes.txt"],
        "key file": [".env", ".env.local", "id_ed25519", "server.pem"],
    }
    assert KEY not in patch and "correct-horse" not in patch and "A=" not in patch
    assert "+++ b/id_mapping.py" in patch and "+++ b/fine.py" in patch


def test_a_secret_that_was_taken_out_of_a_file_does_not_come_back_by_the_patch(repository: Path) -> None:
    (repository / "train.py").write_text(f"x = '{KEY}'\n")
    commit(repository)
    (repository / "train.py").write_text("x = os.environ['KEY']\n")
    facts, patch = found(repository)
    assert facts["left_out"] == {"secret inside": ["train.py"]}
    assert patch == ""


def test_large_binary_and_odd_files_are_left_out_and_named(repository: Path) -> None:
    (repository / "large.csv").write_text("1,2\n" * 20_000)
    (repository / "data.bin").write_bytes(b"\0\1\2")
    (repository / 'odd"name').write_text("x\n")
    (repository / "link").symlink_to("train.py")
    os.mkfifo(repository / "pipe")
    facts, patch = found(repository)
    assert facts["left_out"]["too large"] == ["large.csv"]
    assert facts["left_out"]["binary"] == ["data.bin"]
    assert facts["left_out"]["odd name"] == ['odd"name']
    assert facts["left_out"].keys() == {"too large", "binary", "odd name"}
    assert facts["dirty"] is True
    assert patch.splitlines()[:2] == ["diff --git a/link b/link", "new file mode 120000"]
    assert patch.count("diff --git") == 1


def test_the_patch_stays_below_its_limit(repository: Path) -> None:
    for number in range(40):
        (repository / f"{number:02}.txt").write_text("x" * 60_000)
    facts, patch = found(repository)
    assert 900_000 < len(patch) <= code_state.MOST_PATCH
    assert len(facts["left_out"]["too large"]) == 40 - patch.count("diff --git")


def test_thousands_of_untracked_files_are_counted_and_the_first_are_named(repository: Path) -> None:
    for number in range(6000):
        (repository / f"{number:04}.bin").write_bytes(b"\0")
    facts, _ = found(repository)
    assert len(facts["left_out"]["binary"]) == 200
    assert facts["left_out_more"] == 5800


def test_ignored_files_and_the_runs_folder_do_not_count(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.ckpt\n")
    commit(repository)
    (repository / "a.ckpt").write_text("x")
    runs = repository / "my [runs]"
    runs.mkdir()
    (runs / "x.epochal").write_text("x")
    facts, patch = found(repository, os.fspath(runs))
    assert (facts["dirty"], patch) == (False, "")


def test_a_repository_without_a_commit_gives_what_is_staged_and_what_is_not(tmp_path: Path, repository: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    run(fresh, "init", "-q")
    (fresh / "a.py").write_text("a\n")
    run(fresh, "add", "a.py")
    (fresh / "b.py").write_text("b\n")
    facts, patch = found(fresh)
    assert (facts["commit"], facts["dirty"]) == (None, True)
    assert "+++ b/a.py" in patch and "+++ b/b.py" in patch


def test_outside_of_a_repository_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert code_state.code_state(os.fspath(tmp_path), "/nowhere") is None
    assert code_state.code_state(os.fspath(tmp_path / "gone"), "/nowhere") is None


def test_nothing_that_the_repository_names_as_a_program_is_run_for_a_diff(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.py diff=mine\n")
    commit(repository)
    marker = repository.parent / "ran"
    for key in ("diff.external", "diff.mine.command", "diff.mine.textconv", "core.fsmonitor"):
        run(repository, "config", key, f"sh -c 'touch {marker}' --")
    (repository / "train.py").write_text("changed\n")
    facts, patch = found(repository)
    assert facts["dirty"] is True and "+changed" in patch
    assert not marker.exists()


def test_git_that_hangs_costs_the_patch_and_no_more(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".gitattributes").write_text("*.py filter=slow\n")
    commit(repository)
    run(repository, "config", "filter.slow.clean", "sleep 60; cat")
    (repository / "train.py").write_text("changed\n")
    monkeypatch.setattr(git, "LIMIT_S", 0.5)
    facts, patch = found(repository)
    assert facts["commit"] and facts["branch"] == "trunk"
    assert (facts["dirty"], patch) == (None, "")
    assert "took longer" in facts["problem"]


# ---- all of it


def collector(folder: Path, **changes: Any) -> Collector:
    folder.mkdir(exist_ok=True)
    told = Assignment(
        id="run", project="p", name="n", folder=os.fspath(folder), root=os.fspath(folder.parent), rank=0, journal="j",
        writer="0" * 32, ordinal=1, pid=os.getpid(), pid_start=None, argv=["train.py"], cwd=os.fspath(folder),
        plugins=[],
    )  # fmt: skip
    return Collector(told._replace(**changes))


def test_the_record_of_a_run_in_a_dirty_repository(repository: Path, tmp_path: Path) -> None:
    (repository / "secret.txt").write_text(f"token = {KEY}\n")
    run(repository, "remote", "add", "origin", f"https://me:{KEY}@example.org/a.git")
    script = "import epochal\nwith epochal.init('test', id='run') as run: run.log({'loss': 1.0})\n"
    (repository / "train.py").write_text(script)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SLURM_JOB_ID": "77", "MY_SECRET": KEY}
    for name in VARIABLES:  # tox and the like set some of them
        if name != "SLURM_JOB_ID":
            env.pop(name, None)
    env["EPOCHAL_DIR"] = os.fspath(tmp_path / "epochal-runs")
    command = [sys.executable, "train.py", "--api-key", KEY, "--lr=0.1"]
    subprocess.run(command, cwd=repository, env=env, check=True, capture_output=True)
    watched = Watched.__new__(Watched)
    watched.run = tmp_path / "epochal-runs" / "test" / "run"
    values = watched.companion_ends().frame("environment")["values"]

    assert values["command"]["argv"] == [sys.executable, "train.py", "--api-key", "[redacted]", "--lr=0.1"]
    assert values["command"]["folder"] == os.path.realpath(repository)
    assert values["python"]["version"] == sys.version.split()[0]
    assert values["variables"] == {"SLURM_JOB_ID": "77"}
    assert values["git"]["remote"] == "https://[redacted]@example.org/a.git"
    assert values["git"]["left_out"] == {"secret inside": ["secret.txt"]}
    assert values["cpu"]["threads"] >= 1 and values["memory"]["total_bytes"] > 1 << 20
    for kept in (values["git"]["patch"], values["packages"]):
        data = (watched.run / kept["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == kept["sha256"] and len(data) == kept["bytes"]
    assert "+import epochal" in (watched.run / values["git"]["patch"]["file"]).read_text()
    assert "msgspec==" in (watched.run / values["packages"]["file"]).read_text()
    for path in (tmp_path / "epochal-runs").rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


PLUGIN = """
    from epochal import hookimpl

    @hookimpl
    def collect_environment(run):
        return {"cluster": {"run": run.id, "password": "hunter2hunter2"}, "python": "mine"}
"""


def test_plugins_add_to_it_but_replace_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cluster_plugin.py").write_text(textwrap.dedent(PLUGIN))
    (tmp_path / "broken_plugin.py").write_text(textwrap.dedent(PLUGIN).replace("return {", "return 1 / 0 or {"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("EPOCHAL_STRICT")
    result = collector(tmp_path / "run", plugins=["c=cluster_plugin", "b=broken_plugin"]).collect()
    assert result["values"]["cluster"] == {"run": "run", "password": "[redacted]"}
    assert result["values"]["python"]["executable"] == sys.executable
    assert len(result["notices"]) == 1 and "ZeroDivisionError" in result["notices"][0]


def test_a_run_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    gone = collector(tmp_path / "run")
    (tmp_path / "run").rmdir()
    result = gone.collect()
    assert not (tmp_path / "run").exists()
    assert "host" in result["values"] and any("packages" in text for text in result["notices"])


def test_a_command_line_of_any_length_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = collector(tmp_path, argv=["train.py", "x" * 1_000_000, "tail"]).assignment
    variables = told.variables(["/a", "/b"])
    assert all(len(text) < 128 << 10 for text in variables.values())
    monkeypatch.setenv(ASSIGNMENT_VARIABLE, variables[ASSIGNMENT_VARIABLE])
    again = received()
    assert again.argv[0] == "train.py" and again.argv[1].endswith("x…")
    assert ASSIGNMENT_VARIABLE not in os.environ
    with pytest.raises(ValueError, match=ASSIGNMENT_VARIABLE):
        received()
