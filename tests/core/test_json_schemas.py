"""What commands print with --json is what their schemas say, for runs of every kind."""

from __future__ import annotations

import contextlib
import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

import epochal
from epochal import edits
from epochal.cli import schema
from epochal.cli.app import cli
from epochal.json_values import json_safe
from tests.core.cli_call import call
from tests.core.make_runs import make_run

#: Each form of each command. A command with --json that stands here not at all fails a test below.
CALLS: dict[str, list[list[str]]] = {
    "ls": [[], ["--columns", "name,state,x,loss"], ["--group", "state"], ["--group", "state", "--stats", "n,sem"],
        ["--where", "False"]],
    "show": [["RUN"], ["lists"], ["lists", "--console"]],
    "compare": [["RUN", "failed"], ["RUN", "failed", "empty", "--metric", "loss"], ["RUN", "lists", "--all"]],
    "plot": [
        ["RUN", "-m", "loss"], ["RUN", "-m", "loss", "--smooth", "0.5"], ["RUN", "-m", "loss", "--abandoned"],
        ["RUN", "-m", "flag", "--x", "time"], ["--group", "state", "-m", "loss"],
    ],
    "history": [
        ["RUN"], ["RUN", "loss"], ["RUN", "text"], ["RUN", "flag"], ["RUN", "big"], ["RUN", "loss", "flag"],
        ["RUN", "loss", "--rank", "all"], ["RUN", "loss", "--abandoned"], ["RUN", "loss", "--x", "flag"],
        ["RUN", "loss", "--duplicates", "--x", "relative"], ["RUN", "🦦\x1b"],
    ],
    "verify": [[]],
    "plugins": [[]],
    "status": [[]],
    "schema": [[], ["ls"]],
}  # fmt: skip


