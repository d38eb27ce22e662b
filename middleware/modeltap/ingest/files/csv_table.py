"""Rows of a CSV file in any dialect and encoding, with numbers as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, NamedTuple, TextIO

from modeltap.errors import InputError
from modeltap.ingest.files.cell_values import column_values
from modeltap.ingest.files.chunk import ColumnChunk, chunk_characters
from modeltap.ingest.files.column_facts import ColumnFacts
from modeltap.ingest.files.dialect import Dialect, dialect_of
from modeltap.ingest.files.encoding import Encoding, encoding_of
from modeltap.ingest.files.index_columns import (
    RowNumbers,
    first_duplicate,
    is_index_name,
    may_number_rows,
)
from modeltap.ingest.files.source import Source
from modeltap.number_texts import Style, has_comma
from modeltap.wording import plural

CodesOf = Callable[[str], Collection[object]]
"""A function from a column's name to its declared codes for missing values."""


@dataclass
class CsvTable:
    """The format of a CSV file, and its columns.

    Attributes:
        layout: the column of each cell of a record; None for cells that are left out.
        styles: the number formats of the columns of numbers.
        index: columns that only number or name the rows.
        day_first: whether 01/02/2024 is the first of February, for columns whose values show it.
    """

    encoding: str
    errors: str
    dialect: Dialect
    layout: list[str | None] = field(default_factory=list)
    styles: dict[str, Style] = field(default_factory=dict)
    index: frozenset[str] = frozenset()
    day_first: dict[str, bool] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The columns, in their order."""
        return [name for name in self.layout if name is not None]


def learn_csv(source: Source, codes_of: CodesOf, encoding_name: str | None = None) -> CsvTable:
    """Read a file once and return its format.

    A column is numeric if each value in it is a number: one text makes it a column of texts.

    Args:
        encoding_name: the encoding that the user declared; None detects it.

    Raises `InputError` if two columns have the same name or the encoding is unknown.
    """
    encoding = encoding_of(source, encoding_name)
    errors = "replace" if encoding.broken else "strict"
    table = CsvTable(encoding.name, errors, Dialect())
    with _text(source, table) as file:
        table.dialect = dialect_of(file)
    with _text(source, table) as file:
        records = _Records(file, table.dialect)
        header = next(filter(None, records.reader), [])
        table.layout = _layout(header, table.dialect, source)
        _learn_values(source, table, records, codes_of)
    source.replaced = encoding.broken
    source.notices += _notices(encoding)
    return table


def _notices(encoding: Encoding) -> Iterator[str]:
    if encoding.broken:
        yield (
            f"could not decode {plural(encoding.broken, 'character')} as {encoding.name}, replaced "
            "by U+FFFD; set the file's encoding, such as --encoding cp1251"
        )
    elif encoding.is_guess:
        yield (
            f"read as {encoding.name}, the encoding that best fits its letters; if names look "
            "wrong, give the file's encoding with --encoding"
        )


def csv_chunks(source: Source, table: CsvTable) -> Iterator[ColumnChunk]:
    """Yield the rows in chunks; note records whose length differs from the header's."""
    with _text(source, table) as file:
        records = _Records(file, table.dialect)
        header = next(filter(None, records.reader), [])
        width = len(header) + (table.dialect.lead or table.dialect.trail)
        for part in records.parts(width):
            source.step()
            for line, cells in part.others:
                source.note(line, f"{len(cells)} cells, but the header has {len(header)}")
            if part.lines:
                yield ColumnChunk(part.lines, _columns(table, part.columns))


def _columns(table: CsvTable, columns: Sequence[Sequence[str]]) -> dict[str, Sequence[Any]]:
    return {
        name: column_values(cells, table.styles.get(name))
        for name, cells in zip(table.layout, columns, strict=True)
        if name is not None
    }


class _Part(NamedTuple):
    """Consecutive records of a file.

    Attributes:
        lines: the line numbers of the records with a cell for each column, (n,).
        columns: their cells by column, each (n,).
        others: line numbers and cells of the other records, except blank lines.
    """

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]
    others: Sequence[tuple[int, list[str]]] = ()


