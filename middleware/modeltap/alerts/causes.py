"""Causes of alerts, so that one fact about a column raises one alert.

A constant column also drifts. A column with outlying values also leaves its range, and drifts
because of them. Three messages would look like three incidents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from modeltap.analysis.model.metric import ALERT
from modeltap.config.metrics import CATALOGUE, explained_by
from modeltap.store.metrics import MetricRow


def _ordered() -> list[str]:
    """Return all metrics, each after those that explain it, otherwise in the catalogue's order."""
    ordered: dict[str, None] = {}

    def visit(metric: str) -> None:
        for cause in explained_by(metric):
            visit(cause)
        ordered.setdefault(metric)

    for metric in CATALOGUE:
        visit(metric)
    return list(ordered)


def causes_first(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """Sort a window's rows so that causes come before the rows they explain.

    >>> rows = [{"metric": name, "related": None} for name in ("drift", "outlier_rate")]
    >>> [row["metric"] for row in causes_first([*rows, {"metric": "drift", "related": "[]"}])]
    ['drift', 'outlier_rate', 'drift']
    """
    places = {metric: place for place, metric in enumerate(_ordered())}
    return sorted(
        rows, key=lambda row: (not row["related"], places.get(row["metric"], len(places)))
    )


def causes(row: MetricRow, rows: Sequence[MetricRow]) -> set[tuple[str, str | None]]:
    """Return the metric and feature of the alerts in the same window that explain `row`.

    These are alerts about the same column whose metric explains this one, and findings that name
    the column as related (such as swapped `width` and `height`). Findings are never explained.

    >>> about = {"feature": "temp", "segment": None, "verdict": "alert", "related": None}
    >>> metrics = ("out_of_range_rate", "outlier_rate", "drift")
    >>> rows = [{"metric": metric, **about} for metric in metrics]
    >>> sorted(causes(rows[-1], rows)), causes(rows[-1], rows[-1:])
    ([('out_of_range_rate', 'temp'), ('outlier_rate', 'temp')], set())
    """
    explaining: set[tuple[str, str | None]] = set()
    if row["related"]:
        return explaining
    for other in rows:
        if other["verdict"] == ALERT and other["segment"] == row["segment"]:
            if _is_related(other, row):
                explaining.add((other["metric"], other["feature"]))
            elif other["feature"] == row["feature"] and other["metric"] in explained_by(
                row["metric"]
            ):
                explaining |= {(other["metric"], other["feature"]), *causes(other, rows)}
    return explaining


def finding_about(row: MetricRow, rows: Sequence[MetricRow]) -> str | None:
    """Return the features of the finding that explains `row` in its window, as JSON, or None.

    >>> finding = {"feature": "width", "segment": None, "related": '["width", "height"]'}
    >>> row = {"feature": "height", "segment": None, "related": None}
    >>> finding_about(row, [row, finding]), finding_about(row, [row])
    ('["width", "height"]', None)
    """
    explaining = (other["related"] for other in (row, *rows) if _is_about(other, row))
    return next(explaining, None)


def _is_about(finding: MetricRow, row: MetricRow) -> bool:
    return finding["segment"] == row["segment"] and _is_related(finding, row)


def _is_related(finding: MetricRow, row: MetricRow) -> bool:
    """Return True if a finding names the column of `row` as related."""
    return bool(finding["related"]) and row["feature"] in json.loads(finding["related"])
