"""Banned words and phrases, in any case, and not as parts of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[bool | None] | None:
    """Return whether each output has none of the words."""
    if evaluator.kind != "banned_words":
        return None
    banned = any_of(evaluator.words)
    return [None if own.output is None else not banned.search(own.output) for own in outputs]


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    r"""Return a pattern of whole words and phrases; any white space separates their words.

    >>> bool(any_of(["as an AI"]).search("As an\nai, I ..."))
    True
    >>> bool(any_of(["ass"]).search("a class"))
    False
    """
    parts = [r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)
