"""What a plugin must be to be taken, and what its hooks must answer to be believed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pluggy

from . import hookspecs
from .errors import PluginError
from .exchange.formats import Exporter, Importer
from .hookspecs import Converter, Fingerprinter, Sink, SystemProbe


def import_plugin(target: str) -> object:
    """Return the object that `module` or `module:attribute` names; raises whatever importing it raises.

    A module that ends the program when it is imported, as a script without the usual guard does, raises ImportError.
    """
    module, _, attributes = target.partition(":")
    try:
        found: object = importlib.import_module(module)
    except SystemExit as left:
        raise ImportError(f"it ends the program when it is imported (status {left.code})") from left
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    return found


def check_hooks(manager: pluggy.PluginManager, plugin: object) -> tuple[str, ...]:
    """Return the names of the hooks that a plugin implements, sorted.

    Raises:
        PluginError: it implements none, one that does not exist, or one as a wrapper.
    """
    known = hook_names()
    found = []
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is None:
            continue
        hook = options.get("specname") or name
        if hook not in known:
            raise PluginError(f"there is no hook {hook!r}{_nearest(hook, known)}")
        if options["wrapper"] or options["hookwrapper"]:
            raise PluginError(f"{hook} is a wrapper: implementations are called one by one, so it would wrap nothing")
        found.append(hook)
    if not found:
        raise PluginError("it implements no hook: mark its functions with @epochal.hookimpl")
    return tuple(sorted(found))


def hook_names() -> list[str]:
    """Return the names of all hooks in the order of `hookspecs`."""
    return [name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]


def check_answer(hook: str, answer: Any) -> Any:
    """Return a hook's answer in the form that its family has: a list to collect, a value, or None for no answer.

    Raises:
        PluginError: it is not what the hook's specification says.
    """
    if answer is None:
        return None
    check = _ANSWERS.get(hook)
    return None if check is None else check(hook, answer)


def _list_of(kind: type) -> Callable[[str, Any], list[Any]]:
    def check(hook: str, answer: Any) -> list[Any]:
        if isinstance(answer, (kind, str, bytes, Mapping)) or not isinstance(answer, Iterable):
            raise PluginError(f"{hook} returned {_shown(answer)}: return a list of {kind.__name__}")
        items = list(answer)
        for item in items:
            if not isinstance(item, kind):
                raise PluginError(f"{hook} returned {_shown(item)} in its list: each must be a {kind.__name__}")
        return items

    return check


def _mapping(hook: str, answer: Any) -> list[Any]:
    if not isinstance(answer, Mapping):
        raise PluginError(f"{hook} returned {_shown(answer)}: return a mapping of names to JSON-like values")
    return [dict(answer)] if answer else []


def _text(hook: str, answer: Any) -> str:
    if not isinstance(answer, str) or not answer.strip():
        raise PluginError(f"{hook} returned {_shown(answer)}: return a text that is not empty, or None")
    return answer.strip()


_ANSWERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "register_converters": _list_of(Converter),
    "register_fingerprinters": _list_of(Fingerprinter),
    "register_system_probes": _list_of(SystemProbe),
    "register_exporters": _list_of(Exporter),
    "register_importers": _list_of(Importer),
    "register_sinks": _list_of(Sink),
    "collect_environment": _mapping,
    "make_run_name": _text,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return f"a {type(value).__name__}, {text[:60]}{'…' if len(text) > 60 else ''}"


def _nearest(hook: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(hook, known, n=1, cutoff=0.0)
    return f": did you mean {near[0]!r}?" if near else ""
