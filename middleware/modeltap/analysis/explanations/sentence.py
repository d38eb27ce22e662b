"""Sentences about metrics, one function for each kind of evidence, and what they share."""

from __future__ import annotations

from functools import singledispatch

from modeltap.analysis.detectors.context import Context
from modeltap.analysis.explanations.covered_hours import uncovered
from modeltap.analysis.model.metric import Evidence, Metric
from modeltap.wording import chance


@singledispatch
def sentence(_evidence: Evidence, _metric: Metric, _context: Context | None) -> str | None:
    """Return the sentence for a metric with this evidence; None for evidence of another kind."""
    return None


def odds(metric: Metric, context: Context | None) -> str:
    """Say how often chance alone has such an effect in any column.

    Where the reference has no rows of the window's hours, chance explains nothing: it says so.
    """
    hours = None if context is None else uncovered(context)
    if hours is not None:
        return f"the reference has no rows of {hours}"
    columns = _columns(metric, context)
    text = f"expected {chance(min(1.0, columns * (metric.p_value or 0.0)))}"
    return f"{text}, over all {columns} columns" if columns > 1 else text


def backquoted(value: str) -> str:
    """Write a category in backquotes, so that messages without values find its end.

    >>> backquoted("app"), backquoted("a`b")
    ('`app`', '`a\\\\`b`')
    """
    return "`" + repr(value)[1:-1].replace("`", "\\`") + "`"


def _columns(metric: Metric, context: Context | None) -> int:
    """Return how many columns the window's level is divided among (Bonferroni)."""
    if context is None or metric.feature is None:
        return 1
    features = context.reference.features
    tested = sum(feature.is_tested for feature in features)
    own = context.reference.by_name.get(metric.feature)
    return tested if own is not None and own.is_tested else len(features)
