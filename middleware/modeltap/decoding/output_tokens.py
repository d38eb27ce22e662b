"""The token counts in decoded rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modeltap.decoding.row_batch import Batch
from modeltap.store.token_counts import TokenCount

_COUNTS = ("input_tokens", "output_tokens")


def token_counts_in(batch: Batch) -> Iterator[tuple[str, TokenCount]]:
    """Yield the counts of the exchanges of language models, by their ids.

    Counts belong to the exchange, so that the first of several rows has them.
    """
    for id_, row, answer in zip(batch.ids, batch.row_numbers, batch.answers, strict=False):
        if row == 0 and answer and is_completion(answer):
            yield id_, token_count_in(answer)


def is_completion(answer: Mapping[str, Any]) -> bool:
    """Return whether the further fields of an output are those of a language model."""
    return any(name in answer for name in (*_COUNTS, "finish_reason"))


def token_count_in(answer: Mapping[str, Any]) -> TokenCount:
    """Return the counts in the further fields of an output.

    >>> token_count_in({"model_name": "gpt-4o", "input_tokens": 7, "output_tokens": 2})[:3]
    ('gpt-4o', 7, 2)
    """
    name = answer.get("model_name")
    counts = (_count(answer.get(own)) for own in (*_COUNTS, "cached_tokens"))
    return TokenCount(name if isinstance(name, str) else None, *counts)


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None
