"""Every hook is specified in full, and the example in its docstring is a plugin that works."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from click.testing import CliRunner

from epochal import hookspecs
from epochal.hookspecs import Converter, Fingerprinter, RunInfo, Sink, SystemProbe
from epochal.plugin_checks import hook_names
from epochal.plugins import PluginManager

HOOKS = hook_names()


@pytest.fixture
def run(tmp_path: Path) -> RunInfo:
    return RunInfo("20260101t000000000-abcdefgh", "digits", "brave-otter-17", tmp_path / "digits" / "id", tmp_path)


def example_of(hook: str) -> str:
    """Return the example in a hook's docstring."""
    text = inspect.getdoc(getattr(hookspecs, hook)) or ""
    return textwrap.dedent(text.partition("Example:\n")[2])


def with_example(hook: str) -> PluginManager:
    """Return a manager with the example as its plugin."""
    module = ModuleType(f"example_of_{hook}")
    exec(compile(example_of(hook), f"example of {hook}", "exec"), vars(module))
    manager = PluginManager()
    assert manager.add(module)
    assert manager.plugins()[0].hooks == (hook,)
    return manager


def test_these_are_the_hooks() -> None:
    assert hook_names() == [
        "register_converters",
        "register_fingerprinters",
        "register_system_probes",
        "register_exporters",
        "register_importers",
        "register_sinks",
        "register_commands",
        "collect_environment",
        "run_started",
        "run_finished",
        "make_run_name",
    ]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_when_arguments_return_and_what_a_failure_costs(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    text = inspect.getdoc(spec) or ""
    wanted = ["When:", "Returns:", "If you raise:", "Example:"]
    if inspect.signature(spec).parameters:
        wanted.insert(1, "Arguments:")
    assert [part for part in re.findall(r"^([A-Z][a-z ]+:)", text, re.MULTILINE) if part in wanted] == wanted
    for name in inspect.signature(spec).parameters:
        assert f"`{name}`" in text.partition("Example:")[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_an_example_is_short_and_complete(hook: str) -> None:
    lines = [line for line in example_of(hook).splitlines() if line.strip()]
    assert 5 <= len(lines) <= 10
    assert "@hookimpl" in lines


@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_is_historic(hook: str) -> None:
    """A historic hook would keep its arguments alive for the life of the process."""
    manager = PluginManager()
    assert not getattr(manager._pluggy.hook, hook).is_historic()


def test_only_hooks_that_decide_stop_at_the_first_answer() -> None:
    first = {hook for hook in HOOKS if getattr(getattr(hookspecs, hook), "epochal_spec")["firstresult"]}
    assert first == {hook for hook in HOOKS if hook.startswith("make_")}


def test_a_run_is_described_by_something_that_does_not_change(run: RunInfo) -> None:
    with pytest.raises(FrozenInstanceError):
        run.name = "other"  # type: ignore[misc]


def test_the_example_of_register_converters() -> None:
    (converter,) = with_example("register_converters").collect("register_converters")
    assert isinstance(converter, Converter)
    assert converter.convert(timedelta(minutes=1)) == 60.0


def test_the_example_of_register_fingerprinters() -> None:
    (fingerprinter,) = with_example("register_fingerprinters").collect("register_fingerprinters")
    assert isinstance(fingerprinter, Fingerprinter)

    class Pairs:
        inputs, labels = [1, 2], [3, 4]

    class Budget:
        def of(self, data: Any) -> Mapping[str, Any]:
            return {"sha256": repr(data)}

    assert fingerprinter.fingerprint(Pairs(), Budget()) == {"sha256": "[[1, 2], [3, 4]]", "rows": 2}  # type: ignore[arg-type]


def test_the_example_of_register_system_probes(tmp_path: Path) -> None:
    (probe,) = with_example("register_system_probes").collect("register_system_probes")
    assert isinstance(probe, SystemProbe)
    assert probe.sample(hookspecs.ProbeContext(1, 0.0, tmp_path))["system/load"] >= 0


def test_the_example_of_register_exporters(tmp_path: Path) -> None:
    (exporter,) = with_example("register_exporters").collect("register_exporters")
    assert isinstance(exporter, hookspecs.Exporter)
    request = hookspecs.ExportRequest((), tmp_path / "out", hookspecs.PointChoice(), {})
    assert exporter.export(request).points == ()
    assert (tmp_path / "out").read_text() == ""


def test_the_example_of_register_importers(tmp_path: Path) -> None:
    from epochal.exchange.import_job import ImportJob
    from epochal.recorded import RecordedRun

    (importer,) = with_example("register_importers").collect("register_importers")
    assert isinstance(importer, hookspecs.Importer)
    source = tmp_path / "a.loss"
    source.write_text("3\n2\n1\n")
    assert importer.detect(source)
    job = ImportJob("losses", [source], tmp_path / "runs")
    importer.import_(job)
    assert RecordedRun(job.report.runs[0].path).history("loss").values.tolist() == [3, 2, 1]


def test_the_example_of_register_sinks(run: RunInfo, capsys: pytest.CaptureFixture[str]) -> None:
    (sink,) = with_example("register_sinks").collect("register_sinks")
    assert isinstance(sink, Sink)
    sink.open(sink.check({}), run).write([{"kind": "row"}, {"kind": "finish"}])
    assert capsys.readouterr().out == "row finish\n"


def test_the_example_of_register_commands() -> None:
    cli = click.Group()
    assert with_example("register_commands").collect("register_commands", cli=cli) == []
    assert CliRunner().invoke(cli, ["hello"]).output == "hello\n"


def test_the_example_of_collect_environment(run: RunInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = with_example("collect_environment")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert manager.collect("collect_environment", run=run) == []
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert manager.collect("collect_environment", run=run) == [{"slurm": {"job": "17"}}]


def test_the_example_of_run_started(run: RunInfo) -> None:
    with_example("run_started").observe("run_started", run=run)
    assert (run.root / "started.txt").read_text() == "digits brave-otter-17\n"


def test_the_example_of_run_finished(run: RunInfo) -> None:
    with_example("run_finished").observe("run_finished", run=run, status="failed", summary={})
    assert (run.root / "last-failure.txt").read_text() == str(run.folder)


def test_the_example_of_make_run_name() -> None:
    manager = with_example("make_run_name")
    assert manager.decide("make_run_name", project="p", config={"model": "cnn", "lr": 0.1}) == "cnn-lr0.1"
    assert manager.decide("make_run_name", project="p", config={}) is None
