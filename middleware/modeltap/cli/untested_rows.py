"""Rows of `drift` for columns without a test: verdict `not_comparable`, with the reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeltap.analysis.coverage.coverage_report import coverages
from modeltap.analysis.coverage.unmonitored import Unmonitored
from modeltap.analysis.model.metric import NOT_COMPARABLE
from modeltap.environments import environment_of, version_of
from modeltap.store.metrics import REPORTED_COLUMNS
from modeltap.store.settings import SettingsReader

_OF_WINDOW = ("window", "window_start", "window_end", "rows")


def untested_rows(
    connection: sqlite3.Connection, model: str | None, feature: str | None
) -> list[dict[str, Any]]:
    """Return a row for each untested column, optionally of one model or feature only."""
    covered = coverages(connection, SettingsReader(connection), model)
    columns = (column for coverage in covered for column in coverage.untested)
    return [_row(column) for column in columns if feature in (None, column.subject)]


def without_tested(
    untested: Iterable[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows of columns without a `drift` metric, dated by the latest window."""
    tested = {(*_owner(row), row["feature"]) for row in metrics}
    newest = {_owner(row): row for row in reversed(metrics)}
    rows = []
    for row in untested:
        owner = _owner(row)
        if (*owner, row["feature"]) not in tested:
            window = newest.get(owner)
            rows.append({**row, **({} if window is None else {n: window[n] for n in _OF_WINDOW})})
    return rows


def _owner(row: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return row["model"], row["version"], row["environment"]


def _row(column: Unmonitored) -> dict[str, Any]:
    fix = "" if column.fix is None else f"; {column.fix}"
    return {
        **dict.fromkeys(REPORTED_COLUMNS),
        "model": column.model,
        "version": version_of(column.version),
        "environment": environment_of(column.version),
        "metric": "drift",
        "feature": column.subject,
        "verdict": NOT_COMPARABLE,
        "explanation": f"not tested: {column.reason}{fix}",
    }
