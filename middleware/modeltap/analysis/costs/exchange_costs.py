"""The cost of an exchange by the price table, or the reason why it has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeltap.config.evaluation.price_settings import PriceSettings, price_name
from modeltap.decoding.output_tokens import is_completion, token_count_in
from modeltap.decoding.row_batch import Batch
from modeltap.store.token_counts import TokenCount

_MILLION = 1e6

NO_TOKENS = "the response has no token counts"
NO_NAME = "the response does not name its model"
NO_PRICE = "the price table has no such name"


@dataclass(frozen=True)
class ExchangeCost:
    """A cost, with the entry of the price table; or None, with the reason."""

    cost: float | None
    price: str | None = None
    reason: str | None = None


def exchange_cost(count: TokenCount, prices: Mapping[str, PriceSettings]) -> ExchangeCost:
    """Return the cost of an exchange; it is never 0 for want of a price.

    >>> prices = {"gpt-4o": PriceSettings(input=2.5, output=10)}
    >>> exchange_cost(TokenCount("gpt-4o", 1000, 200, None), prices).cost
    0.0045
    >>> exchange_cost(TokenCount("gpt-5", 1000, 200, None), prices).reason
    'the price table has no such name'
    """
    if count.name is None:
        return ExchangeCost(None, reason=NO_NAME)
    entry = price_name(count.name, prices)
    if entry is None:
        return ExchangeCost(None, reason=NO_PRICE)
    if count.input_tokens is None:
        return ExchangeCost(None, reason=NO_TOKENS)
    price = prices[entry]
    cached = count.cached_tokens or 0
    asked = count.input_tokens
    if price.cached == "included":
        cached = min(cached, asked)
        asked -= cached
    of_cached = price.input if price.cached_input is None else price.cached_input
    total = asked * price.input + cached * of_cached + (count.output_tokens or 0) * price.output
    return ExchangeCost(total / _MILLION, entry)


def with_costs(batch: Batch, prices: Mapping[str, PriceSettings]) -> list[dict[str, Any]]:
    """Return the further fields of n outputs, with the field `cost` where there is one.

    A field of the response that has this name stays.
    """
    answers = [answer or {} for answer in batch.answers]
    if not prices:
        return answers
    costs = [
        exchange_cost(token_count_in(answer), prices).cost
        if row == 0 and is_completion(answer)
        else None
        for row, answer in zip(batch.row_numbers, answers, strict=True)
    ]
    return [
        answer if cost is None else {"cost": cost, **answer}
        for answer, cost in zip(answers, costs, strict=True)
    ]


def unpriced(
    counts: Sequence[TokenCount], costs: Sequence[ExchangeCost]
) -> Counter[tuple[str | None, str]]:
    """Return the number of exchanges without a cost, by the model's name and the reason."""
    return Counter(
        (count.name, own.reason)
        for count, own in zip(counts, costs, strict=True)
        if own.reason is not None
    )
