"""Length of an output, in characters or words."""

from __future__ import annotations

from collections.abc import Sequence

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput
from modeltap_evaluators.output_words import words


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[float | None] | None:
    """Return the length of each output."""
    if evaluator.kind != "length":
        return None
    return [
        None if own.output is None else float(length(own.output, evaluator.unit)) for own in outputs
    ]


def length(text: str, unit: str) -> int:
    """Return the number of characters or words of a text.

    >>> length("well, well", "characters"), length("well, well", "words")
    (10, 2)
    """
    return len(words(text)) if unit == "words" else len(text)
