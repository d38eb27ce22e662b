"""The metrics of the settings and of plugins: means of functions of rows, with their targets."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import scipy
from msgspec.structs import replace

from modeltap.analysis.model.metric import (
    AT_ONCE,
    NOT_COMPARABLE,
    NOT_ENOUGH_ROWS,
    Evidence,
    Metric,
    verdict,
)
from modeltap.analysis.row_metrics.labelled_documents import Document, labelled_documents
from modeltap.analysis.row_metrics.own_functions import own_function, row_values
from modeltap.analysis.statistics.means import error_of_mean, mean_interval
from modeltap.config.catalogue.metric_settings import MetricSettings
from modeltap.config.metrics import CATALOGUE
from modeltap.config.settings import Settings
from modeltap.config.validation import OWN_NAME
from modeltap.logs import logger
from modeltap.plugins import hooks
from modeltap.store.labelled_rows import LabelledPrediction

OWN_SHARE = 0.1
"""The part of a window's level for all targets together, in addition to the others: most models
have none."""


class TargetMissed(Evidence, frozen=True):
    """The target of a mean, and whether larger values are better."""

    target: float
    better: str


class OwnFailure(Evidence, frozen=True):
    """The reason why a metric of the user has no value."""

    function: str
    reason: str


def own_metrics(
    connection: sqlite3.Connection,
    settings: Settings,
    model: str,
    pairs: Sequence[LabelledPrediction],
    alpha: float,
) -> list[Metric]:
    """Return the mean of each of the user's functions over the labelled rows of a window.

    A function that fails has a metric without a value, and the reason.

    Args:
        settings: the model's own.
        alpha: the false-alarm rate of a window; `OWN_SHARE` of it is shared by all targets.
    """
    plugins = hooks("metrics").measure
    if not settings.metrics and not plugins.get_hookimpls():
        return []
    rows = list(labelled_documents(connection, settings, pairs))
    level = alpha * OWN_SHARE / max(1, sum(own.target is not None for own in settings.metrics))
    metrics = [_of_function(own, rows, settings.min_rows, level) for own in settings.metrics]
    taken = {*CATALOGUE, *(own.metric for own in metrics)}
    return [*metrics, *_of_plugins(plugins, model, rows, settings.min_rows, taken)]


def _of_function(
    own: MetricSettings, rows: Sequence[Document], min_rows: int, level: float
) -> Metric:
    function = own_function(own.function)
    if isinstance(function, str):
        return _failed(own.name, own.function, len(rows), function)
    computed = row_values(function, rows)
    if computed.problem is not None:
        return _failed(own.name, own.function, len(rows), computed.problem)
    values = computed.values[~np.isnan(computed.values)]
    described = _mean(own.name, values, min_rows)
    if own.target is None or described.value is None:
        return described
    return _against_target(described, values, own, own.target, level)


def _of_plugins(
    measure: Any, model: str, rows: Sequence[Document], min_rows: int, taken: set[str]
) -> Iterator[Metric]:
    """Yield the means of the values that plugins return; a plugin that fails has none."""
    try:
        results: list[Mapping[str, Sequence[Any]]] = measure(model=model, rows=rows)
    except Exception:
        logger.exception("modeltap: a plugin failed to measure %s", model)
        return
    for name, values in (pair for own in results for pair in own.items()):
        if name in taken or not re.fullmatch(OWN_NAME, name) or len(values) != len(rows):
            logger.error(
                "modeltap: ignored the metric %r of a plugin: it needs a new name and a value for "
                "each of %d rows",
                name,
                len(rows),
            )
            continue
        taken.add(name)
        computed = row_values(iter(values).__next__, rows, passes_row=False)
        if computed.problem is not None:
            yield _failed(name, "a plugin", len(rows), computed.problem)
        else:
            yield _mean(name, computed.values[~np.isnan(computed.values)], min_rows)


def _mean(name: str, values: np.ndarray, min_rows: int) -> Metric:
    """Return the mean of (n,) values with its 95 % interval; without a value for too few rows."""
    if len(values) < max(2, min_rows):
        return Metric(metric=name, rows=len(values), verdict=NOT_ENOUGH_ROWS)
    own = mean_interval(values)
    return Metric(metric=name, rows=len(values), value=own.value, low=own.low, high=own.high)


def _against_target(
    described: Metric, values: np.ndarray, own: MetricSettings, target: float, level: float
) -> Metric:
    """Return the metric with a verdict, by a one-sided t test of its mean (Student, 1908)."""
    mean, error = float(values.mean()), error_of_mean(values)
    missed = target - mean if own.better == "higher" else mean - target
    p = float(missed <= 0)
    if error:
        p = float(scipy.special.stdtr(len(values) - 1, -missed / error))
    return replace(
        described,
        threshold=target,
        p_value=p,
        strength=AT_ONCE if missed > 0 else 0.0,
        verdict=verdict(p < level and missed > 0, len(values)),
        evidence=TargetMissed(target, own.better),
    )


def _failed(name: str, function: str, rows: int, reason: str) -> Metric:
    why = OwnFailure(function, reason)
    return Metric(metric=name, rows=rows, verdict=NOT_COMPARABLE, evidence=why)
