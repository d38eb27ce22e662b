"""Rows of a sheet of an Excel workbook. Needs the extra `excel` (python-calamine)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modeltap.errors import InputError, nearest, needs_extra
from modeltap.ingest.files.chunk import CHUNK_ROWS, ColumnChunk
from modeltap.ingest.files.index_columns import (
    RowNumbers,
    first_duplicate,
    is_index_name,
    may_number_rows,
)
from modeltap.number_texts import MISSING

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

EXCEL = "xlsx"

_MAX_LISTED = 5
"""The most sheets named in a message."""

_FEWEST_NAMED = 0.5
"""A first row that names a smaller fraction of the columns is a title."""

_ALPHABET = 26


@dataclass
class ExcelTable:
    """A sheet: its columns, its rows, and facts about it for people.

    Attributes:
        layout: the name of each cell of a row; None for cells that are left out.
        rows: the cells of each row below the header.
        first: the number of the first row, as shown in Excel.
        index: columns that only number the rows.
    """

    layout: list[str | None]
    rows: list[list[Any]]
    first: int
    index: frozenset[str] = frozenset()
    notices: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The columns, in their order."""
        return [name for name in self.layout if name is not None]


def read_excel(path: Path, sheet_name: str | None = None) -> ExcelTable:
    """Read a sheet of a workbook, by default the first.

    The whole sheet is held in memory. Formulas have the values that Excel saved.

    Raises `InputError` if python-calamine is not installed, the file is not a workbook or has no
    such sheet, or the sheet's first row does not name its columns.
    """
    book = _opened(path)
    sheet = book.get_sheet_by_name(_chosen(path, book.sheet_names, sheet_name))
    rows = sheet.to_python(skip_empty_area=False)
    top = next((n for n, row in enumerate(rows) if not _is_empty(row)), len(rows))
    if top == len(rows):
        return ExcelTable([], [], 1)
    where = f"sheet {sheet.name!r} of {path.name!r}"
    _refuse_merged_header(sheet, top, where)
    body = rows[top + 1 :]
    table = ExcelTable(_layout(rows[top], body, where), body, top + 2)
    table.index = frozenset(_index_of(table))
    if len(book.sheet_names) > 1 and sheet_name is None:
        others = [name for name in book.sheet_names if name != sheet.name]
        table.notices.append(f"read sheet {sheet.name!r}; --sheet reads {_listed(others)} instead")
    if any(end[0] > top for _, end in sheet.merged_cell_ranges or ()):
        table.notices.append(f"{where} has merged cells; only the first cell of each has the value")
    return table


def excel_chunks(table: ExcelTable) -> Iterator[ColumnChunk]:
    """Yield rows with JSON values in chunks; empty rows are left out."""
    for start in range(0, len(table.rows), CHUNK_ROWS):
        numbered = enumerate(table.rows[start : start + CHUNK_ROWS], table.first + start)
        rows = [(number, cells) for number, cells in numbered if not _is_empty(cells)]
        if rows:
            columns = zip(*(cells for _, cells in rows), strict=True)
            yield ColumnChunk(
                [number for number, _ in rows],
                {
                    name: list(map(_plain, cells))
                    for name, cells in zip(table.layout, columns, strict=False)
                    if name is not None
                },
            )


def _opened(path: Path) -> CalamineWorkbook:
    with needs_extra("excel", "reading Excel"):
        from python_calamine import CalamineError, load_workbook
    try:
        return load_workbook(path)
    except (CalamineError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"file {path.name!r} cannot be read as Excel: {reason}") from None


def _chosen(path: Path, names: Sequence[str], requested: str | None) -> str:
    if not names:
        raise InputError(f"file {path.name!r} has no sheet with cells")
    if requested is None:
        return names[0]
    if requested not in names:
        raise InputError(
            f"--sheet {requested!r} is not a sheet of {path.name!r}{nearest(requested, names)}"
        )
    return requested


def _refuse_merged_header(sheet: CalamineSheet, top: int, where: str) -> None:
    for start, end in sheet.merged_cell_ranges or ():
        if start[0] <= top and end > start:
            raise InputError(
                f"{where} has merged cells in its header ({_address(*start)}:{_address(*end)}); "
                "put one name above each column, in one row"
            )


def _address(row: int, column: int) -> str:
    """Return a cell's address.

    >>> _address(0, 0), _address(4, 27)
    ('A1', 'AB5')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, _ALPHABET)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def _layout(header: Sequence[Any], body: Sequence[Sequence[Any]], where: str) -> list[str | None]:
    """Return the names of the columns; a nameless one is named by its position."""
    filled = [
        position for position in range(len(header)) if any(row[position] != "" for row in body)
    ]
    names = [_name(cell) for cell in header]
    missing = [position for position in filled if not names[position]]
    if len(missing) > _FEWEST_NAMED * len(filled):
        raise InputError(
            f"the first row of {where} names {len(filled) - len(missing)} of its {len(filled)} "
            "columns; delete the rows above the column names"
        )
    if (duplicate := first_duplicate(names)) is not None:
        raise InputError(f"{where} has two columns named {duplicate!r}; rename one")
    return [
        name or ((f"column {position + 1}" if position else "") if position in filled else None)
        for position, name in enumerate(names)
    ]


def _index_of(table: ExcelTable) -> Iterator[str]:
    numbers = RowNumbers()
    for row in table.rows:
        numbers.add(str(_plain(row[0])))
    for position, name in enumerate(table.names):
        if is_index_name(name) or (not position and may_number_rows(name) and numbers.hold):
            yield name


def _name(cell: Any) -> str:
    return str(_plain(cell) if cell != "" else "").strip()


def _is_empty(cells: Sequence[Any]) -> bool:
    return all(cell == "" for cell in cells)


def _plain(cell: Any) -> Any:
    """Return a cell's value as a JSON value; all numbers in Excel are floats.

    >>> _plain(3.0), _plain(1.5), _plain(date(2024, 5, 1)), _plain(" #N/A"), _plain("007")
    (3, 1.5, '2024-05-01', None, '007')
    """
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return None
        return int(cell) if cell.is_integer() else cell
    if isinstance(cell, str):
        return None if cell.strip().lower() in MISSING else cell
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return cell.isoformat() if isinstance(cell, date | time) else cell


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return " or ".join(map(repr, names[:_MAX_LISTED])) + more
