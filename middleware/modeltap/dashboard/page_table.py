"""A table of a page, which is also CSV and JSON at the page's own address."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from starlette.responses import Response

from modeltap.output import cell

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NamedRows(Sequence[Mapping[str, Any]]):
    """Named tuples as rows. They are converted when they are read: a page shows only a few."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> list[Mapping[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        if isinstance(place, slice):
            return [row._asdict() for row in self._rows[place]]
        row: Mapping[str, Any] = self._rows[place]._asdict()
        return row


@dataclass(frozen=True)
class PageTable:
    """Rows of a page.

    Attributes:
        name: what selects it in an address: ``?table=alerts&format=csv``.
        columns: the names of the columns, in order.
        empty: what is shown without rows.
        shown: the columns that the page itself shows; empty for all.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    empty: str = "no rows"
    shown: Sequence[str] = ()

    def as_json(self) -> Response:
        """Return the rows as a JSON array."""
        text = json.dumps([_row(row, self.columns) for row in self.rows], default=cell)
        return Response(text, media_type="application/json")

    def as_csv(self) -> Response:
        """Return the rows as CSV. A text that a spreadsheet would run is quoted with a ``'``."""
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([_csv_cell(row[name]) for name in self.columns])
        headers = {"content-disposition": f'attachment; filename="{self.name}.csv"'}
        return Response(file.getvalue(), media_type="text/csv", headers=headers)


def data_response(tables: Sequence[PageTable], name: str | None, form: str) -> Response | None:
    """Return one of a page's tables in another form; None if the page itself is asked for.

    Args:
        name: of the table; None takes the first.
        form: "csv", "json" or "html".
    """
    table = next((table for table in tables if name in (None, "", table.name)), None)
    if form not in ("csv", "json") or table is None:
        return None
    return table.as_csv() if form == "csv" else table.as_json()


def _row(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    return {name: _finite(row[name]) for name in columns}


def _finite(value: Any) -> Any:
    """Return a value of JSON, which has no infinite numbers."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return cell(value)
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
