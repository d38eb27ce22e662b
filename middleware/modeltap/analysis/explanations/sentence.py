"""Dispatch from evidence to the sentence about it, and the clauses that sentences share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.covered_hours import uncovered
from modeltap.analysis.model.metric import Evidence, Metric
from modeltap.wording import chance, plural

_DRIFT = ("drift", "multivariate_drift", "row_outlier_rate")
"""Metrics whose null hypothesis is that nothing has drifted."""


@singledispatch
def sentence(_evidence: Evidence, _metric: Metric, _context: Context | None) -> str | None:
    """Return the sentence about a metric with this evidence; None for other evidence."""
    return None


def odds(metric: Metric, context: Context | None) -> str:
    """Describe how often chance alone produces such an effect in any column.

    If the reference has no rows of the window's hours, the text reports that instead: a p-value
    would be misleading.
    """
    hours = None if context is None else uncovered(context)
    if hours is not None:
        return f"nothing to compare with: the reference has no rows from {hours}"
    columns = _columns(metric, context)
    null = "drift" if metric.metric in _DRIFT else "a change"
    text = f"chance of this without {null}: {chance(min(1.0, columns * (metric.p_value or 0.0)))}"
    return f"{text}, corrected for {columns} columns" if columns > 1 else text


def counted_rows(metric: Metric) -> str:
    """Return the number of rows that a metric was computed from, with its noun."""
    return plural(metric.rows, "row")


def listing(items: Sequence[str], most: int | None = None) -> str:
    """Join items with commas and a final "and"; count those after the first `most`.

    >>> listing(["a"]), listing(["a", "b", "c"]), listing(["a", "b", "c", "d"], 2)
    ('a', 'a, b and c', 'a, b and 2 more')
    """
    if most is not None and len(items) > most:
        items = [*items[:most], f"{len(items) - most} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def backquoted(value: str) -> str:
    """Quote a category in backquotes, so that its end is found where values are masked.

    >>> backquoted("app"), backquoted("a`b")
    ('`app`', '`a\\\\`b`')
    """
    return "`" + repr(value)[1:-1].replace("`", "\\`") + "`"


def _columns(metric: Metric, context: Context | None) -> int:
    """Return the number of columns that share the window's level (Bonferroni)."""
    if context is None or metric.feature is None:
        return 1
    features = context.reference.features
    tested = sum(feature.is_tested for feature in features)
    own = context.reference.by_name.get(metric.feature)
    return tested if own is not None and own.is_tested else len(features)
