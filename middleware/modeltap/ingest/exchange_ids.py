"""Ids of imported exchanges: the same each time, so that an import may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_TABLE_DIGITS, _LINE_DIGITS = 5, 8
"""Hexadecimal digits for the table and the line in the ids of a table's rows."""

_DIGITS = 32


class ExchangeIds:
    """Derives ids of exchanges of one model and version from their identity in a log.

    >>> ids = ExchangeIds("m", "")
    >>> ids.of("import", "a") == ids.of("import", "a"), ids.of("import", "a") == ids.of("log", "a")
    (True, False)
    """

    def __init__(self, model: str, version: str) -> None:
        self._start = f"{model}\x1f{version}\x1f"

    def of(self, source: str, key: str) -> str:
        """Return the id of the exchange with this `key` in `source`."""
        return _hash_of(f"{self._start}{source}\x1f{key}")[:_DIGITS]

    def of_lines(self, source: str, table: str, lines: Sequence[int]) -> list[str]:
        """Return the ids of a table's rows, which have the order of its lines.

        In this order SQLite stores them next to each other, which takes a tenth less time.

        >>> first, second = ExchangeIds("m", "").of_lines("import", "hash of the file", [2, 3])
        >>> first < second
        True
        """
        start = self.of(source, table)[:_TABLE_DIGITS]
        key = f"{self._start}{source}\x1f{table}\x1f"
        places = [f"{start}{line:0{_LINE_DIGITS}x}" for line in lines]
        return [
            place + _hash_of(f"{key}{line}")[len(place) : _DIGITS]
            for place, line in zip(places, lines, strict=True)
        ]


def _hash_of(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
