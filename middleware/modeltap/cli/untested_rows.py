"""What no test compares, as rows of `drift` and `performance`: `not_comparable`, and why."""

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
    """Return a row for each column that is not tested, of one model and feature or of all."""
    found = coverages(connection, SettingsReader(connection), model)
    columns = (one for coverage in found for one in coverage.untested)
    return [_row(one) for one in columns if feature in (None, one.subject)]


def unjoined_rows(connection: sqlite3.Connection, model: str | None) -> list[dict[str, Any]]:
    """Return a row for each reason why labels join nothing, of one model or of all.

    It has no model where the store has several, and nobody said of which one the labels are.
    """
    found = unjoined_labels(connection, known_models(connection))
    return [
        {**_row(one), "metric": "label_coverage", "rows": one.total, "count": one.count}
        for one in found
        if model is None or one.model in (None, model)
    ]


def without_tested(
    untested: Iterable[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows of columns that have no `drift` among `metrics`, in the last window there."""
    tested = {(*_owner(row), row["feature"]) for row in metrics}
    newest = {_owner(row): row for row in reversed(metrics)}
    rows = []
    for row in untested:
        of = _owner(row)
        if (*of, row["feature"]) not in tested:
            rows.append({**row, **{name: newest[of][name] for name in _OF_WINDOW if of in newest}})
    return rows


def _owner(row: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return row["model"], row["version"], row["environment"]


def _row(one: Unmonitored) -> dict[str, Any]:
    fix = "" if one.fix is None else f"; {one.fix}"
    reason = f"not tested: {one.reason}" if one.check == "features" else one.statement
    return {
        **dict.fromkeys(REPORTED_COLUMNS),
        "model": one.model,
        "version": version_of(one.version),
        "environment": environment_of(one.version),
        "metric": "drift",
        "feature": one.subject,
        "verdict": NOT_COMPARABLE,
        "explanation": f"{reason}{fix}",
    }
