"""Plugins are found, checked and called one by one; what one does wrong harms neither another nor the training."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import click
import pytest

from epochal import plugins
from epochal.errors import PluginError
from epochal.hookspecs import (
    Converter,
    Exported,
    Exporter,
    Fingerprinter,
    Importer,
    RunInfo,
    Sink,
    SystemProbe,
    hookimpl,
)
from epochal.installed import find_entry_points, installed
from epochal.plugin_checks import hook_names
from epochal.plugin_facts import PluginProblem
from epochal.plugins import PluginManager, companion_manager, get_manager

RUN = RunInfo("id", "project", "name", Path("folder"), Path())
ARGUMENTS: dict[str, dict[str, Any]] = {
    "register_converters": {},
    "register_fingerprinters": {},
    "register_system_probes": {},
    "register_exporters": {},
    "register_importers": {},
    "register_sinks": {},
    "register_commands": {"cli": click.Group()},
    "collect_environment": {"run": RUN},
    "run_started": {"run": RUN},
    "run_finished": {"run": RUN, "status": "finished", "summary": {}},
    "make_run_name": {"project": "project", "config": {}},
}
RIGHT: dict[str, Any] = {
    "register_converters": [Converter("m.C", float)],
    "register_fingerprinters": [Fingerprinter("m.C", lambda data, budget: None)],
    "register_system_probes": [SystemProbe("p", lambda context: {})],
    "register_exporters": [Exporter("x", "…", lambda request: Exported(()))],
    "register_importers": [Importer("x", "…", lambda path: False, lambda job: None)],
    "register_sinks": [Sink("s", lambda settings, run: None)],
    "register_commands": None,
    "collect_environment": {"mine": 1},
    "run_started": None,
    "run_finished": None,
    "make_run_name": "brave-otter-17",
}
WRONG = {
    "register_converters": [[Converter, "m.C"], Converter("m.C", float), "m.C", {"m.C": float}, 3],
    "register_fingerprinters": [[None], "x", 1.5],
    "register_system_probes": [SystemProbe("p", dict), [lambda: None], {}],
    "register_exporters": [[Exporter], Exporter("x", "…", lambda request: Exported(())), "csv", {"csv": 1}],
    "register_importers": [[None], "csv", 7],
    "register_sinks": [Sink("s", lambda settings, run: None), ["jsonl"], {}],
    "collect_environment": [["a"], "text", 5],
    "make_run_name": ["", "  ", 7, ["name"], b"name"],
}
HOOKS = list(ARGUMENTS)


@pytest.fixture(autouse=True)
def plugins_of_this_test() -> Iterator[None]:
    plugins.forget_manager()
    yield
    plugins.forget_manager()


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as in a user's training: warn, and go on."""
    monkeypatch.delenv("EPOCHAL_STRICT")


def implementing(hook: str, answer: Callable[[], Any], **options: Any) -> ModuleType:
    """Return a plugin with one hook that answers so, whatever it is asked."""
    module = ModuleType(f"plugin_{hook}")

    def implementation() -> Any:
        return answer()

    setattr(module, hook, hookimpl(specname=hook, **options)(implementation))
    return module


def call(manager: PluginManager, hook: str, **more: Any) -> Any:
    """Call a hook as its family is called."""
    kind = "decide" if hook.startswith("make_") else "observe" if hook.startswith("run_") else "collect"
    return getattr(manager, kind)(hook, **more, **ARGUMENTS[hook])


