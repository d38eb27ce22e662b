"""Language of an output, by the library py3langid, which works offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.errors import nearest
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput

_FEWEST_LETTERS = 20
"""Shorter texts are often classified wrongly: "ok" is a word of many languages."""

_LONGEST = 2000
"""Characters that are classified: more do not change the result."""

_SURE = 0.5
"""A language with a lower probability is not known, such as that of a table of names."""


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[bool | None] | None:
    """Return whether each output is in one of the languages; None if it is too short."""
    if evaluator.kind != "language":
        return None
    known = _identifier().labels
    for language in evaluator.languages:
        if language not in known:
            raise ValueError(f"unknown language {language!r}{nearest(language, known)}")
    languages = [None if own.output is None else language_of(own.output) for own in outputs]
    return [None if own is None else own in evaluator.languages for own in languages]


def language_of(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, None if it is unknown."""
    part = text[:_LONGEST].encode("utf-8", "replace").decode()
    if sum(map(str.isalpha, part)) < _FEWEST_LETTERS and part.isascii():
        return None
    language, probability = _identifier().classify(part)
    return language if probability >= _SURE else None


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise ValueError(
            "the kind language needs py3langid: run pip install 'modeltap[evaluators]'"
        ) from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
