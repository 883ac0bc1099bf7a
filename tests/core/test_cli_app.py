"""The `epochal` command as a whole: help, errors, pipes, Ctrl-C, modes, plugins, and what it loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

import epochal
from epochal import plugins
from epochal.cli.app import OWN, cli
from epochal.cli.json_keys import JSON_KEYS
from tests.core.cli_call import call
from tests.core.make_runs import make_run, make_runs

EPOCHAL = [sys.executable, "-m", "epochal"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_every_command_and_option_has_help() -> None:
    assert OWN.keys() <= set(cli.list_commands(click.Context(cli)))
    for name, command in cli.commands.items():
        assert command.help, name
        assert len(command.help.split("\n")[0]) <= 70, f"{name}: the first line does not fit the list"
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (name, parameter.name)
        assert call(name, "--help").out.startswith("Usage: ")


def test_each_command_stands_in_the_module_that_is_loaded_for_it() -> None:
    assert len(OWN) == 21
    for module in set(OWN.values()):
        found = [command.name for command in import_module(f"epochal.cli.{module}").COMMANDS]
        assert sorted(found) == sorted(name for name, place in OWN.items() if place == module)


def test_a_command_loads_no_other() -> None:
    code = "import sys; from epochal.cli.app import cli; cli(['status'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in set(OWN.values()) if f"epochal.cli.{name}" in loaded} == {"modes"}


def test_data_commands_have_json_and_a_folder() -> None:
    for name in ("ls", "show", "compare", "plot", "history", "verify"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--dir"} <= options, name


def test_help_is_quick_to_load(tmp_path: Path) -> None:
    code = (
        "import sys, epochal.cli.app\n"
        "print(sorted({'numpy', 'rich', 'sqlite3', 'pluggy', 'msgspec', 'psutil', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


def test_a_warm_list_loads_no_numpy(root: Path) -> None:
    make_run(root, 1)
    call("ls")
    code = "import sys; from epochal.run_list import find_runs as f; print(len(f()) == 1 and 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_version_is_told() -> None:
    assert call("--version").out == f"epochal {epochal.__version__}\n"


def test_an_unknown_command_gets_a_suggestion() -> None:
    assert "no command lss: did you mean ls?" in call("lss", code=2).err
    assert "no command xyzzy: there are" in call("xyzzy", code=2).err
    assert "--nope" in call("ls", "--nope", code=2).err


def test_errors_are_one_line_on_stderr_without_a_traceback(root: Path) -> None:
    done = subprocess.run([*EPOCHAL, "show", "nothing\x1b[31m"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("epochal: no run ")
    assert "\x1b" not in done.stderr


def test_a_folder_that_cannot_be_read_is_one_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(root, 1)

    def refuse(path: Any) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse)
        answer = call("ls")
    assert answer.err.splitlines()[0] == f"epochal: {root} cannot be read: Permission denied"


def test_a_reader_that_goes_away_ends_it_quietly(root: Path) -> None:
    make_runs(root, 40, companion=False, rows=1)
    for words in (["ls", "--all", "--json"], ["ls", "--all"], ["history", "brave-otter-1", "train/loss", "--csv"]):
        process = subprocess.Popen([*EPOCHAL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        assert (process.wait(timeout=60), err) == (0, b""), words


def test_ctrl_c_ends_it_quietly(root: Path, tmp_path: Path) -> None:
    make_run(root, 1)
    # a command that waits for an answer
    process = subprocess.Popen(
        [*EPOCHAL, "rm", "brave-otter-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    seen = b""
    while b"trash?" not in seen:
        seen += os.read(process.stderr.fileno(), 1000)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert (root / "project").is_dir() or any(root.iterdir())


def test_python_m_epochal_is_the_command(root: Path) -> None:
    make_run(root, 1)
    done = subprocess.run([*EPOCHAL, "ls", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["name"] == "brave-otter-1"


def test_off_and_on_change_the_folder_and_status_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "offline: runs are recorded on this disk" in call("status").out
    assert "disabled" in call("off").err
    out = call("status").out
    assert out.startswith("disabled: nothing is recorded")
    assert ".epochal.toml" in out
    with epochal.init("digits") as run:
        run.log({"loss": 1.0})
    assert len(epochal.runs()) == 0
    assert "offline" in call("on").err
    assert call("status", "--json").json["mode"] == "offline"
    assert call("status", "--json").json.keys() == JSON_KEYS["status"].keys() - {"problem"}


def test_on_beneath_a_folder_that_is_off_says_so_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    call("off", tmp_path)
    call("on", below)
    assert (below / ".epochal.toml").is_file()
    assert epochal.settings.effective_mode(None, below).mode == "offline"  # type: ignore[attr-defined]
    monkeypatch.setenv("EPOCHAL_MODE", "disabled")
    assert "EPOCHAL_MODE counts more than .epochal.toml" in call("on", below).err
    call("on", tmp_path / "nowhere", code=2)


def test_a_setting_that_is_wrong_shows_in_the_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".epochal.toml").write_text('mode = "loud"\n')
    out = call("status").out
    assert "a setting is wrong" in out
    assert "loud" in out


class Hello:
    """A plugin that brings a command, and tries to take the place of ours."""

    @epochal.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        @cli.command("hello")
        def hello() -> None:
            """Say hello."""
            click.echo("hello")

        @cli.command("ls")
        def ls() -> None:
            """Take a place that is not ours."""
            click.echo("taken")


class Broken:
    """A plugin whose hook raises."""

    @epochal.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        raise RuntimeError("boom")


@pytest.fixture
def fresh_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.forget_manager()
    monkeypatch.setattr(cli, "_asked", False)
    monkeypatch.setattr(cli, "commands", {})
    monkeypatch.delenv("EPOCHAL_STRICT")


@pytest.mark.usefixtures("fresh_cli")
@pytest.mark.parametrize("loaded", [True, False])
def test_register_commands_adds_commands_and_takes_none_of_ours(root: Path, loaded: bool) -> None:
    if loaded:
        call("ls", "--help")
    plugins.add(Hello())
    try:
        assert call("hello").out == "hello\n"
        assert "Say hello." in call("--help").out
        assert call("ls", "--json").json == []
        assert "Hello" in call("plugins").out
    finally:
        plugins.forget_manager()


@pytest.mark.usefixtures("fresh_cli")
def test_a_broken_plugin_costs_its_commands_and_is_listed_with_the_remedy(root: Path) -> None:
    plugins.add(Broken())
    try:
        assert "Commands:" in call("--help").out
        assert call("ls", "--json").json == []
        out = call("plugins").out
        assert "boom" in out
        assert "EPOCHAL_DISABLE_PLUGINS" in out
        told = call("plugins", "--json").json
        assert told.keys() == JSON_KEYS["plugins"].keys()
        assert told["problems"][0]["plugin"] == "Broken"
        for key in ("plugins", "problems"):
            words = JSON_KEYS["plugins"][key].removeprefix("list of ").split(", ")
            assert list(told[key][0]) == words
    finally:
        plugins.forget_manager()
