"""One fact about a column is one alert: its consequences are not reported beside it.

A column that froze drifts; one with values far out leaves its range, too, and drifts by them
alone. Three messages about it would pass for three incidents.
"""

from __future__ import annotations

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

    >>> rows = [{"metric": name} for name in ("drift", "outlier_rate", "constant_feed")]
    >>> [row["metric"] for row in causes_first(rows)]
    ['constant_feed', 'outlier_rate', 'drift']
    """
    places = {metric: place for place, metric in enumerate(_explaining())}
    return sorted(rows, key=lambda row: places.get(row["metric"], len(places)))


def causes(row: MetricRow, rows: Sequence[MetricRow]) -> set[str]:
    """Return the metrics of the same column that alert in the same window and explain `row`.

    >>> about = {"feature": "temp", "segment": None, "verdict": "alert"}
    >>> metrics = ("out_of_range_rate", "outlier_rate", "drift")
    >>> rows = [{"metric": metric, **about} for metric in metrics]
    >>> sorted(causes(rows[-1], rows)), causes(rows[-1], rows[-1:])
    (['out_of_range_rate', 'outlier_rate'], set())
    """
    found: set[str] = set()
    for other in rows:
        same = (other["feature"], other["segment"]) == (row["feature"], row["segment"])
        if same and other["verdict"] == ALERT and other["metric"] in explained_by(row["metric"]):
            found |= {other["metric"], *causes(other, rows)}
    return found