def raising(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


def test_every_hook_is_tested_here() -> None:
    assert hook_names() == HOOKS == list(RIGHT)


# ---------------------------------------------------------------------------------------- every hook × every fault


def between_two_good_ones(hook: str, bad: Callable[[], Any], heard: list[str]) -> PluginManager:
    """Return a manager with a bad plugin between two good ones."""

    def good(name: str) -> Callable[[], Any]:
        return lambda: (heard.append(name), RIGHT[hook])[1]

    manager = PluginManager(slow_s=0.05)
    manager.add(implementing(hook, good("first")), "first")
    manager.add(implementing(hook, bad), "bad")
    manager.add(implementing(hook, good("last")), "last")
    return manager


def check_that_only_the_bad_one_is_blamed(manager: PluginManager, hook: str, heard: list[str], kind: str) -> None:
    (problem,) = manager.problems
    assert (problem.plugin, problem.hook, problem.kind) == ("bad", hook, kind)
    if not hook.startswith("make_"):
        assert sorted(heard) == ["first", "last"]


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_that_raises_harms_nobody(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    manager = between_two_good_ones(hook, raising(RuntimeError("boom")), heard)
    muted: set[str] = set()
    told: list[PluginProblem] = []
    with caplog.at_level(logging.WARNING, "epochal"):
        # tryfirst of nobody: a deciding hook asks "last" first, so the good one is taken away for it
        if hook.startswith("make_"):
            manager._pluggy.unregister(name="last")
        answer = call(manager, hook, mute=muted, on_problem=told.append)
    check_that_only_the_bad_one_is_blamed(manager, hook, heard, "call")
    assert muted == {"bad"}
    assert told == manager.problems
    assert len(caplog.records) == 1
    assert "plugin bad failed in" in caplog.text
    assert "RuntimeError: boom" in caplog.text
    if hook == "make_run_name":
        assert answer == "brave-otter-17"


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize(("hook", "wrong"), [(hook, wrong) for hook, answers in WRONG.items() for wrong in answers])
def test_a_plugin_that_answers_wrongly_costs_its_own_answer(hook: str, wrong: Any) -> None:
    heard: list[str] = []
    manager = between_two_good_ones(hook, lambda: wrong, heard)
    if hook.startswith("make_"):
        manager._pluggy.unregister(name="last")
    answer = call(manager, hook)
    check_that_only_the_bad_one_is_blamed(manager, hook, heard, "call")
    assert "returned" in manager.problems[0].error
    right = RIGHT[hook]
    assert answer == (right if hook.startswith("make_") else [right, right] if isinstance(right, dict) else right * 2)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_slow_plugin_is_named_once_and_not_stopped(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    manager = between_two_good_ones(hook, lambda: (time.sleep(0.1), RIGHT[hook])[1], heard)
    if hook.startswith("make_"):
        manager._pluggy.unregister(name="last")
    muted: set[str] = set()
    with caplog.at_level(logging.WARNING, "epochal"):
        for _ in range(2):
            manager._collected.clear()
            call(manager, hook, mute=muted)
    (problem,) = manager.problems
    assert (problem.plugin, problem.hook, problem.kind) == ("bad", hook, "slow")
    assert f"is slow: {hook} took 0." in caplog.text
    assert muted == set()


@pytest.mark.parametrize("hook", HOOKS)
def test_in_strict_mode_a_failure_is_raised(hook: str) -> None:
    manager = PluginManager()
    manager.add(implementing(hook, raising(RuntimeError("boom"))), "bad")
    with pytest.raises(PluginError, match=f"plugin bad failed in {hook}.*boom"):
        call(manager, hook)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_wants_to_leave_may(hook: str, error: type[BaseException]) -> None:
    manager = PluginManager()
    manager.add(implementing(hook, raising(error())), "leaving")
    with pytest.raises(error):
        call(manager, hook)
    assert manager.problems == []


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("hook", HOOKS)
def test_a_plugin_that_cannot_be_imported_harms_nobody(
    hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = f"from epochal import hookimpl\nimport no_such_module\n@hookimpl\ndef {hook}(): pass\n"
    install(tmp_path, monkeypatch, "Broken_Plugin", "2.1", "broken = broken_module", {"broken_module.py": source})
    with caplog.at_level(logging.WARNING, "epochal"):
        manager = get_manager()
    (problem,) = manager.problems
    assert problem[:5] == ("import", "broken", "broken-plugin", "2.1", None)
    assert "module 'no_such_module' is missing" in problem.remedy
    assert "plugin broken (broken-plugin 2.1) cannot be imported" in caplog.text
    assert call(manager, "make_run_name")


# ------------------------------------------------------------------------------------------------------- muting


@pytest.mark.usefixtures("lenient")
def test_a_muted_plugin_is_silent_for_that_run_and_heard_in_the_next() -> None:
    calls: list[int] = []
    manager = PluginManager()
    manager.add(implementing("run_started", lambda: (calls.append(1), raising(ValueError())())), "bad")
    first: set[str] = set()
    for _ in range(3):
        call(manager, "run_started", mute=first)
    assert len(calls) == 1
    call(manager, "run_started", mute=set())
    assert len(calls) == 2


@pytest.mark.usefixtures("lenient")
def test_a_plugin_that_is_muted_in_one_hook_is_muted_in_all() -> None:
    heard: list[str] = []
    plugin = implementing("run_started", raising(ValueError()))
    plugin.run_finished = hookimpl(lambda: heard.append("finished"))  # type: ignore[attr-defined]
    manager = PluginManager()
    manager.add(plugin, "bad")
    muted: set[str] = set()
    call(manager, "run_started", mute=muted)
    call(manager, "run_finished", mute=muted)
    assert heard == []


# ---------------------------------------------------------------------------------------------- asking and order


def test_registrations_are_asked_once_until_a_plugin_is_added() -> None:
    asked: list[int] = []
    manager = PluginManager()
    manager.add(implementing("register_converters", lambda: (asked.append(1), [Converter("a.A", float)])[1]), "a")
    for _ in range(3):
        assert [each.type_name for each in call(manager, "register_converters")] == ["a.A"]
    assert len(asked) == 1
    manager.add(implementing("register_converters", lambda: [Converter("b.B", float)]), "b")
    assert {each.type_name for each in call(manager, "register_converters")} == {"a.A", "b.B"}


def test_a_generator_is_a_list_too() -> None:
    manager = PluginManager()
    manager.add(implementing("register_converters", lambda: (Converter(name, float) for name in ("a.A", "b.B"))), "a")
    assert len(call(manager, "register_converters")) == 2


@pytest.mark.usefixtures("lenient")
def test_a_generator_that_breaks_off_costs_that_plugins_contribution() -> None:
    def broken() -> Iterator[Converter]:
        yield Converter("a.A", float)
        raise OSError("gone")

    manager = PluginManager()
    manager.add(implementing("register_converters", broken), "bad")
    assert call(manager, "register_converters") == []
    assert "OSError: gone" in manager.problems[0].error


def test_deciding_hooks_respect_tryfirst_and_trylast_and_ask_our_own_last() -> None:
    manager = get_manager()
    assert call(manager, "make_run_name").count("-") == 2, "Epochal's own answer is never missing"
    manager.add(implementing("make_run_name", lambda: "last", trylast=True), "last")
    assert call(manager, "make_run_name") == "last"
    manager.add(implementing("make_run_name", lambda: "first", tryfirst=True), "first")
    manager.add(implementing("make_run_name", lambda: "middle"), "middle")
    assert call(manager, "make_run_name") == "first"


def test_none_leaves_the_decision_to_the_next() -> None:
    manager = PluginManager()
    manager.add(implementing("make_run_name", lambda: " mine "), "a")
    manager.add(implementing("make_run_name", lambda: None, tryfirst=True), "b")
    assert call(manager, "make_run_name") == "mine"


def test_an_implementation_may_take_any_of_the_arguments() -> None:
    class Plugin:
        heard: ClassVar[list[Any]] = []

        @hookimpl
        def run_started(self, run: RunInfo) -> None:
            self.heard.append(run.id)

        @hookimpl
        def run_finished(self, summary: Any, status: str, more: str = "not passed") -> None:
            self.heard += [status, more]

    manager = PluginManager()
    manager.add(Plugin())
    call(manager, "run_started")
    call(manager, "run_finished")
    assert Plugin.heard == ["id", "finished", "not passed"]


def test_nothing_is_kept_of_what_a_hook_was_given() -> None:
    import gc
    import weakref

    class Config(dict[str, Any]):
        pass

    manager = get_manager()
    config = Config()
    gone = weakref.ref(config)
    manager.decide("make_run_name", project="p", config=config)
    del config
    gc.collect()
    assert gone() is None


# ------------------------------------------------------------------------------------------------------ checking


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("run_start", {}, "there is no hook 'run_start': did you mean 'run_started'?"),
        ("make_run_names", {}, "did you mean 'make_run_name'?"),
        ("run_started", {"hookwrapper": True}, "run_started is a wrapper"),
        ("run_started", {"wrapper": True}, "run_started is a wrapper"),
    ],
)
def test_a_plugin_with_a_wrong_hook_is_refused(name: str, options: Any, said: str) -> None:
    def implementation() -> Iterator[None]:
        yield

    plugin = ModuleType("bad")
    setattr(plugin, name, hookimpl(**options)(implementation))
    manager = PluginManager()
    assert manager.add(plugin) is False
    assert said in manager.problems[0].error
    assert manager.plugins() == []
    call(manager, "run_started")


@pytest.mark.usefixtures("lenient")
def test_an_argument_that_the_hook_does_not_have_is_refused() -> None:
    plugin = ModuleType("bad")
    plugin.run_started = hookimpl(lambda run, config: None)  # type: ignore[attr-defined]
    manager = PluginManager()
    assert manager.add(plugin) is False
    assert "config" in manager.problems[0].error
    assert manager.add(implementing("run_started", lambda: None), "bad"), "the name is free again"


@pytest.mark.usefixtures("lenient")
def test_functions_without_the_mark_are_missed() -> None:
    plugin = ModuleType("unmarked")
    plugin.run_started = lambda run: None  # type: ignore[attr-defined]
    manager = PluginManager()
    assert manager.add(plugin) is False
    assert "mark its functions with @epochal.hookimpl" in manager.problems[0].error


def test_two_plugins_of_one_name_both_live() -> None:
    manager = PluginManager()
    heard: list[str] = []
    for name in ("a", "b", "c"):
        assert manager.add(implementing("run_started", lambda name=name: heard.append(name)), "same")
    call(manager, "run_started")
    assert sorted(heard) == ["a", "b", "c"]
    assert len({facts.name for facts in manager.plugins()}) == 3


def test_add_takes_a_plugin_into_this_process() -> None:
    assert plugins.add(implementing("make_run_name", lambda: "mine"), "mine")
    assert call(get_manager(), "make_run_name") == "mine"


# ------------------------------------------------------------------------------------------------------- finding


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: str, lines: str, files: dict[str, str]
) -> Path:
    """Lay a distribution out as pip does, and put its folder on the path."""
    place = folder / f"site-{name}"
    info = place / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(
        f"[console_scripts]\nx = y:z\n\n[epochal]\n# ours\n{lines}\n\n[other]\na = b\n"
    )
    for file, text in files.items():
        (place / file).write_text(text)
        monkeypatch.delitem(sys.modules, file.removesuffix(".py"), raising=False)
    monkeypatch.syspath_prepend(place)
    return place


NAMING = "from epochal import hookimpl\n@hookimpl\ndef make_run_name():\n    return {!r}\n"


def test_an_installed_plugin_is_found_and_told_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "My.Plug_in", "1.0.post2", "mine = found_one", {"found_one.py": NAMING.format("x")})
    manager = get_manager()
    facts = next(facts for facts in manager.plugins() if facts.name == "mine")
    assert facts[:5] == ("mine", "found_one", "my-plug-in", "1.0.post2", ("make_run_name",))
    assert (facts.builtin, facts.disabled, str(facts)) == (False, False, "mine (my-plug-in 1.0.post2)")
    assert call(manager, "make_run_name") == "x"


