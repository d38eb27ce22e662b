"""The option `reference`: the rows that windows are compared with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from modeltap import clock
from modeltap.config.windows import Window, parse_seconds
from modeltap.errors import ConfigError

DEFAULT_REFERENCE = "first 7d, 2000 rows"
"""A week covers every hour of every weekday; fewer than 2,000 rows give imprecise estimates."""

_PERIOD = r"(\d+\s*[mhdw])"
_FIRST = re.compile(
    rf"\s*first\s+(?:{_PERIOD}|(\d+)\s+rows|{_PERIOD}\s*,\s*(\d+)\s+rows"
    rf"|(\d+)\s+rows\s*,\s*{_PERIOD})\s*"
)


class ReferenceSettings(msgspec.Struct, frozen=True):
    """A model's reference: the first rows or period, a file, or a rolling period.

    A reference of kind "first" is complete when both `rows` and `seconds` are reached.
    """

    kind: Literal["first", "file", "previous", "last week"]
    seconds: float = 0.0
    rows: int = 0
    path: str = ""

    @property
    def moves(self) -> bool:
        """True if the reference is rolling: each window is compared with earlier rows."""
        return self.kind in ("previous", "last week")


_TABLES = (".csv", ".gz", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm")


def parse_reference(text: str) -> ReferenceSettings:
    """Parse the `reference` option: the first rows or period, a file, or a rolling period.

    >>> first = parse_reference("first 7d, 2000 rows")
    >>> first.seconds, first.rows, parse_reference("previous 7d").kind
    (604800.0, 2000, 'previous')
    >>> parse_reference("normal.csv").path, parse_reference("same hours last week").moves
    ('normal.csv', True)
    """
    if match := _FIRST.fullmatch(text):
        period = match[1] or match[3] or match[6]
        rows = int(match[2] or match[4] or match[5] or 0)
        seconds = parse_seconds(period, "reference") if period else 0.0
        if rows >= 2 or (seconds and not rows):
            return ReferenceSettings("first", seconds, rows)
    elif match := re.fullmatch(rf"\s*previous\s+{_PERIOD}\s*", text):
        return ReferenceSettings("previous", parse_seconds(match[1], "reference"))
    elif re.fullmatch(r"\s*same\s+hours\s+last\s+week\s*", text):
        return ReferenceSettings("last week", clock.WEEK)
    elif Path(text).suffix.lower() in _TABLES:
        return ReferenceSettings("file", path=text)
    raise ConfigError(
        f"option reference = {text!r} is invalid: must be 'first 7d, 2000 rows', 'first 2000 "
        "rows', 'first 7d', 'previous 7d', 'same hours last week', or the path of a .csv, "
        ".csv.gz, .jsonl, .parquet or .xlsx file"
    )


def check_windows(text: str, window: str) -> None:
    """Raise `ConfigError` if windows of a length do not fit into a rolling reference.

    >>> check_windows("previous 7d", "1h")
    """
    reference, length = parse_reference(text), Window.parse(window)
    if not reference.moves:
        return
    if length.kind != "seconds" or (reference.kind == "last week" and clock.WEEK % length.size):
        raise ConfigError(
            f"reference {text!r} needs time windows that divide it evenly, such as '1h' or '1d'; "
            f"window is {window!r}"
        )
    if length.size > reference.seconds:
        raise ConfigError(
            f"reference {text!r} is shorter than a window of {window!r}; choose a shorter window"
        )
