"""Rows of a CSV file in whatever dialect and encoding, with numbers as numbers."""

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
    distinct,
    is_index_name,
    may_number_rows,
)
from modeltap.ingest.files.source import Source
from modeltap.number_texts import MISSING, Forms, Style, has_comma, number_of
from modeltap.time_texts import order_in
from modeltap.wording import plural

CodesOf = Callable[[str], Collection[object]]
"""From a column's name to its declared codes for missing values."""

_STEP_ROWS = 1024
"""Rows between two reports of progress."""


@dataclass
class CsvTable:
    """How a CSV file is written, and what its columns are.

    Attributes:
        layout: the column of each cell of a record; None for cells that are left out.
        styles: how the columns of numbers write them.
        index: columns that only number or name the rows.
        day_first: whether 01/02/2024 is the first of February, by column, where values show it.
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
    """Read a file once and return how it is written.

    A column is of numbers where each value in it is one: one word makes it one of words.

    Args:
        encoding_name: the encoding that the user declared; None finds it.

    Raises `InputError` where two columns have one name, or no codec has the encoding's name.
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
            "by U+FFFD; give the file's encoding with --encoding, such as --encoding cp1251"
        )
    elif encoding.is_guess:
        yield (
            f"read as {encoding.name}, the encoding that best fits its letters; if names look "
            "wrong, give the file's encoding with --encoding"
        )


def csv_rows(source: Source, table: CsvTable) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line numbers and rows; records of another length than the header are noted."""
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
    """Return the names of columns; one without a name behind the first is known by its place."""
    names = [name.strip().removeprefix("\ufeff") for name in header]
    if not distinct(names):
        raise InputError(f"file {source.path.name!r} has two columns with the same name")
    first = names[:1]
    rest: list[str | None] = [name or f"column {place}" for place, name in enumerate(names[1:], 2)]
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
        for place, cell in enumerate(cells):
            stripped = cell.strip()
            if stripped.lower() in MISSING:
                continue
            filled[place] = True
            if stripped not in codes[place] and forms[place].all:
                forms[place].add(stripped)
            column = table.layout[place] or ""
            if column not in table.day_first and (order := order_in(stripped)) is not None:
                table.day_first[column] = order
    _leave_out_empty(table, filled)
    comma = has_comma(forms)
    for name, one in zip(table.layout, forms, strict=True):
        if name is not None and (style := one.style(comma)) is not None:
            table.styles[name] = style
    table.index = frozenset(_index_of(table.names, numbers))


def _leave_out_empty(table: CsvTable, filled: list[bool]) -> None:
    """Leave out columns without names and values, as spreadsheets write them beside a table."""
    for place, is_filled in enumerate(filled):
        if place and not is_filled and table.layout[place] == f"column {place + 1}":
            table.layout[place] = None


def _index_of(names: list[str], numbers: RowNumbers) -> Iterator[str]:
    for place, name in enumerate(names):
        if is_index_name(name) or (not place and may_number_rows(name) and numbers.hold):
            yield name


def _value(cell: str, style: Style | None) -> Any:
    if cell.strip().lower() in MISSING:
        return None
    if style is None:
        return cell
    number = number_of(cell, style)
    # A code for a missing value is what it says.
    return cell.strip() if number is None else number
