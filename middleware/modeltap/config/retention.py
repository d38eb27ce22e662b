"""The option `retention`: the maximum age of exchanges and the maximum size of the store."""

from __future__ import annotations

import re

import msgspec

from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError


class Retention(msgspec.Struct, frozen=True):
    """Maximum age of exchanges and maximum size of the store; None means no limit."""

    seconds: float | None = None
    bytes: int | None = None


def parse_retention(text: str) -> Retention:
    """Parse the `retention` option: an age, a size, both, or ``"forever"``.

    >>> parse_retention("30d, 10GB")
    Retention(seconds=2592000.0, bytes=10000000000)
    >>> parse_retention("forever")
    Retention(seconds=None, bytes=None)
    """
    if text.strip().lower() == "forever":
        return Retention()
    seconds = size = None
    for part in text.split(","):
        if match := re.fullmatch(r"\s*(\d+)\s*([MGT])B\s*", part, re.IGNORECASE):
            size = int(match[1]) * {"M": 10**6, "G": 10**9, "T": 10**12}[match[2].upper()]
        elif re.fullmatch(r"\s*[1-9]\d*\s*[mhdw]\s*", part):
            seconds = parse_seconds(part, "retention")
        else:
            size = 0
        if size == 0:
            raise ConfigError(
                f"option retention = {text!r} is invalid: must be an age, a size, or both, "
                "such as '30d, 10GB', or 'forever'"
            )
    return Retention(seconds, size)
