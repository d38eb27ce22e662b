"""Rows of a CSV file in any dialect and encoding, with numbers as numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

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
        for lines, rows in records.chunks():
            source.step()
            if set(map(len, rows)) != {width}:
                lines, rows = _complete(source, lines, rows, width, len(header))
            if rows:
                yield ColumnChunk(lines, _columns(table, rows))


def _complete(
    source: Source, lines: list[int], rows: list[list[str]], width: int, named: int
) -> tuple[list[int], list[list[str]]]:
    """Return the records with `width` cells; note the others, except blank lines."""
    kept: tuple[list[int], list[list[str]]] = ([], [])
    for line, cells in zip(lines, rows, strict=True):
        if len(cells) == width:
            kept[0].append(line)
            kept[1].append(cells)
        elif cells and not (len(cells) == 1 and not cells[0].strip()):
            source.note(line, f"{len(cells)} cells, but the header has {named}")
    return kept


def _columns(table: CsvTable, rows: list[list[str]]) -> dict[str, Sequence[Any]]:
    return {
        name: column_values(cells, table.styles.get(name))
        for name, cells in zip(table.layout, zip(*rows, strict=True), strict=True)
        if name is not None
    }


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

    def chunks(self) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Yield the line numbers and cells of the records that are read next."""
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
            yield lines, rows
            yield from self._plain_chunks()
            lines, rows = [], []
        if rows:
            yield lines, rows

    def _plain_chunks(self) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Yield blocks whose records have a line each, up to one with quotes or escapes."""
        while block := self._block():
            text = "".join(block)
            if any(mark in text for mark in self._joining):
                self._next = block
                return
            first = self._lines_read - len(block) + 1
            self._plain_lines += len(block)
            yield list(range(first, first + len(block))), list(self._plain.reader(iter(block)))


@contextmanager
def _text(source: Source, table: CsvTable) -> Iterator[TextIO]:
    with source.opened() as file:
        yield io.TextIOWrapper(file, encoding=table.encoding, errors=table.errors, newline="")


def _layout(header: list[str], dialect: Dialect, source: Source) -> list[str | None]:
    """Return the names of columns; a nameless one after the first is named by its position."""
    names = [name.strip().removeprefix("\ufeff") for name in header]
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
    for _, rows in records.chunks():
        source.step()
        if set(map(len, rows)) != {len(facts)}:
            rows = [cells for cells in rows if len(cells) == len(facts)]
        columns = list(zip(*rows, strict=True))
        for column, cells in zip(facts, columns, strict=False):
            column.add(cells)
        if numbers is not None:
            numbers.add_all(columns[0] if columns else ())
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
