"""Chunks: consecutive rows of a table, held by column or as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

CHUNK_ROWS = 1024
CHUNK_CHARACTERS = 1 << 18
"""Rows and characters read at a time: bounds on memory. A longer row is a chunk of its own."""

_FAST_CHARACTERS = 1 << 15
"""Characters whose cells fit into a processor's cache, which saves a third of the time."""

_FEWEST_ROWS = 64
"""Rows of a chunk over which the time for each of its columns is spread."""


def chunk_characters(row_length: int) -> int:
    """Return the number of characters to read at a time of rows of this length.

    >>> chunk_characters(80), chunk_characters(2000), chunk_characters(100_000)
    (32768, 128000, 262144)
    """
    return min(CHUNK_CHARACTERS, max(_FAST_CHARACTERS, _FEWEST_ROWS * row_length))


class ColumnChunk(NamedTuple):
    """Rows by column; `lines` are their line numbers.

    >>> chunk = ColumnChunk([2, 3], {"x": [1, None], "y": ["a", "b"]})
    >>> list(chunk.rows()), chunk.column("z")
    ([(2, {'x': 1, 'y': 'a'}), (3, {'x': None, 'y': 'b'})], [None, None])
    """

    lines: Sequence[int]
    columns: dict[str, Sequence[Any]]

    def names(self) -> dict[str, None]:
        """Return the names of the columns, in their order."""
        return dict.fromkeys(self.columns)

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a column, None for each row if there is no such column."""
        values = self.columns.get(name)
        return [None] * len(self.lines) if values is None else values

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows."""
        names = tuple(self.columns)
        for line, cells in zip(self.lines, zip(*self.columns.values(), strict=True), strict=True):
            yield line, dict(zip(names, cells, strict=True))


class ObjectChunk(NamedTuple):
    """Rows as JSON objects, of which each may have other names; `lines` are their line numbers."""

    lines: Sequence[int]
    objects: Sequence[dict[str, Any]]

    def names(self) -> dict[str, None]:
        """Return the names of the columns, in the order in which they occur."""
        shapes = dict.fromkeys(map(tuple, self.objects))  # most objects have the same names
        return dict.fromkeys(chain.from_iterable(shapes))

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a column, None for each row without it."""
        return [fields.get(name) for fields in self.objects]

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and rows."""
        return zip(self.lines, self.objects, strict=True)


Chunk = ColumnChunk | ObjectChunk
