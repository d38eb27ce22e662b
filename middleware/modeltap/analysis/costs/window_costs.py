"""Costs of a window: the sum, the mean of an exchange, and the fraction without a price."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from modeltap.analysis.costs.exchange_costs import ExchangeCost, exchange_cost, unpriced
from modeltap.analysis.model.metric import NORMAL_95, Metric
from modeltap.analysis.statistics.means import positive_interval
from modeltap.analysis.statistics.rates import wilson
from modeltap.config.evaluation.price_settings import PriceSettings
from modeltap.store.token_counts import TokenCount
from modeltap.wording import number, plural

_NAMED = 5
"""Entries of the price table, or names without a price, that a sentence lists."""


def window_costs(counts: Sequence[TokenCount], prices: Mapping[str, PriceSettings]) -> list[Metric]:
    """Return `cost`, `cost_per_exchange` and `not_priced_rate` of n exchanges.

    In a sample, each exchange stands for `1 / sample_rate` exchanges (Horvitz & Thompson, 1952),
    and the sum has an interval. Without a priced exchange, the costs have no value.
    """
    if not counts:
        return []
    costs = [exchange_cost(count, prices) for count in counts]
    priced = [place for place, own in enumerate(costs) if own.cost is not None]
    values = np.array([costs[place].cost for place in priced], dtype=np.float64)
    weights = np.array([1 / (counts[place].sample_rate or 1.0) for place in priced])
    return [
        _sum(values, weights, [costs[place] for place in priced]),
        _mean(values, weights),
        _not_priced(counts, costs),
    ]


def _sum(values: np.ndarray, weights: np.ndarray, costs: Sequence[ExchangeCost]) -> Metric:
    if not len(values):
        return Metric(metric="cost", rows=0)
    total = float(values @ weights)
    error = math.sqrt(float(((weights**2 - weights) * values**2).sum()))
    sampled = bool((weights != 1).any())
    return Metric(
        metric="cost",
        rows=len(values),
        value=total,
        low=max(0.0, total - NORMAL_95 * error) if sampled else None,
        high=total + NORMAL_95 * error if sampled else None,
        explanation=_parts(values * weights, costs),
    )


def _parts(values: np.ndarray, costs: Sequence[ExchangeCost]) -> str | None:
    """Return the costs of each entry of the price table, if there are several."""
    parts: Counter[str] = Counter()
    for value, own in zip(values.tolist(), costs, strict=True):
        parts[own.price or ""] += value
    if len(parts) < 2:
        return None
    named = [f"{name!r} {number(value)}" for name, value in parts.most_common(_NAMED)]
    more = len(parts) - len(named)
    return f"{', '.join(named)}{f' and {more:,} more' if more else ''}"


def _mean(values: np.ndarray, weights: np.ndarray) -> Metric:
    if not len(values):
        return Metric(metric="cost_per_exchange", rows=0)
    mean = float(np.average(values, weights=weights))
    alike = len(values) > 1 and bool((weights == weights[0]).all())
    interval = positive_interval(values) if alike else None
    return Metric(
        metric="cost_per_exchange",
        rows=len(values),
        value=mean,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )


def _not_priced(counts: Sequence[TokenCount], costs: Sequence[ExchangeCost]) -> Metric:
    reasons = unpriced(counts, costs)
    missing, rows = sum(reasons.values()), len(costs)
    low, high = wilson(missing, rows)
    return Metric(
        metric="not_priced_rate",
        rows=rows,
        count=missing,
        value=missing / rows,
        low=low,
        high=high,
        explanation=_listed(reasons) if missing else None,
    )


def _listed(reasons: Counter[tuple[str | None, str]]) -> str:
    parts = [
        f"{plural(n, 'exchange')}{'' if name is None else f' of {name!r}'} ({reason})"
        for (name, reason), n in reasons.most_common(_NAMED)
    ]
    more = len(reasons) - len(parts)
    return f"not priced: {', '.join(parts)}{f' and {more:,} more' if more else ''}"
