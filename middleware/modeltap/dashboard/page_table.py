"""A table of a page, which is also CSV and JSON at the page's own address."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from modeltap.output import cell

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class PageTable:
    """Rows of a page.

    Attributes:
        name: what selects it in an address: ``?table=alerts&format=csv``.
        columns: the names of the columns, in order.
        empty: what is shown without rows.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    empty: str = "no rows"

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
    return {name: row[name] for name in columns}


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return cell(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
