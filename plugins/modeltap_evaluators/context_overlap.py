"""Overlap with the context: the fraction of an output's words that are in the request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput
from modeltap_evaluators.output_words import words

_DEFAULT = ("prompt", "system")

_SHORTEST = 4
"""Shorter words, such as articles, are in most contexts and say little. Numbers always count."""


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[float | None] | None:
    """Return the fraction of each output's words that its context has, from 0 to 1."""
    if evaluator.kind != "overlap":
        return None
    fields = evaluator.context or _DEFAULT
    return [_overlap(own, fields) for own in outputs]


def _overlap(own: EvaluatedOutput, fields: Sequence[str]) -> float | None:
    context = [own.fields.get(name) for name in fields]
    texts = [_text(value) for value in context if value is not None]
    return None if own.output is None or not texts else overlap(own.output, "\n".join(texts))


def overlap(output: str, context: str) -> float | None:
    """Return the fraction of different words of `output` that are in `context`.

    The unigram precision of ROUGE (Lin, 2004) without repetitions. None for an output without
    words of four letters or numbers.

    >>> overlap("Parcels arrive in 5 days", "A parcel takes 5 days. Parcels are free.")
    0.75
    """
    own = {word for word in words(output) if len(word) >= _SHORTEST or word.isdigit()}
    return len(own.intersection(words(context))) / len(own) if own else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
