"""The plugin manager: finds plugins, checks them, and calls their hooks one by one, so that none can harm another."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import pluggy

from . import hookspecs
from .builtin_plugins import BUILTIN
from .errors import PluginError
from .installed import find_entry_points
from .plugin_checks import check_answer, check_hooks, import_plugin
from .plugin_facts import PluginFacts, PluginProblem
from .settings import is_set, is_strict

#: Seconds after which a hook is reported as slow.
SLOW_S: Final = 1.0
#: Hooks that the companion calls: only plugins with one of them are imported there.
COMPANION_HOOKS: Final = frozenset({"register_system_probes", "collect_environment", "register_sinks"})

OnProblem = Callable[[PluginProblem], None]
_logger = logging.getLogger(hookspecs.PROJECT)


class PluginManager:
    """Holds the plugins of this process and calls them, one implementation at a time.

    What a plugin raises never reaches the caller: it is warned about, kept in `problems`, handed to `on_problem`, and
    the plugin is put into `mute`. With EPOCHAL_STRICT=1 it raises `PluginError` instead. KeyboardInterrupt and
    SystemExit pass through. Any thread may call.

    Attributes:
        problems: everything that went wrong so far, oldest first.
    """

    def __init__(self, *, slow_s: float = SLOW_S) -> None:
        self._slow_s = slow_s
        self.problems: list[PluginProblem] = []
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._facts: dict[str, PluginFacts] = {}
        self._collected: dict[str, list[Any]] = {}
        self._slow: set[tuple[str, str]] = set()

    # --------------------------------------------------------------------------------------------- what there is

    def plugins(self) -> list[PluginFacts]:
        """Return the facts about every plugin that was found and works, or was left out by EPOCHAL_DISABLE_PLUGINS."""
        return list(self._facts.values())

    def module_names(self) -> list[str]:
        """Return what `companion_manager` takes: `name=module` of each plugin that has a hook for the companion."""
        return [
            f"{facts.name}={facts.module}"
            for facts in self._facts.values()
            if facts.module and not facts.disabled and not COMPANION_HOOKS.isdisjoint(facts.hooks)
        ]

    # ------------------------------------------------------------------------------------------------- adding

    def add(self, plugin: object, name: str | None = None) -> bool:
        """Take a plugin (a module, or an object with hook methods) and return whether it could be used.

        Args:
            plugin: the object that has the hook implementations.
            name: what it is called in messages; by default its module's or class's name.

        Raises:
            PluginError: it cannot be used, and EPOCHAL_STRICT=1 is set.
        """
        found = name or getattr(plugin, "__name__", None) or type(plugin).__qualname__
        module = plugin.__name__ if isinstance(plugin, type(sys)) else None
        return self._register(plugin, PluginFacts(found, module=module))

    def load(self, facts: PluginFacts, *, may_be_missing: bool = False) -> None:
        """Import and take the plugin that `facts.module` names; what goes wrong becomes a problem.

        Args:
            facts: its name, its `module` or `module:attribute`, and where it comes from.
            may_be_missing: a module that does not exist is passed over in silence.
        """
        try:
            plugin = import_plugin(facts.module or facts.name)
        except Exception as error:  # whatever importing somebody's module may raise
            missing = error.name if isinstance(error, ModuleNotFoundError) else None
            if not (may_be_missing and missing and f"{facts.module}.".startswith(f"{missing}.")):
                self._tell(PluginProblem.of("import", facts, error), error)
            return
        self._register(plugin, facts)

    def leave_out(self, facts: PluginFacts) -> None:
        """Remember a plugin that the user has switched off."""
        self._facts[facts.name] = facts.switched_off()

    def _register(self, plugin: object, facts: PluginFacts) -> bool:
        facts = facts.renamed(self._free_name(facts))
        try:
            facts = facts.having(check_hooks(self._pluggy, plugin))
            self._pluggy.register(plugin, facts.name)
        except Exception as error:  # pluggy's verdict, or a plugin object whose attributes raise
            if self._pluggy.has_plugin(facts.name):
                self._pluggy.unregister(name=facts.name)
            self._tell(PluginProblem.of("check", facts, error), error)
            return False
        self._facts[facts.name] = facts
        self._collected.clear()
        return True

    def _free_name(self, facts: PluginFacts) -> str:
        if facts.name not in self._facts:
            return facts.name
        base = f"{facts.name}@{facts.distribution}" if facts.distribution else facts.name
        names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(self._facts) + 3))
        return next(name for name in names if name not in self._facts)

    # ------------------------------------------------------------------------------------------------- calling

    def collect(
        self, hook: str, *, mute: set[str] | None = None, on_problem: OnProblem | None = None, **arguments: Any
    ) -> list[Any]:
        """Return what the plugins contribute to a collecting hook, one list over all of them.

        For `collect_environment` that is one mapping a plugin. A hook without arguments is asked once a process; an
        answer of a wrong type is a problem of that plugin and is left out.
        """
        if not arguments and hook in self._collected:
            return list(self._collected[hook])
        items: list[Any] = []
        for impl in self._implementations(hook):
            answer = self._call(hook, impl, arguments, mute, on_problem)
            if answer is not None:
                items += answer
        if not arguments:
            self._collected[hook] = items
        return list(items)

    def observe(
        self, hook: str, *, mute: set[str] | None = None, on_problem: OnProblem | None = None, **arguments: Any
    ) -> None:
        """Tell the plugins of an event.

        Args:
            hook: the hook's name.
            mute: names of the plugins that failed before in this run: they are not called; one that fails is added.
            on_problem: is given each problem, to be kept in the run's record.
            arguments: the hook's arguments.

        Raises:
            PluginError: a plugin failed, and EPOCHAL_STRICT=1 is set.
        """
        for impl in self._implementations(hook):
            self._call(hook, impl, arguments, mute, on_problem)

    def decide(
        self, hook: str, *, mute: set[str] | None = None, on_problem: OnProblem | None = None, **arguments: Any
    ) -> Any:
        """Return the first answer that is not None, or None; Epochal's own plugins are asked last."""
        own_last = sorted(self._implementations(hook), key=lambda impl: self._is_builtin(impl.plugin_name))
        for impl in own_last:
            answer = self._call(hook, impl, arguments, mute, on_problem)
            if answer is not None:
                return answer
        return None

    def _is_builtin(self, name: str) -> bool:
        return name in self._facts and self._facts[name].builtin

    def _implementations(self, hook: str) -> Iterator[pluggy.HookImpl]:
        # In pluggy's order: the list is kept so that tryfirst stands at its end.
        caller: pluggy.HookCaller = getattr(self._pluggy.hook, hook)
        return reversed(caller.get_hookimpls())

    def _call(
        self,
        hook: str,
        impl: pluggy.HookImpl,
        arguments: Mapping[str, Any],
        mute: set[str] | None,
        on_problem: OnProblem | None,
    ) -> Any:
        name = impl.plugin_name
        if mute is not None and name in mute:
            return None
        _trace(hook, name)
        started = time.perf_counter()
        try:
            answer = check_answer(hook, impl.function(*[arguments[argument] for argument in impl.argnames]))
        except Exception as error:  # a plugin's fault, of whatever kind, is never the training's
            if mute is not None:
                mute.add(name)
            self._tell(PluginProblem.of("call", self._facts[name], error, hook), error, on_problem)
            return None
        self._look_at_time(hook, name, time.perf_counter() - started, on_problem)
        return answer

    def _look_at_time(self, hook: str, name: str, seconds: float, on_problem: OnProblem | None) -> None:
        if seconds <= self._slow_s or (hook, name) in self._slow:
            return
        self._slow.add((hook, name))
        self._tell(PluginProblem.slow(self._facts[name], hook, seconds), None, on_problem)

    def _tell(self, problem: PluginProblem, error: Exception | None, on_problem: OnProblem | None = None) -> None:
        self.problems.append(problem)
        if error is not None and is_strict():
            raise PluginError(str(problem)) from error
        _logger.warning("%s", problem)
        if error is not None:
            _logger.debug("traceback of the problem with plugin %s", problem.plugin, exc_info=error)
        if on_problem is not None:
            on_problem(problem)