class _Records:
    """The records of a file; chunks of them have line numbers and a bounded size."""

    def __init__(self, file: TextIO, dialect: Dialect) -> None:
        self._file = file
        self._skip = dialect.skip
        self._lines_read = 0
        self._length = 0  # of the line that was read last
        self._next: list[str] = []  # lines that are read, but not by the reader
        self._plain_lines = 0  # lines that the reader has not seen
        self._plain = replace(dialect, skip=0)
        self._joining = [mark for mark in (dialect.quote, dialect.escape) if mark]
        self.reader = dialect.reader(self._lines())

    def _block(self) -> list[str]:
        block = self._file.readlines(chunk_characters(self._length))
        if block:
            self._length = len(block[-1])
            self._lines_read += len(block)
        return block

    def _lines(self) -> Iterator[str]:
        while block := self._next or self._block():
            self._next = []
            yield from block

    def parts(self, width: int) -> Iterator[_Part]:
        """Yield the records that are read next, in parts.

        Args:
            width: the number of cells of a complete record.
        """
        lines: list[int] = []
        rows: list[list[str]] = []
        while True:
            for cells in self.reader:
                line = self.reader.line_num + self._skip + self._plain_lines  # type: ignore[attr-defined]
                lines.append(line)
                rows.append(cells)
                if line >= self._lines_read:
                    break
            else:
                break
            yield _part_of(lines, rows, width)
            yield from self._plain_parts(width)
            lines, rows = [], []
        if rows:
            yield _part_of(lines, rows, width)

    def _plain_parts(self, width: int) -> Iterator[_Part]:
        """Yield blocks whose records have a line each, up to one with quotes or escapes."""
        while block := self._block():
            text = "".join(block)
            if any(mark in text for mark in self._joining):
                self._next = block
                return
            first = self._lines_read - len(block) + 1
            self._plain_lines += len(block)
            lines = range(first, first + len(block))
            columns = self._split(block, text, width)
            if columns is None:
                yield _part_of(lines, list(self._plain.reader(iter(block))), width)
            else:
                yield _Part(lines, columns)

    def _split(self, block: list[str], text: str, width: int) -> list[list[str]] | None:
        """Return the columns of lines without quotes; None if this needs a reader of CSV.

        Splitting all lines at once takes half the time.
        """
        delimiter = self._plain.delimiter
        delimiters = set(map(str.count, block, repeat(delimiter)))
        if width < 2 or delimiters != {width - 1} or self._plain.spaced:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if "\r" in text or max(map(len, block)) > csv.field_size_limit():
            return None
        cells = text.removesuffix("\n").replace("\n", delimiter).split(delimiter)
        return [cells[place::width] for place in range(width)]


def _part_of(lines: Sequence[int], rows: Sequence[list[str]], width: int) -> _Part:
    others: list[tuple[int, list[str]]] = []
    if set(map(len, rows)) != {width}:
        pairs = list(zip(lines, rows, strict=True))
        complete = [(line, cells) for line, cells in pairs if len(cells) == width]
        others = [
            (line, cells)
            for line, cells in pairs
            if len(cells) != width and cells and not (len(cells) == 1 and not cells[0].strip())
        ]
        lines, rows = [line for line, _ in complete], [cells for _, cells in complete]
    return _Part(lines, list(zip(*rows, strict=True)), others)


@contextmanager
def _text(source: Source, table: CsvTable) -> Iterator[TextIO]:
    with source.opened() as file:
        yield io.TextIOWrapper(file, encoding=table.encoding, errors=table.errors, newline="")


def _layout(header: list[str], dialect: Dialect, source: Source) -> list[str | None]:
    """Return the names of columns; a nameless one after the first is named by its position."""
    names = [name.strip().removeprefix("\ufeff") for name in header]
    names[:1] = [name.removeprefix("# ") for name in names[:1]]  # as NumPy writes a header
    if (duplicate := first_duplicate(names)) is not None:
        raise InputError(
            f"file {source.path.name!r} has two columns named {duplicate!r}; rename one"
        )
    first = names[:1]
    rest: list[str | None] = [
        name or f"column {position}" for position, name in enumerate(names[1:], 2)
    ]
    if dialect.lead:
        return ["", *first, *rest]
    return [*first, *rest, *([None] if dialect.trail else [])]


def _learn_values(source: Source, table: CsvTable, records: _Records, codes_of: CodesOf) -> None:
    facts = [ColumnFacts(codes_of(name or "")) for name in table.layout]
    first = (table.layout[0] if table.layout else None) or ""
    numbers = RowNumbers() if may_number_rows(first) else None
    for part in records.parts(len(facts)):
        source.step()
        for column, cells in zip(facts, part.columns, strict=False):
            column.add(cells)
        if numbers is not None:
            numbers.add_all(part.columns[0] if part.columns else ())
    _leave_out_empty(table, facts)
    comma = has_comma(column.forms for column in facts)
    for name, column in zip(table.layout, facts, strict=True):
        if name is not None and (style := column.forms.style(comma)) is not None:
            table.styles[name] = style
        if column.day_first is not None:
            table.day_first[name or ""] = column.day_first
    table.index = frozenset(_index_of(table.names, numbers))


def _leave_out_empty(table: CsvTable, facts: list[ColumnFacts]) -> None:
    """Leave out columns without names and values, which spreadsheets write next to a table."""
    for position, column in enumerate(facts):
        is_nameless = position and table.layout[position] == f"column {position + 1}"
        if is_nameless and not column.is_filled:
            table.layout[position] = None


def _index_of(names: list[str], numbers: RowNumbers | None) -> Iterator[str]:
    for position, name in enumerate(names):
        if is_index_name(name) or (not position and numbers is not None and numbers.hold):
            yield name
