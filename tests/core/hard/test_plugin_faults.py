"""Plugins that cannot be imported, raise, are slow, or answer nonsense: named once, and the training goes on."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, until, value

TRAINING = """
sys.path.insert(0, os.path.abspath("installed"))
run = epochal.init("plugins", id="it", config={"lr": 0.1})
for n in range(100):
    run.log({"a": value(n)}, step=n)
run.finish()
again = epochal.init("plugins", id="again")
again.log({"a": 1.0})
again.finish()
"""

HEAD = "import os, sys, time\nfrom epochal import hookimpl\nfrom epochal.hookspecs import Converter, SystemProbe\n"


def install(folder: Path, name: str, module: str, *, entry: str | None = None) -> None:
    """Put a distribution on disk as pip would: a module, its metadata, and its entry point."""
    place = folder / "installed"
    metadata = place / f"{name}-1.2.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(f"[epochal]\n{name} = {entry or name}\n")
    (place / f"{name}.py").write_text(HEAD + dedent(module))


def train(folder: Path, *, companion: bool = False, script: str = TRAINING, strict: bool = False) -> Training:
    with Training(
        folder, script, companion=companion, environment={"EPOCHAL_STRICT": "1" if strict else "0"}
    ) as training:
        if strict:
            assert training.wait() != 0
        else:
            training.succeed()
        if companion:
            until(lambda: not training.companions(), "the companion's end")
    return training


#: Modules that fail, each with what the warning must say besides the plugin's name.
BROKEN = {
    "raises": ("raise RuntimeError('at import')", "at import"),
    "needs": ("import a_module_that_nobody_has", "a_module_that_nobody_has"),
    "syntax": ("def (:\n", "SyntaxError"),
    "unknown": ("@hookimpl\ndef run_exploded(run):\n    pass\n", "run_exploded"),
    "argument": ("@hookimpl\ndef run_started(run, colour):\n    pass\n", "colour"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_plugin_that_cannot_be_used_is_named_with_its_distribution(tmp_path: Path, name: str) -> None:
    source, said = BROKEN[name]
    install(tmp_path, f"broken_{name}", source)
    training = train(tmp_path)
    run = training.recorded("it")
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(100)]
    assert training.errors.count(f"broken_{name}") >= 1
    assert sum(said in line for line in training.errors.splitlines()) == 1, training.errors
    assert any(f"broken_{name}" in notice.text or f"broken-{name}" in notice.text for notice in run.notices)


def test_a_plugin_whose_module_is_missing_is_named(tmp_path: Path) -> None:
    install(tmp_path, "absent", "", entry="nowhere_to_be_found:plugin")
    training = train(tmp_path)
    assert training.recorded("it").state == "finished"
    assert "absent" in training.errors and "nowhere_to_be_found" in training.errors


@pytest.mark.parametrize("source", ["sys.exit(1)", "raise KeyboardInterrupt"])
def test_a_plugin_that_ends_the_program_when_imported_is_told_from_one_that_fails(tmp_path: Path, source: str) -> None:
    """A script without the usual guard ends by SystemExit when imported: that is a broken plugin, Ctrl-C is not."""
    install(tmp_path, "leaving", source)
    with Training(tmp_path, TRAINING, environment={"EPOCHAL_STRICT": "0"}) as training:
        status = training.wait()
    if "exit" in source:
        assert status == 0, training.errors
        assert "leaving" in training.errors
    else:
        assert status != 0


HOOKS = {
    "register_converters": "def register_converters():\n    {}",
    "run_started": "def run_started(run):\n    {}",
    "run_finished": "def run_finished(run, status, summary):\n    {}",
    "make_run_name": "def make_run_name(project, config):\n    {}",
}
ANSWERS = {"raises": "raise ValueError('within a hook')", "answers nonsense": "return object()"}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("how", ANSWERS)
def test_a_hook_that_fails_is_muted_and_shown_in_the_record(tmp_path: Path, hook: str, how: str) -> None:
    if how == "answers nonsense" and hook.startswith("run_"):
        pytest.skip("what an observer returns is ignored")
    install(tmp_path, "failing", "@hookimpl\n" + HOOKS[hook].format(ANSWERS[how]))
    training = train(tmp_path)
    run = training.recorded("it")
    assert run.state == "finished"
    assert run.name
    assert points(run, "a") == [(n, value(n)) for n in range(100)]
    assert "failing" in training.errors, training.errors
    assert any("failing" in notice.text for notice in run.notices), (hook, run.notices)
    assert_sound(run.path)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_fails_raises_in_strict_mode(tmp_path: Path, hook: str) -> None:
    install(tmp_path, "failing", "@hookimpl\n" + HOOKS[hook].format("raise ValueError('within a hook')"))
    script = TRAINING.replace(
        "run.finish()", "run._end(run._session and __import__('epochal.ending').ending.ending_of(None))"
    )
    if hook == "run_finished":
        script = TRAINING
    training = train(tmp_path, script=script, strict=True)
    assert "within a hook" in training.errors


def test_a_slow_plugin_is_waited_for_and_named(tmp_path: Path) -> None:
    install(tmp_path, "slow", "@hookimpl\ndef run_started(run):\n    time.sleep(1.2)\n")
    training = train(tmp_path)
    run = training.recorded("it")
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(100)]
    lines = [line for line in training.errors.splitlines() if "slow" in line]
    assert len(lines) == 1, training.errors


def test_a_converter_that_fails_costs_its_value_alone(tmp_path: Path) -> None:
    install(
        tmp_path,
        "converting",
        """
        @hookimpl
        def register_converters():
            def fail(value):
                raise ValueError("cannot convert")
            def nonsense(value):
                return [1, 2, 3]
            def right(value):
                return value.x
            named = {"Bad": fail, "Odd": nonsense, "Good": right}
            return [Converter(f"__main__.{name}", convert) for name, convert in named.items()]
        """,
    )
    script = TRAINING.replace(
        'run.log({"a": value(n)}, step=n)',
        'run.log({"a": value(n), "bad": Bad(), "odd": Odd(), "good": Good()}, step=n)',
    ).replace("run = epochal.init", "class Bad: pass\nclass Odd: pass\nclass Good: x = 0.5\nrun = epochal.init")
    training = train(tmp_path, script=script)
    run = training.recorded("it")
    assert points(run, "a") == [(n, value(n)) for n in range(100)]
    assert points(run, "good") == [(n, 0.5) for n in range(100)]
    assert "bad" not in run.metrics and "odd" not in run.metrics
    assert training.errors.count("'bad'") == training.errors.count("'odd'") == 1


def told(training: Training, text: str) -> bool:
    """Return whether a notice of the run `it` says something."""
    return any(text in notice.text for notice in training.recorded("it").notices)


def test_what_fails_in_the_companion_is_shown_in_the_record(tmp_path: Path) -> None:
    install(
        tmp_path,
        "watching",
        """
        def explode(context):
            raise ValueError("a probe fell over")
        @hookimpl
        def register_system_probes():
            return [SystemProbe("explodes", explode)]
        @hookimpl
        def collect_environment(run):
            raise ValueError("an environment fell over")
        """,
    )
    script = TRAINING.replace(
        "run.finish()", "ack(0)\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\nrun.finish()", 1
    )
    with Training(tmp_path, script, companion=True, environment={"EPOCHAL_STRICT": "0"}) as training:
        training.hear(until=lambda: bool(training.acks))
        until(lambda: told(training, "a probe fell over"), "the word on the probe")
        until(lambda: told(training, "an environment fell over"), "the word on the environment")
        until(lambda: bool(training.recorded("it").environment), "the rest of the environment")
        (tmp_path / "go").touch()
        training.succeed()
    run = training.recorded("it")
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(100)]


def test_a_plugin_that_kills_the_companion_harms_no_training(tmp_path: Path) -> None:
    install(tmp_path, "killing", "@hookimpl\ndef register_system_probes():\n    os._exit(1)\n")
    training = train(tmp_path, companion=True)
    run = training.recorded("it")
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(100)]


def test_two_plugins_of_one_name_and_one_that_is_switched_off_do_no_harm(tmp_path: Path) -> None:
    install(tmp_path, "first", "@hookimpl\ndef make_run_name(project, config):\n    return 'named by the first'\n")
    install(tmp_path, "second", "raise RuntimeError('never imported')")
    for place in (tmp_path / "installed").glob("*/entry_points.txt"):
        place.write_text(place.read_text() + "twice = first\n")
    with Training(
        tmp_path, TRAINING, environment={"EPOCHAL_STRICT": "0", "EPOCHAL_DISABLE_PLUGINS": "second"}
    ) as training:
        training.succeed()
    assert training.recorded("it").name == "named by the first"
    assert "never imported" not in training.errors
