"""Which plugin a tag is of: the one that its first metadata in the file names, in whichever order that is read."""

from __future__ import annotations


class Told:
    """What metadata has told of tags, while the records of one window are read in any order.

    Attributes:
        plugins: tag to plugin.
        record: the number of the record that is read now: what was told from it on is not known yet.
    """

    def __init__(self, plugins: dict[str, str]) -> None:
        self.plugins = plugins
        self.record = -1
        self._since: dict[str, int] = {}  # the record of this window that told it

    def tell(self, tag: str, plugin: str, record: int) -> None:
        """Take the plugin that a record names for a tag; the first record's counts."""
        if plugin and (tag not in self.plugins or self.since(tag) > record):
            self.plugins[tag] = plugin
            self._since[tag] = record

    def since(self, tag: str) -> int:
        """Return which record has told a tag's plugin; -1 where that was before this window, or nobody has."""
        return self._since.get(tag, -1)

    def get(self, tag: str, default: str, /) -> str:
        """Return the plugin of a tag as it is known before `record`."""
        return default if self._since and self.since(tag) >= self.record else self.plugins.get(tag, default)

    def next_window(self) -> None:
        """Begin with other records."""
        self._since = {}


class Supposed:
    """Supposes that tags of which nothing is known are scalars."""

    def __init__(self, plugins: dict[str, str]) -> None:
        self._plugins = plugins

    def get(self, tag: str, default: str, /) -> str:
        """Return the plugin of a tag."""
        return self._plugins.get(tag) or "scalars"
