"""The plugin manager: built-in and third-party plugins, loaded on first use."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Literal

import pluggy

from modeltap import hookspecs
from modeltap.logs import logger

ANYONES = "modeltap"
"""Entry point group of third-party plugins. Built-in plugins have a group per kind."""

Kind = Literal["serving", "protocols", "channels", "metrics", "evaluators"]


@cache
def hooks(kind: Kind) -> pluggy.HookRelay:
    """Return the hooks of the third-party plugins and of the built-in plugins of one kind.

    Only one kind is loaded, because a watched app needs neither protocols nor channels, and
    importing them takes as long as the rest of the package. A plugin that cannot be imported is
    logged and skipped.
    """
    manager = pluggy.PluginManager("modeltap")
    manager.add_hookspecs(hookspecs)
    installed = entry_points()  # once, because it reads the files of all installed packages
    # The last registered plugin is called first, so third-party plugins override built-in ones.
    for group in (f"{ANYONES}.{kind}", ANYONES):
        for entry in installed.select(group=group):
            try:
                manager.register(entry.load(), name=f"{group} {entry.name}")
            except Exception as error:
                logger.error(
                    "modeltap: cannot load plugin %r (%s): %s", entry.name, entry.value, error
                )
    return manager.hook
