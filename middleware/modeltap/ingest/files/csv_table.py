"""Rows of a CSV file in any dialect and encoding, with numbers as numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from modeltap.errors import InputError
from modeltap.ingest.files.dialect import Dialect, dialect_of
from modeltap.ingest.files.encoding import Encoding, encoding_of
from modeltap.ingest.files.index_columns import (
    RowNumbers,
    first_duplicate,
    is_index_name,
    may_number_rows,
)
from modeltap.ingest.files.source import Source
from modeltap.number_texts import MISSING, Forms, Style, has_comma, number_of
from modeltap.time_texts import order_in
from modeltap.wording import plural

CodesOf = Callable[[str], Collection[object]]
"""A function from a column's name to its declared codes for missing values."""

_STEP_ROWS = 1024
"""Rows between two reports of progress."""


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
        records = enumerate(filter(None, table.dialect.reader(file)))
        _, header = next(records, (0, []))
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


def csv_rows(source: Source, table: CsvTable) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers and rows; note records whose length differs from the header's."""
    with _text(source, table) as file:
        reader = table.dialect.reader(file)
        header = next(filter(None, reader), [])
        cells_of_header = len(header) + (table.dialect.lead or table.dialect.trail)
        for count, cells in enumerate(reader):
            if count % _STEP_ROWS == 0:
                source.step()
            line = reader.line_num + table.dialect.skip  # type: ignore[attr-defined]
            if not cells or (len(cells) == 1 and cells_of_header > 1 and not cells[0].strip()):
                continue
            if len(cells) != cells_of_header:
                source.note(line, f"{len(cells)} cells, but the header has {len(header)}")
                continue
            yield (
                line,
                {
                    name: _value(cell, table.styles.get(name))
                    for name, cell in zip(table.layout, cells, strict=True)
                    if name is not None
                },
            )


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


def _learn_values(
    source: Source,
    table: CsvTable,
    records: Iterator[tuple[int, list[str]]],
    codes_of: CodesOf,
) -> None:
    forms = [Forms() for _ in table.layout]
    codes = [frozenset(map(str, codes_of(name or ""))) for name in table.layout]
    numbers, filled = RowNumbers(), [False] * len(forms)
    for count, cells in records:
        if count % _STEP_ROWS == 0:
            source.step()
        if len(cells) != len(forms):
            continue
        numbers.add(cells[0])
        for position, cell in enumerate(cells):
            stripped = cell.strip()
            if stripped.lower() in MISSING:
                continue
            filled[position] = True
            if stripped not in codes[position] and forms[position].all:
                forms[position].add(stripped)
            column = table.layout[position] or ""
            if column not in table.day_first and (order := order_in(stripped)) is not None:
                table.day_first[column] = order
    _leave_out_empty(table, filled)
    comma = has_comma(forms)
    for name, form in zip(table.layout, forms, strict=True):
        if name is not None and (style := form.style(comma)) is not None:
            table.styles[name] = style
    table.index = frozenset(_index_of(table.names, numbers))


def _leave_out_empty(table: CsvTable, filled: list[bool]) -> None:
    """Leave out columns without names and values, which spreadsheets write next to a table."""
    for position, is_filled in enumerate(filled):
        if position and not is_filled and table.layout[position] == f"column {position + 1}":
            table.layout[position] = None


def _index_of(names: list[str], numbers: RowNumbers) -> Iterator[str]:
    for position, name in enumerate(names):
        if is_index_name(name) or (not position and may_number_rows(name) and numbers.hold):
            yield name


def _value(cell: str, style: Style | None) -> Any:
    if cell.strip().lower() in MISSING:
        return None
    if style is None:
        return cell
    number = number_of(cell, style)
    # A code for a missing value stays as written.
    return cell.strip() if number is None else number
