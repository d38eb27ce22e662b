"""Estimates next to the measured values of the same window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeltap.config.metrics import ESTIMATED
from modeltap.output import cell

ReportRow = Mapping[str, Any]

_KEY = ("model", "version", "environment", "window_start", "window_end", "segment")


def with_estimates(rows: Sequence[ReportRow]) -> list[dict[str, Any]]:
    """Return rows with the column `estimated`: the estimate of a measured value, with its interval.

    An estimate without a measured value remains a row of its own.

    >>> window = dict.fromkeys(_KEY)
    >>> measured = {"metric": "accuracy", "value": 0.91, **window}
    >>> guess = {"metric": "estimated_accuracy", "value": 0.9, "low": 0.88, "high": 0.92, **window}
    >>> [row["estimated"] for row in with_estimates([guess, measured])]
    ['0.9 (0.88 to 0.92)']
    """
    estimates = {
        _place(row, row["metric"].removeprefix(ESTIMATED)): row
        for row in rows
        if row["metric"].startswith(ESTIMATED) and row["value"] is not None
    }
    measured = {_place(row, row["metric"]) for row in rows if row["value"] is not None}
    return [
        {**row, "estimated": _text(estimates.get(_place(row, row["metric"])))}
        for row in rows
        if _place(row, row["metric"].removeprefix(ESTIMATED)) not in measured & estimates.keys()
        or not row["metric"].startswith(ESTIMATED)
    ]


def _place(row: ReportRow, metric: str) -> tuple[Any, ...]:
    return metric, *(row.get(name) for name in _KEY)


def _text(estimate: ReportRow | None) -> str | None:
    if estimate is None:
        return None
    interval = f" ({cell(estimate['low'])} to {cell(estimate['high'])})"
    return cell(estimate["value"]) + ("" if estimate["low"] is None else interval)
