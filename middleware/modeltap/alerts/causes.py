"""One fact about a column is one alert: its consequences are not reported beside it.

A column that froze drifts; one with values far out leaves its range, too, and drifts by them
alone. Three messages about it would pass for three incidents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from modeltap.analysis.model.metric import ALERT
from modeltap.config.metrics import CATALOGUE, explained_by
from modeltap.store.metrics import MetricRow


def _explaining() -> list[str]:
    """Return the metrics that explain others, each after those that explain it."""
    found: list[str] = []

    def visit(metric: str) -> None:
        for cause in explained_by(metric):
            visit(cause)
            if cause not in found:
                found.append(cause)

    for metric in CATALOGUE:
        visit(metric)
    return found


def causes_first(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """Return a window's rows in the order in which they explain each other.

    >>> rows = [{"metric": name, "related": None} for name in ("drift", "outlier_rate")]
    >>> [row["metric"] for row in causes_first([*rows, {"metric": "drift", "related": "[]"}])]
    ['drift', 'outlier_rate', 'drift']
    """
    places = {metric: place for place, metric in enumerate(_explaining())}
    return sorted(
        rows, key=lambda row: (not row["related"], places.get(row["metric"], len(places)))
    )


def causes(row: MetricRow, rows: Sequence[MetricRow]) -> set[tuple[str, str | None]]:
    """Return metric and feature of the alerts of the same window that explain `row`.

    They are those about its own column that explain its metric, and the one of a finding that
    names its column as related (`width` and `height` are swapped). Nothing explains the alert of
    a finding itself.

    >>> about = {"feature": "temp", "segment": None, "verdict": "alert", "related": None}
    >>> metrics = ("out_of_range_rate", "outlier_rate", "drift")
    >>> rows = [{"metric": metric, **about} for metric in metrics]
    >>> sorted(causes(rows[-1], rows)), causes(rows[-1], rows[-1:])
    ([('out_of_range_rate', 'temp'), ('outlier_rate', 'temp')], set())
    """
    found: set[tuple[str, str | None]] = set()
    if row["related"]:
        return found
    for other in rows:
        if other["verdict"] == ALERT and other["segment"] == row["segment"]:
            if _is_related(other, row):
                found.add((other["metric"], other["feature"]))
            elif other["feature"] == row["feature"] and other["metric"] in explained_by(
                row["metric"]
            ):
                found |= {(other["metric"], other["feature"]), *causes(other, rows)}
    return found


def _is_related(finding: MetricRow, row: MetricRow) -> bool:
    """Return whether an alert is of a finding about the column of `row`, and another metric."""
    return bool(finding["related"]) and row["feature"] in json.loads(finding["related"])
