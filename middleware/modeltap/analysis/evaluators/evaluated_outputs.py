"""Rows of a batch in the form that evaluators receive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modeltap.decoding.row_batch import Batch
from modeltap.payload import EvaluatedOutput
from modeltap.rows import as_dict

_PROMPTS = ("prompt", "question", "query", "inputs", "input", "text")
"""Inputs that are the prompt of a model without a protocol, in order of preference."""


def evaluated_outputs(batch: Batch) -> list[EvaluatedOutput]:
    """Return n rows with their prompts, their outputs as text, and all other fields."""
    answers = batch.answers or [None] * len(batch.ids)
    return [
        _output(id_, row, as_dict(features), prediction, answer or {})
        for id_, row, features, prediction, answer in zip(
            batch.ids, batch.row_numbers, batch.rows, batch.predictions, answers, strict=True
        )
    ]


def of_field(outputs: Sequence[EvaluatedOutput], name: str | None) -> list[EvaluatedOutput]:
    """Return outputs whose text is that of another field; None leaves them unchanged.

    >>> of_field([EvaluatedOutput("a", 0, None, "hi", {"reason": "stop"})], "reason")[0].output
    'stop'
    """
    if name is None:
        return list(outputs)
    return [replace(own, output=as_text(own.fields.get(name))) for own in outputs]


def as_text(value: Any) -> str | None:
    """Return a value as the text that evaluators check: JSON unless it is text.

    >>> as_text("a"), as_text({"price": 1.5}), as_text(None)
    ('a', '{"price": 1.5}', None)
    """
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _output(
    id_: str, row: int, features: Mapping[str, Any], prediction: Any, answer: Mapping[str, Any]
) -> EvaluatedOutput:
    prompt = next((features[name] for name in _PROMPTS if features.get(name) is not None), None)
    return EvaluatedOutput(id_, row, as_text(prompt), as_text(prediction), {**features, **answer})
