"""`epochal export` and `epochal import` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import plugins
from epochal.cli import app
from epochal.cli.json_keys import JSON_KEYS
from epochal.errors import BadValueError
from epochal.exchange.doors import exporter_of, exporters, importers
from epochal.exchange.formats import Exported
from epochal.hookspecs import Exporter, Importer, hookimpl
from tests.needs import need

from .cli_call import call
from .odd_run import make_odd_run

SCHEMAS = Path(app.__file__).parent / "schemas"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_odd_run(tmp_path / "runs", id="run-1", project="p")
    make_odd_run(tmp_path / "runs", id="run-2", project="q")
    return tmp_path / "runs"


def fits(command: str, answer: Any) -> None:
    """Check a JSON answer against the command's keys and its schema's."""
    schema = json.loads((SCHEMAS / f"{command}.json").read_text())
    assert set(answer) == set(JSON_KEYS[command]) == set(schema["required"])
    run = schema["properties"]["runs"]["items"]
    for each in answer["runs"]:
        assert set(each) == set(run["required"])
    jsonschema = need("jsonschema")
    jsonschema.Draft202012Validator(schema).validate(answer)


def test_runs_are_exported_and_imported_again(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    said = call("export", "csv", "run-1", "run-2", out, "--dir", root)
    assert "2 runs, " in said.err
    assert str(out) in said.err
    said = call("import", "csv", out, "--dir", tmp_path / "back")
    assert said.out.count("imported: ") == 2
    said = call("import", "auto", out, "--dir", tmp_path / "back")
    assert said.out.count("is here already") == 2


def test_runs_are_chosen_by_project_filter_or_all_of_them(root: Path, tmp_path: Path) -> None:
    for number, (words, count) in enumerate(
        [(["--project", "p"], 1), (["--where", 'project == "q"'], 1), (["--all"], 2)]
    ):
        answer = call("export", "jsonl", *words, tmp_path / f"{number}.jsonl", "--dir", root, "--json").json
        assert len(answer["runs"]) == count
    assert "not both" in call("export", "csv", "run-1", tmp_path / "o", "--all", "--dir", root, code=2).err
    assert "no run is meant" in call("export", "csv", tmp_path / "o", "--dir", root, code=1).err


@pytest.mark.parametrize("format", ["csv", "jsonl", "archive"])
def test_json_is_what_its_schema_says(format: str, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported = call("export", format, "--all", out, "--dir", root, "--json").json
    fits("export", exported)
    assert exported["files"][-1] == {"path": str(out), "bytes": out.stat().st_size}
    for _ in range(2):
        fits("import", call("import", format, out, "--dir", tmp_path / "back", "--json").json)
    answer = call("import", format, tmp_path / "runs" / "p", "--dir", tmp_path / "back", "--json", code=1)
    fits("import", answer.json)
    assert len(answer.json["skipped"]) == 1


def test_the_help_lists_the_formats_with_their_options() -> None:
    for command, known in (("export", exporters()), ("import", importers())):
        said = call("help" if command == "" else command, "--help", width=120).out
        for each in known:
            assert (f"  {each.name} " in said) is getattr(each, "writes", True)
            assert all(f"--{name}" in said for name in {**each.options, **getattr(each, "flags", {})})


def test_an_option_of_a_format_is_given_by_its_name_or_by_o(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("iteration,loss\n5,0.5\n")
    for at, words in enumerate((["--step", "iteration"], ["-o", "step=iteration"])):
        call("import", "csv", tmp_path / "log.csv", *words, "--dir", tmp_path / f"runs{at}")
        (run,) = epochal.runs(dir=tmp_path / f"runs{at}")
        assert run.history("loss").steps.tolist() == [5]
    assert "no such option" in call("import", "csv", tmp_path / "log.csv", "--purge", "none", code=2).err.lower()


def test_errors_say_the_way_out(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "did you mean 'jsonl'" in call("export", "jsonlines", "run-1", out, "--dir", root, code=1).err
    assert "epochal.export_runs" in call("export", "pandas", "run-1", out, "--dir", root, code=1).err
    assert "the file to write last" in call("export", "csv", code=2).err
    assert "give a number, or all" in call("export", "csv", "run-1", out, "--rank", "x", "--dir", root, code=2).err
    assert "give NAME=VALUE" in call("export", "csv", "run-1", out, "-o", "x", "--dir", root, code=2).err
    out.write_text("x")
    assert "--force" in call("export", "csv", "run-1", out, "--dir", root, code=1).err
    assert "is not there" in call("import", "csv", tmp_path / "no", code=1).err


def test_what_is_left_out_is_said_and_what_gives_nothing_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("step,loss,note\n0,1,x\n")
    (tmp_path / "b.csv").write_text("a\nx\n")
    said = call("import", "csv", tmp_path / "a.csv", tmp_path / "b.csv", "--name", "mine", code=1)
    assert "mine imported: 1 metric, 1 points" in said.out
    assert "not taken over: column 'note': it holds no numbers" in said.err
    assert "b.csv: no row of it holds a number" in said.err


def test_formats_of_plugins_are_found_and_do_not_replace_our_own(tmp_path: Path, root: Path) -> None:
    class Plugin:
        @hookimpl
        def register_exporters(self) -> list[Exporter]:
            def names(request: Any) -> Exported:
                request.out.mkdir()
                (request.out / "names").write_text(" ".join(run.id for run in request.runs))
                return Exported(tuple(0 for _ in request.runs))

            return [Exporter("names", "names of runs", names), Exporter("csv", "not ours", names)]

        @hookimpl
        def register_importers(self) -> list[Importer]:
            return [Importer("loss", "a loss a line", lambda path: path.suffix == ".loss", read_losses)]

    def read_losses(job: Any) -> None:
        for source in job.sources:
            run = job.found(source, [source], name=source.stem)
            if run is not None:
                for step, line in enumerate(source.read_text().split()):
                    run.row(step, {"loss": float(line)})
                job.take(run)

    plugins.forget_manager()
    try:
        assert plugins.add(Plugin())
        assert exporter_of("csv").description != "not ours"
        call("export", "names", "--all", tmp_path / "out", "--dir", root)
        assert sorted((tmp_path / "out" / "names").read_text().split()) == ["run-1", "run-2"]
        (tmp_path / "a.loss").write_text("1 2 3")
        assert "a imported: 1 metric, 3 points" in call("import", "auto", tmp_path / "a.loss").out
        (tmp_path / "a.loss").write_text("1 2 3 4")
        assert "1 of 4 points" in call("import", "loss", tmp_path / "a.loss").out
    finally:
        plugins.forget_manager()


def test_formats_are_ours_by_plugins_that_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_DISABLE_PLUGINS", "exchange")
    plugins.forget_manager()
    try:
        with pytest.raises(BadValueError, match="no format 'csv'"):
            exporter_of("csv")
    finally:
        plugins.forget_manager()
