"""The option `reference`: the rows that windows are compared with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from modeltap import clock
from modeltap.config.windows import Window, parse_seconds
from modeltap.errors import ConfigError


class ReferenceSettings(msgspec.Struct, frozen=True):
    """A model's reference: so many first rows, the first time, a file, or what moves."""

    kind: Literal["rows", "seconds", "file", "previous", "last week"]
    amount: float = 0.0
    """Rows, or seconds."""
    path: str = ""

    @property
    def moves(self) -> bool:
        """Whether each window has its own."""
        return self.kind in ("previous", "last week")


def parse_reference(text: str) -> ReferenceSettings:
    """Read the `reference` option: the first rows, the first time, a file, or one that moves.

    >>> parse_reference("first 2000 rows").amount, parse_reference("previous 7d").kind
    (2000.0, 'previous')
    >>> parse_reference("normal.csv").path, parse_reference("same hours last week").moves
    ('normal.csv', True)
    """
    if match := re.fullmatch(r"\s*first\s+(\d+)\s+rows\s*", text):
        if int(match[1]) >= 2:
            return ReferenceSettings("rows", float(match[1]))
    elif match := re.fullmatch(r"\s*(first|previous)\s+(\d+\s*[mhdw])\s*", text):
        kind: Any = "seconds" if match[1] == "first" else "previous"
        return ReferenceSettings(kind, parse_seconds(match[2], "reference"))
    elif re.fullmatch(r"\s*same\s+hours\s+last\s+week\s*", text):
        return ReferenceSettings("last week", clock.WEEK)
    elif Path(text).suffix.lower() in (".csv", ".gz", ".jsonl", ".ndjson", ".parquet"):
        return ReferenceSettings("file", path=text)
    raise ConfigError(
        f"reference {text!r} is not understood; write 'first 2000 rows', 'first 7d', "
        "'previous 7d', 'same hours last week', or the path of a .csv, .csv.gz, .jsonl or "
        ".parquet file"
    )


def check_windows(text: str, window: str) -> None:
    """Raise `ConfigError` where windows of a length do not fit into a reference that moves.

    >>> check_windows("previous 7d", "1h")
    """
    reference, length = parse_reference(text), Window.parse(window)
    if not reference.moves:
        return
    if length.kind != "seconds" or (reference.kind == "last week" and clock.WEEK % length.size):
        raise ConfigError(
            f"reference {text!r} needs windows of time that fit into it, such as "
            f"'1h' or '1d', not {window!r}"
        )
    if length.size > reference.amount:
        raise ConfigError(f"reference {text!r} is shorter than a window of {window!r}")