# --------------------------------------------------------------------------------------------- this process's manager

_lock = threading.Lock()
_manager: PluginManager | None = None


def get_manager() -> PluginManager:
    """Return this process's plugin manager; the first call finds and imports what is installed.

    Raises:
        PluginError: a plugin cannot be used, and EPOCHAL_STRICT=1 is set.
    """
    global _manager
    with _lock:
        if _manager is None:
            _manager = _discover()
        return _manager


def _renew_lock() -> None:
    """Begin a forked child with a free lock: one that another thread held at the fork would be held there for ever."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def forget_manager() -> None:
    """Let the next `get_manager` begin anew; for tests."""
    global _manager
    with _lock:
        _manager = None


def add(plugin: object, name: str | None = None) -> bool:
    """Add a plugin to this process by hand; see `PluginManager.add`."""
    return get_manager().add(plugin, name)


def companion_manager(names: Iterable[str]) -> PluginManager:
    """Return a manager of just these plugins, as `PluginManager.module_names` gave them, without looking for others."""
    manager = PluginManager()
    own = dict(BUILTIN)
    for entry in names:
        name, _, module = entry.partition("=")
        manager.load(PluginFacts(name, module=module, builtin=own.get(name) == module))
    return manager


def _discover() -> PluginManager:
    manager = PluginManager()
    disabled = {name.strip() for name in os.environ.get("EPOCHAL_DISABLE_PLUGINS", "").split(",")}
    for name, module in BUILTIN:
        facts = PluginFacts(name, module=module, distribution=hookspecs.PROJECT, builtin=True)
        if name in disabled and name != "names":  # a run without a name is none
            manager.leave_out(facts)
        else:
            manager.load(facts, may_be_missing=True)
    for entry in find_entry_points(hookspecs.PROJECT):
        facts = PluginFacts(entry.name, entry.value, entry.distribution, entry.version)
        if "*" in disabled or entry.name in disabled:
            manager.leave_out(facts)
        else:
            manager.load(facts)
    return manager


def _trace(hook: str, plugin: str) -> None:
    # Names only: printing arguments once made a peer's pipelines three times slower.
    if is_set("EPOCHAL_TRACE_PLUGINS") and sys.stderr is not None:
        sys.stderr.write(f"epochal: {hook} of {plugin}\n")