def test_an_entry_point_may_name_an_object_in_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "from epochal import hookimpl\nclass Outer:\n    class plugin:\n        @staticmethod\n        @hookimpl\n"
        "        def make_run_name():\n            return 'object'\n"
    )
    install(tmp_path, monkeypatch, "obj", "1", "obj = found_two:Outer.plugin [extra]", {"found_two.py": source})
    assert call(get_manager(), "make_run_name") == "object"


def test_the_first_distribution_of_a_name_hides_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, said in (("1", "old"), ("2", "new")):
        folder = tmp_path / version
        install(
            folder, monkeypatch, "twice", version, f"twice = twice_{said}", {f"twice_{said}.py": NAMING.format(said)}
        )
    assert [facts.version for facts in get_manager().plugins() if facts.distribution == "twice"] == ["2"]


def test_eggs_zips_and_old_layouts_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[epochal]\na = b\n"
    for folder in ("Old_Style.egg-info", "with-1.0-py3.9.egg-info", "unpacked-2.0-py3.9.egg/EGG-INFO"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "entry_points.txt").write_text(text)
        (tmp_path / folder / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: x\nVersion: 0.9\n")
    (tmp_path / "flat.egg-info").write_text("a file, as distutils made them")
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        archive.writestr("zipped-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 3.0\n")
        archive.writestr("zipped-3.0.dist-info/entry_points.txt", text)
    places = [tmp_path, tmp_path / "unpacked-2.0-py3.9.egg", tmp_path / "zipped.zip", tmp_path / "nowhere"]
    with monkeypatch.context() as patch:
        # the rest of the path stays: from Python 3.13 on, importlib.metadata imports some of its parts when first used
        patch.setattr(sys, "path", [*(str(place) for place in places), *sys.path])
        found = {entry.distribution: entry.version for entry in find_entry_points("epochal") if entry.name == "a"}
    assert found == {"old-style": "0.9", "with": "1.0", "unpacked": "2.0", "zipped": "3.0"}


def test_what_is_installed_here_is_what_importlib_says() -> None:
    from importlib.metadata import distributions

    expected: dict[str, str] = {}
    for each in distributions():
        expected.setdefault(each.metadata["Name"].lower().replace("_", "-").replace(".", "-"), each.version)
    found = {each.name: each.version for each in installed()}
    assert set(found) == set(expected)
    assert found["numpy"] == expected["numpy"]


def test_a_finder_of_somebodys_own_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import DistributionFinder, PathDistribution

    place = install(tmp_path, monkeypatch, "elsewhere", "1", "else = elsewhere_module", {})
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(place)])

    class Finder(DistributionFinder):
        def find_spec(self, *_: Any) -> None:
            return None

        def find_distributions(self, context: Any = None) -> Iterator[Any]:
            yield PathDistribution(place / "elsewhere-1.dist-info")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert "else" in {entry.name for entry in find_entry_points("epochal")}


