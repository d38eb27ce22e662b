"""Rows of `drift` and `performance` for untested parts: `not_comparable`, with the reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modeltap.analysis.coverage.coverage_report import coverages
from modeltap.analysis.coverage.unjoined_labels import unjoined_labels
from modeltap.analysis.coverage.unmonitored import Unmonitored
from modeltap.analysis.model.metric import NOT_COMPARABLE
from modeltap.environments import environment_of, version_of
from modeltap.store.metrics import REPORTED_COLUMNS
from modeltap.store.models import known_models
from modeltap.store.settings import SettingsReader

_OF_WINDOW = ("window", "window_start", "window_end", "rows")


def untested_rows(
    connection: sqlite3.Connection, model: str | None, feature: str | None
) -> list[dict[str, Any]]:
    """Return a row for each untested column, optionally of one model or feature only."""
    covered = coverages(connection, SettingsReader(connection), model)
    columns = (column for coverage in covered for column in coverage.untested)
    return [_row(column) for column in columns if feature in (None, column.subject)]


def unjoined_rows(connection: sqlite3.Connection, model: str | None) -> list[dict[str, Any]]:
    """Return a row for each reason why labels match no exchange, optionally of one model only.

    A row has no model if the store contains several and the labels name none.
    """
    unjoined = unjoined_labels(connection, known_models(connection))
    return [
        {**_row(labels), "metric": "label_coverage", "rows": labels.total, "count": labels.count}
        for labels in unjoined
        if model is None or labels.model in (None, model)
    ]


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


def _row(part: Unmonitored) -> dict[str, Any]:
    fix = "" if part.fix is None else f"; {part.fix}"
    reason = f"not tested: {part.reason}" if part.check == "features" else part.statement
    return {
        **dict.fromkeys(REPORTED_COLUMNS),
        "model": part.model,
        "version": version_of(part.version),
        "environment": environment_of(part.version),
        "metric": "drift",
        "feature": part.subject,
        "verdict": NOT_COMPARABLE,
        "explanation": f"{reason}{fix}",
    }
