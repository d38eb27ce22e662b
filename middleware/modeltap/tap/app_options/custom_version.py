"""The version of the model by the app's own function, the option `version`.

The function runs in the app after each response, in the context of its request: with a model that
is replaced while the app runs, only the app knows which one has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from modeltap.config.options import VersionFunction

_FUNCTIONS = ("mask_body", "version")
"""Options that may be functions, which neither a file nor another process can have."""

_MAX_VERSION = 200
"""The longest version, because it goes to the writer with each exchange."""


def version_option(options: Mapping[str, object]) -> VersionFunction | None:
    """Return the option `version` if it is a function, else None.

    >>> version_option({"version": "1.4"}) is None
    True
    """
    function = options.get("version")
    return cast("VersionFunction", function) if callable(function) else None


def plain_options(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` without functions.

    >>> plain_options({"version": lambda: "1.4", "mask_body": None, "store": "taps.db"})
    {'store': 'taps.db'}
    """
    return {
        name: value
        for name, value in options.items()
        if name != "mask_body" and not (name in _FUNCTIONS and callable(value))
    }


def version_of_app(function: VersionFunction) -> str:
    """Return the version as text; "" for None."""
    version = function()
    return "" if version is None else str(version)[:_MAX_VERSION]
