"""The plugin manager: built-ins and anyone's entry points, loaded when first asked for."""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import entry_points

import pluggy

from modeltap import hookspecs

logger = logging.getLogger("modeltap")


@cache
def hooks() -> pluggy.HookRelay:
    """Return the hooks, with each installed plugin of the group ``modeltap`` registered.

    A plugin that cannot be imported is named in the log and left out: it costs nobody else.
    """
    manager = pluggy.PluginManager("modeltap")
    manager.add_hookspecs(hookspecs)
    # Last registered is asked first: built-ins go in first, so that others may go before them.
    for entry in sorted(entry_points(group="modeltap"), key=_built_in_first):
        try:
            manager.register(entry.load(), name=entry.name)
        except Exception as error:
            logger.error("plugin %r (%s) cannot be loaded: %s", entry.name, entry.value, error)
    return manager.hook


def _built_in_first(entry: object) -> bool:
    return not str(getattr(entry, "value", "")).startswith("modeltap_")
