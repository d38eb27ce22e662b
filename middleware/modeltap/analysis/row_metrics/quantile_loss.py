"""The loss of predicted quantiles, and the labels between the outermost two.

A response such as `{"q10": 8, "q50": 12, "q90": 19}` has quantiles, and one label for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modeltap.analysis.model.baseline import number_of
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.statistics.means import mean_interval
from modeltap.decoding.outputs import may_have_outputs, outputs_of

_LEVEL = re.compile(r"((?:quantile|percentile|q|p)[ _.]?)?(\d+(?:[._]\d+)?)", re.IGNORECASE)

_MEDIAN = 0.5

QuantileSet = Mapping[float, float]
"""Predicted quantiles of one row, by level."""


def quantile_level(name: str) -> float | None:
    """Return the level that an output's name states, None if it states none.

    >>> [quantile_level(name) for name in ("q10", "0.5", "p97.5", "quantile_0.9", "price", "3")]
    [0.1, 0.5, 0.975, 0.9, None, None]
    """
    match = _LEVEL.fullmatch(name)
    if match is None:
        return None
    number = float(match[2].replace("_", "."))
    if 0 < number < 1:
        return number
    # A whole number alone is a position in a list.
    return number / 100 if match[1] and 1 <= number < 100 else None


def quantile_sets(predictions: Sequence[Any]) -> list[QuantileSet | None] | None:
    """Return the quantiles of each of n predictions; None if they are not quantiles.

    >>> quantile_sets(['{"q10": 8, "q90": 19}', None])
    [{0.1: 8.0, 0.9: 19.0}, None]
    >>> quantile_sets([{"price": 8, "q90": 19}])
    """
    if not may_have_outputs(predictions):
        return None
    outputs = [outputs_of(prediction) for prediction in predictions]
    names = {name for own in outputs if own is not None for name in own}
    levels = {name: quantile_level(name) for name in names}
    if len(names) < 2 or None in levels.values():
        return None
    return [
        None if own is None else {levels[name] or 0.0: number_of(own[name]) for name in own}
        for own in outputs
    ]


def point_forecasts(predictions: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return n predictions, the medians if they are quantiles; None where there is no median.

    >>> point_forecasts([{"q10": 8, "q50": 12, "q90": 19}]), point_forecasts([7.5])
    ([12.0], [7.5])
    """
    sets = None if predictions is None else quantile_sets(predictions)
    if sets is None:
        return predictions
    return [None if own is None else own.get(_MEDIAN) for own in sets]


def quantile_metrics(
    sets: Sequence[QuantileSet | None], labels: Sequence[Any], min_rows: int
) -> list[Metric]:
    """Return `quantile_loss`, of each level and of all, and `interval_coverage`.

    The coverage is the fraction of labels from the lowest to the highest quantile. None for fewer
    than `min_rows` rows.
    """
    numbers = np.array(list(map(number_of, labels)), dtype=np.float64)
    levels = sorted({level for own in sets if own is not None for level in own})
    table = np.array(
        [[np.nan if own is None else own.get(level, np.nan) for level in levels] for own in sets]
    )
    known = ~np.isnan(numbers) & ~np.isnan(table).any(axis=1)
    if known.sum() < max(2, min_rows):
        return []
    table, numbers = table[known], numbers[known]
    losses = np.column_stack(
        [quantile_losses(table[:, n], numbers, level) for n, level in enumerate(levels)]
    )
    inside = (numbers >= table.min(axis=1)) & (numbers <= table.max(axis=1))
    coverage = mean_interval(inside.astype(np.float64))
    return [
        _loss(losses.mean(axis=1), None),
        *(_loss(losses[:, n], f"quantile={level:g}") for n, level in enumerate(levels)),
        Metric(
            metric="interval_coverage",
            rows=len(numbers),
            count=int(inside.sum()),
            value=coverage.value,
            low=coverage.low,
            high=coverage.high,
        ),
    ]


def quantile_losses(quantile: np.ndarray, labels: np.ndarray, level: float) -> np.ndarray:
    """Return the (n,) losses of a predicted quantile (Koenker & Bassett, 1978).

    ``max(a (y - q), (a - 1) (y - q))`` for the level a. The mean is smallest for the true quantile,
    and half of the mean absolute error at the median.

    >>> quantile_losses(np.array([10.0, 10.0]), np.array([12.0, 8.0]), 0.75).tolist()
    [1.5, 0.5]
    """
    gaps = labels - quantile
    return np.asarray(np.maximum(level * gaps, (level - 1) * gaps))


def _loss(losses: np.ndarray, segment: str | None) -> Metric:
    """Return the mean of losses; equal ones have no interval but their value."""
    value = low = high = float(losses.mean())
    if losses.min() < losses.max():
        _, low, high = mean_interval(losses, may_be_rate=False)
    return Metric(
        metric="quantile_loss",
        segment=segment,
        rows=len(losses),
        value=value,
        low=max(0.0, low),
        high=high,
    )
