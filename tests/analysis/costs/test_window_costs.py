"""Costs of a window: the sum, the mean, and exchanges without a price."""

from __future__ import annotations

import pytest

from modeltap.analysis.costs.window_costs import window_costs
from modeltap.config.evaluation.price_settings import parse_prices
from modeltap.store.token_counts import TokenCount

PRICES = parse_prices({"a": {"input": 1}, "b": {"input": 2}})
M = 1_000_000


def of(*counts, rate=None):
    metrics = window_costs([TokenCount(*count, None, None, rate) for count in counts], PRICES)
    return {metric.metric: metric for metric in metrics}


def test_the_sum_the_mean_and_the_parts():
    own = of(("a", M), ("a", 3 * M), ("b", M))
    assert own["cost"].value == 6 and own["cost"].low is None
    assert own["cost"].explanation == "'a' 4, 'b' 2"
    mean = own["cost_per_exchange"]
    assert mean.value == 2 and mean.low < 2 < mean.high
    assert (own["not_priced_rate"].value, own["not_priced_rate"].explanation) == (0, None)


def test_what_has_no_price_is_counted_with_its_reason():
    own = of(("a", M), ("x", M), ("x", M), (None, M), ("a", None))
    missing = own["not_priced_rate"]
    assert (missing.count, missing.rows) == (4, 5)
    assert "2 exchanges of 'x' (the price table has no such name)" in missing.explanation
    assert "1 exchange (the response does not name its model)" in missing.explanation
    assert "1 exchange of 'a' (the response has no token counts)" in missing.explanation
    assert own["cost"].value == 1


def test_without_any_price_there_is_no_sum():
    own = of(("x", M), ("y", M))
    assert own["cost"].value is None and own["cost_per_exchange"].value is None
    assert own["not_priced_rate"].value == 1


def test_a_sample_stands_for_all():
    own = of(*[("a", M)] * 100, rate=0.1)["cost"]
    assert own.value == pytest.approx(1000) and 700 < own.low < 1000 < own.high < 1300


def test_a_model_without_tokens_has_no_costs():
    assert window_costs([], PRICES) == []