VALUES, NUMBERS = (
    Draft202012Validator(
        {"type": "array", "items": {"$ref": f"#/$defs/{name}"}, "$defs": schema.load("history")["$defs"]}
    )
    for name in ("value", "number")
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of every kind, which nothing here changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EPOCHAL_COMPANION", "off")
        patch.setenv("EPOCHAL_QUIET", "1")
        return record_all(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def home(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EPOCHAL_DIR", str(recorded))
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    return recorded


def record_all(root: Path) -> Path:
    for index, finish in enumerate(("finished", "failed", "interrupted", None)):
        make_run(root, index, finish=finish, project=f"project {index % 2} ü/..")
    make_run(root, 4, finish=None, companion=False)
    odd = {"x": math.nan, "y": [math.inf, -math.inf, 2**70], "ü\x1b": {"": None}, "z": b"\xff".hex()}
    with epochal.init("odd", id="rich", name="rich \u202e\x1b[31m", dir=root, config=odd) as run:
        for step in range(30):
            values = {"loss": math.nan if step % 7 == 0 else 1 / (step + 1), "flag": step % 2 == 0, "big": 2**62 + step}
            run.log({**values, "text": f"line {step}\n", "🦦\x1b": math.inf}, step=step)
        run.log({"all_nan": math.nan, "one": 1}, step=5)
        run.summary["by hand"] = -math.inf
        run.summary["nested"] = {"a": [math.nan, {"b": 2**80}]}
        position = run.position()
        run.log({"loss": 99.0}, step=31)
        run.rewind(step=20)
        run.log({"loss": 3}, step=20)
    assert position
    epochal.get_run("rich", root).tag(add=["a tag", "ö"])
    epochal.get_run("rich", root).note("a note\n" * 3)
    with epochal.init("odd", id="rich", dir=root, resume="must", rank=1) as run:
        run.log({"loss": 5.0}, step=1)
    with contextlib.suppress(ZeroDivisionError), epochal.init("odd", id="failed", dir=root) as run:
        run.log({"loss": 1}, step=2**62)
        1 / 0
    epochal.init("odd", id="empty", dir=root).finish()
    with epochal.init("odd", id="lists", dir=root, config={"y": [1, {"a": None}]}) as run:
        print("what a training prints")
        run.alert("a title", "a text", level="warning")
        run.log({"picture": [epochal.Text("one"), epochal.Histogram([1, 2, math.nan])]}, step=3)
    damage(root)
    return root


def damage(root: Path) -> None:
    """Leave runs that cannot be read, without a journal, with one cut off, and with damaged rows."""
    unreadable = root / "odd" / "unreadable" / "journal"
    unreadable.mkdir(parents=True)
    (unreadable / "main-0-1-00000000.epochal").write_bytes(b"what is this" * 100)
    hollow = root / "odd" / "hollow" / "journal"
    hollow.mkdir(parents=True)
    for cut in (0.5, None):
        path = next((make_run(root, 9, project="damaged") / "journal").glob("main*.epochal"))
        data = bytearray(path.read_bytes())
        if cut is not None:
            path.write_bytes(data[: int(len(data) * cut)])
        else:
            for at in range(len(data) // 2, len(data), 97):
                data[at] ^= 0x10
            path.write_bytes(data)


def checked(command: str, *words: str, code: int | None = 0) -> Any:
    """Call a command with --json and hold what it prints against its schema."""
    if code is None:
        code = 1 if command == "verify" else 0
    told = json.loads(call(command, *words, "--json", code=code).out, parse_constant=refuse)
    Draft202012Validator(schema.load(command)).validate(told)
    return told


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def with_json() -> dict[str, click.Command]:
    """Return every command of ours that has --json, those within groups as `group command`."""

    def walk(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from walk(command, f"{above}{name} ")
            elif any("--json" in parameter.opts for parameter in command.params):
                yield f"{above}{name}", command

    return {
        name: command
        for name, command in walk(cli, "")
        if (getattr(command.callback, "__module__", None) or "").startswith("epochal.")
    }


def test_every_command_that_prints_json_has_a_schema_and_is_called_here() -> None:
    assert set(schema.commands()) == {name.replace(" ", "-") for name in with_json()}
    assert set(CALLS) | ELSEWHERE == set(schema.commands())


#: Commands whose output is held against its schema by tests of their own.
ELSEWHERE: set[str] = {"export", "import", "merge", "restore", "sinks"}


@pytest.mark.parametrize(("command", "words"), [(name, words) for name, calls in CALLS.items() for words in calls])
def test_what_a_command_prints_is_what_its_schema_says(home: Path, command: str, words: list[str]) -> None:
    told = checked(command, *("rich" if word == "RUN" else word for word in words), code=None)
    assert told or words == ["--where", "False"]


def test_runs_of_every_kind_can_be_shown(home: Path) -> None:
    listed = checked("ls")
    assert {"finished", "failed", "interrupted", "killed", "lost", "unreadable"} <= {run["state"] for run in listed}
    for run in listed:
        if run["state"] != "unreadable":
            checked("show", run["path"])
            checked("history", run["path"])
    assert checked("show", "failed")["error"]["type"] == "ZeroDivisionError"
    assert checked("show", "rich")["summary"]["by hand"] == "-Infinity"
    assert {one["sound"] for one in checked("verify", code=1)} == {True, False}


@pytest.mark.parametrize("format", ["csv", "jsonl", "archive"])
def test_what_is_exported_can_be_imported_and_both_are_told(home: Path, tmp_path: Path, format: str) -> None:
    out = tmp_path / f"out.{format}"
    told = checked("export", format, "rich", "empty", str(out))
    assert [run["id"] for run in told["runs"]] == ["rich", "empty"]
    for outcome in ({"new"}, {"unchanged", "here"}):
        found = checked("import", format, str(out), "--dir", str(tmp_path / "other"))
        assert found["runs"]
        assert {run["outcome"] for run in found["runs"]} <= outcome
    checked("import", format, str(tmp_path), "--dir", str(tmp_path / "other"), code=1)


def test_a_run_that_is_going_on_is_shown_too(home: Path) -> None:
    run = epochal.init("live", id="live")
    try:
        assert checked("show", "live")["state"] == "running"
        run.log({"loss": 1.0})
        assert checked("show", "live")["metrics"][0]["last"] == 1.0
        assert "running" in {one["state"] for one in checked("ls")}
        assert checked("history", "live", "loss")["value"] == [1.0]
    finally:
        run.finish()


def test_a_setting_that_is_wrong_and_a_plugin_that_fails_fit_their_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    from epochal import plugins

    class Broken:
        @epochal.hookimpl
        def register_commands(self, cli: click.Group) -> None:
            raise ValueError("boom")

    monkeypatch.setenv("EPOCHAL_MODE", "typo")
    assert checked("status")["mode"] is None
    monkeypatch.delenv("EPOCHAL_MODE")
    monkeypatch.delenv("EPOCHAL_STRICT", raising=False)
    plugins.forget_manager()
    try:
        plugins.get_manager().add(Broken(), "Broken")
        assert checked("plugins")["problems"]
    finally:
        plugins.forget_manager()


@pytest.mark.parametrize("command", sorted({"ls", "show", "plot", "history", "verify", "plugins", "status"}))
def test_a_schema_refuses_a_key_that_is_missing_or_has_another_type(home: Path, command: str) -> None:
    words = {"ls": [], "show": ["rich"], "plot": ["rich"], "history": ["rich", "loss"]}.get(command, [])
    told = checked(command, *words, code=None)
    one = told[0] if isinstance(told, list) else told
    known = next(part for _, part in schema.variants(schema.load(command)) if set(part["required"]) <= set(one))
    validator = Draft202012Validator(schema.load(command))
    for key in known["required"]:
        changed = copy.deepcopy(one)
        del changed[key]
        if command == "ls" or (command == "history" and key in ("metric", "axis", "step", "value", "time")):
            continue  # what is left may be another form of the command's output
        with pytest.raises(ValidationError):
            validator.validate([changed] if isinstance(told, list) else changed)
    with pytest.raises(ValidationError):
        validator.validate(json.dumps(told))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats() | st.integers() | st.booleans() | st.text()))
def test_whatever_a_metric_holds_fits(values: list[object]) -> None:
    told = json.loads(json.dumps(json_safe(values)), parse_constant=refuse)
    VALUES.validate(told)
    NUMBERS.validate([one for one, value in zip(told, values, strict=True) if type(value) in (int, float)])


def test_schema_prints_a_schema_lists_them_and_names_those_that_there_are(tmp_path: Path) -> None:
    assert call("schema", "ls").out == call("schema", "ls", "--json").out
    assert call("schema", "show").json == schema.load("show")
    assert {one["command"] for one in call("schema", "--json").json} == set(schema.commands())
    assert [line.split()[0] for line in call("schema").out.splitlines()] == schema.commands()
    assert "rm has no schema: there are compare, export, history" in call("schema", "rm", code=1).err
    assert "has no schema" in call("schema", "../../setup", code=1).err


def test_an_edit_to_a_run_shows_in_its_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path))
    folder = make_run(tmp_path, 1)
    edits.edit(folder, meta={"name": "new", "notes": None, "group": "\ud7ff"}, summary_set={"a": math.nan})
    told = checked("show", "new")
    assert told["summary"]["a"] == "NaN"
    assert told["notes"] is None