@pytest.mark.parametrize(
    ("value", "gone"), [("mine", {"mine"}), (" announce , mine ", {"mine", "announce"}), ("*", {"mine"})]
)
def test_plugins_can_be_left_out(value: str, gone: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "mine", "1", "mine = must_not_be_imported", {"must_not_be_imported.py": "1 / 0"})
    monkeypatch.setenv("EPOCHAL_DISABLE_PLUGINS", value)
    facts = {facts.name: facts.disabled for facts in get_manager().plugins()}
    assert gone <= {name for name, disabled in facts.items() if disabled}
    assert facts["names"] is False
    assert "must_not_be_imported" not in sys.modules


@pytest.mark.parametrize("source", ["1 / 0", "import no_such_thing", "x = (", "raise KeyError('k')"])
def test_a_broken_plugin_is_a_problem_with_a_remedy(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "broken", "1.5", "broken = broken_three", {"broken_three.py": source})
    with pytest.raises(PluginError, match=r"plugin broken \(broken 1.5\) cannot be imported"):
        get_manager()
    monkeypatch.delenv("EPOCHAL_STRICT")
    (problem,) = get_manager().problems
    assert "EPOCHAL_DISABLE_PLUGINS=broken" in problem.remedy
    assert "broken" not in {facts.name for facts in get_manager().plugins()}


