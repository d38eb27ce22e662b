"""The cell of the heat map that a click meant, which works without JavaScript.

A row is one image in a link, and a browser writes the pixel that was clicked after the link's
address: ``?feature=amount&cell=START,END,COLUMNS,WIDTH?345,7``. The address has the map as it was
drawn, so that a window that ended since then does not move the columns.
"""

from __future__ import annotations

import re
import sqlite3

from modeltap import clock
from modeltap.errors import InputError
from modeltap.store.drift_history import worst_cells
from modeltap.store.models import ModelVersion
from modeltap.summaries.drift_map import ClickedColumns

_SECONDS = r"(-?\d{1,10}(?:\.\d{1,3})?)"
_CELL = re.compile(
    rf"{_SECONDS},{_SECONDS},(\d{{1,3}}),(\d{{1,3}})\?(\d{{1,5}}),\d{{1,5}}", re.ASCII
)


def cell_query(shape: ClickedColumns) -> str:
    """Return the value of `cell`, without the pixel.

    >>> cell_query(ClickedColumns(0.0, 86_400.0, 24, 40))
    '0,86400,24,40'
    """
    start, end = (f"{at:.3f}".rstrip("0").rstrip(".") for at in (shape.start, shape.end))
    return f"{start},{end},{shape.columns},{shape.width}"


def clicked_window(
    connection: sqlite3.Connection, of: ModelVersion, feature: str, cell: str
) -> str:
    """Return the start of the window that a click meant: the worst one of the clicked cell.

    If the cell is empty, it is the start of the cell.

    Args:
        cell: the value of the address, with the pixel.

    Raises:
        InputError: if `cell` is not such a value.
    """
    start, end = _clicked_period(cell)
    cells = worst_cells(connection, of, [feature], start, end)
    return cells[0].window_start if cells else clock.iso(start)


def _clicked_period(cell: str) -> tuple[float, float]:
    """Return the period of the clicked column, in seconds since the epoch.

    >>> _clicked_period("0,86400,24,40?85,3")
    (7200.0, 10800.0)
    """
    matched = _CELL.fullmatch(cell)
    start, end = map(float, matched.groups()[:2]) if matched else (0.0, 0.0)
    columns, width, pixel = map(int, matched.groups()[2:]) if matched else (0, 0, 0)
    if not (start < end and columns and width):
        raise InputError(
            f"'cell' must be START,END,COLUMNS,WIDTH?X,Y, as a click on the heat map writes it, "
            f"not {cell!r}; name a window instead: &window=2026-05-01T08:00"
        )
    column = min(pixel // width, columns - 1)
    seconds = (end - start) / columns
    return start + column * seconds, start + (column + 1) * seconds
