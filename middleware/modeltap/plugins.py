"""The plugin manager: built-ins and anyone's entry points, loaded when first asked for."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Literal

import pluggy

from modeltap import hookspecs
from modeltap.logs import logger

ANYONES = "modeltap"
"""The group of entry points for plugins of every kind; the built-in ones have groups of theirs."""

Kind = Literal["serving", "protocols", "channels"]


@cache
def hooks(kind: Kind) -> pluggy.HookRelay:
    """Return the hooks, with anyone's plugins registered and the built-in ones of one kind.

    An app that is watched needs no protocol and no channel: to import those takes as long as all
    the rest of us. A plugin that cannot be imported is named in the log and left out: it costs
    nobody else.
    """
    manager = pluggy.PluginManager("modeltap")
    manager.add_hookspecs(hookspecs)
    # Last registered is asked first: built-ins go in first, so that others may go before them.
    for group in (f"{ANYONES}.{kind}", ANYONES):
        for entry in entry_points(group=group):
            try:
                manager.register(entry.load(), name=f"{group} {entry.name}")
            except Exception as error:
                logger.error("plugin %r (%s) cannot be loaded: %s", entry.name, entry.value, error)
    return manager.hook