def test_our_own_plugins_take_the_same_door() -> None:
    own = {facts.name: facts.hooks for facts in get_manager().plugins() if facts.builtin}
    assert own["names"] == ("make_run_name",)
    assert own["announce"] == ("run_finished", "run_started")
    assert get_manager().problems == []


def test_every_hook_has_a_shipped_implementation() -> None:
    assert {hook for facts in get_manager().plugins() for hook in facts.hooks} == set(HOOKS)


# -------------------------------------------------------------------------------------------------- the companion


def test_the_companion_gets_those_with_a_hook_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from epochal import hookimpl\n@hookimpl\ndef collect_environment():\n    return {'mine': 1}\n"
    install(tmp_path, monkeypatch, "mine", "1", "mine = for_companion", {"for_companion.py": source})
    install(tmp_path, monkeypatch, "other", "1", "other = for_trainer", {"for_trainer.py": NAMING.format("x")})
    names = get_manager().module_names()
    assert "mine=for_companion" in names
    assert not any("for_trainer" in name for name in names)
    manager = companion_manager(names)
    assert {"mine": 1} in call(manager, "collect_environment")
    assert {facts.name for facts in manager.plugins()} == {name.partition("=")[0] for name in names}


@pytest.mark.usefixtures("lenient")
def test_a_plugin_that_is_gone_in_the_companion_is_a_problem_there() -> None:
    manager = companion_manager(["gone=no_such_plugin_module"])
    assert (manager.problems[0].plugin, manager.problems[0].kind) == ("gone", "import")


def test_finding_loads_no_importlib_metadata() -> None:
    code = (
        "import sys; from epochal import plugins; manager = plugins.get_manager();"
        "plugins.companion_manager(manager.module_names()).collect('collect_environment', run=None);"
        "print('importlib.metadata' in sys.modules)"
    )
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-S", "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# -------------------------------------------------------------------------------------------------------- tracing


def test_tracing_prints_hooks_and_plugins_and_no_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = PluginManager()
    manager.add(implementing("make_run_name", lambda: "x"), "mine")
    call(manager, "make_run_name")
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("EPOCHAL_TRACE_PLUGINS", "1")
    manager.decide("make_run_name", project="p", config={"secret": "hunter2"})
    assert capsys.readouterr().err == "epochal: make_run_name of mine\n"
