"""What is known about a plugin, and about what went wrong with one."""

from __future__ import annotations

from typing import NamedTuple

from .errors import PluginError


class PluginFacts(NamedTuple):
    """A plugin: what it is called and where it comes from.

    Attributes:
        name: the name of its entry point, or what it was added as; unique in a process.
        module: `module` or `module:attribute` that can be imported, or None for an object that was added by hand.
        distribution: the distribution that brings it, or None.
        version: that distribution's version, or None where it is not known.
        hooks: the names of the hooks that it implements, sorted.
        builtin: it is Epochal's own.
        disabled: it was left out by EPOCHAL_DISABLE_PLUGINS.
    """

    name: str
    module: str | None = None
    distribution: str | None = None
    version: str | None = None
    hooks: tuple[str, ...] = ()
    builtin: bool = False
    disabled: bool = False

    def renamed(self, name: str) -> PluginFacts:
        """Return the same under another name."""
        return self._replace(name=name)

    def having(self, hooks: tuple[str, ...]) -> PluginFacts:
        """Return the same with these hooks."""
        return self._replace(hooks=hooks)

    def switched_off(self) -> PluginFacts:
        """Return the same as one that was left out."""
        return self._replace(disabled=True)

    def __str__(self) -> str:
        """Return the name with its distribution and version where that says more."""
        if self.distribution is None or self.builtin:
            return self.name
        return f"{self.name} ({self.distribution}{f' {self.version}' if self.version else ''})"


class PluginProblem(NamedTuple):
    """Something that went wrong with a plugin.

    Attributes:
        kind: "import", "check", "call" or "slow".
        plugin: the plugin's name.
        distribution: the distribution that brings it, or None.
        version: that distribution's version, or None.
        hook: the hook that was called, or None.
        error: what happened, with the exception's type.
        remedy: what to do about it.
    """

    kind: str
    plugin: str
    distribution: str | None
    version: str | None
    hook: str | None
    error: str
    remedy: str

    @classmethod
    def of(cls, kind: str, facts: PluginFacts, error: Exception, hook: str | None = None) -> PluginProblem:
        """Return the problem that an exception is."""
        said = " ".join(str(error).split())
        # Our own verdicts need no name.
        text = said if said and isinstance(error, PluginError) else f"{type(error).__name__}: {said}".rstrip(": ")
        return cls(kind, facts.name, facts.distribution, facts.version, hook, text, remedy_for(kind, facts, error))

    @classmethod
    def slow(cls, facts: PluginFacts, hook: str, seconds: float) -> PluginProblem:
        """Return the problem that a hook took too long."""
        text = f"took {seconds:.1f} s"
        return cls("slow", facts.name, facts.distribution, facts.version, hook, text, _leave_out(facts))

    def __str__(self) -> str:
        """Return one line: which plugin, what happened, what to do."""
        return f"plugin {self.whose()} {_HAPPENED[self.kind].format(hook=self.hook)}{self.error} — {self.remedy}"

    def whose(self) -> str:
        """Return the plugin's name, with its distribution where another brings it."""
        return str(
            PluginFacts(self.plugin, None, self.distribution, self.version, builtin=self.distribution == "epochal")
        )


_HAPPENED = {
    "import": "cannot be imported: ",
    "check": "cannot be used: ",
    "call": "failed in {hook} and is muted for this run: ",
    "slow": "is slow: {hook} ",
}


def remedy_for(kind: str, facts: PluginFacts, error: Exception) -> str:
    """Return what to do about an exception of a plugin."""
    if kind == "import" and isinstance(error, ModuleNotFoundError) and error.name:
        return f"install what it needs (module {error.name!r} is missing), or {_leave_out(facts)}"
    if facts.distribution and not facts.builtin:
        return f"try pip install -U {facts.distribution}, or {_leave_out(facts)}"
    return _leave_out(facts)


def _leave_out(facts: PluginFacts) -> str:
    return f"leave it out with EPOCHAL_DISABLE_PLUGINS={facts.name}"
