"""The cost of an exchange, which is never 0 for want of a price."""

from __future__ import annotations

import pytest

from modeltap.analysis.costs.exchange_costs import (
    NO_NAME,
    NO_PRICE,
    NO_TOKENS,
    exchange_cost,
    with_costs,
)
from modeltap.config.evaluation.price_settings import parse_prices
from modeltap.decoding.row_batch import Batch
from modeltap.store.token_counts import TokenCount

PRICES = parse_prices(
    {
        "a": {"input": 2, "output": 10},
        "b": {"input": 2, "output": 10, "cached_input": 1},
        "c": {"input": 2, "output": 10, "cached_input": 1, "cached": "separate"},
        "free": {"input": 0},
    }
)
M = 1_000_000


@pytest.mark.parametrize(
    ("count", "cost"),
    [
        (("a", M, M, None), 12.0),
        (("a", M, None, None), 2.0),
        (("a", M, 0, M), 2.0),
        (("b", M, 0, M // 2), 1.5),
        (("b", M, 0, 2 * M), 1.0),
        (("c", M, 0, M // 2), 2.5),
        (("free", M, M, None), 0.0),
    ],
)
def test_tokens_cost_what_the_table_says(count, cost):
    own = exchange_cost(TokenCount(*count), PRICES)
    assert own.cost == pytest.approx(cost) and own.reason is None and own.price == count[0]


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        ((None, M, M, None), NO_NAME),
        (("other", M, M, None), NO_PRICE),
        (("a", None, None, None), NO_TOKENS),
        (("a", None, M, None), NO_TOKENS),
    ],
)
def test_without_a_price_there_is_a_reason_and_no_cost(count, reason):
    own = exchange_cost(TokenCount(*count), PRICES)
    assert (own.cost, own.reason) == (None, reason)


def test_decoded_rows_have_their_costs():
    tokens = {"model_name": "a", "input_tokens": M, "output_tokens": 0}
    batch = Batch(
        ids=["x", "x", "y", "z", "w"],
        row_numbers=[0, 1, 0, 0, 0],
        answers=[
            tokens,
            {"finish_reason": "stop"},
            {**tokens, "model_name": "?"},
            None,
            {**tokens, "cost": "high"},
        ],
    )
    assert [own.get("cost") for own in with_costs(batch, PRICES)] == [2.0, None, None, None, "high"]
    assert with_costs(batch, {})[0] == tokens
