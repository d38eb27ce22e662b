"""A Python function of the user: `function = "bot.checks:is_polite"`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from modeltap.analysis.row_metrics.own_functions import own_function
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput


@hookimpl
def score(evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]) -> list[Any] | None:
    """Return what the function returns for each output: a boolean, a number, or None."""
    if evaluator.kind != "python":
        return None
    function = own_function(evaluator.function or "")
    if isinstance(function, str):
        raise ValueError(function)
    return [_value(function, own) for own in outputs]


def _value(function: Callable[..., Any], own: EvaluatedOutput) -> Any:
    try:
        return function(document(own))
    except Exception as error:
        lines = str(error).splitlines() or [""]
        raise ValueError(
            f"{type(error).__name__}: {lines[0][:200]} (in exchange {own.id})"
        ) from error


def document(own: EvaluatedOutput) -> dict[str, Any]:
    """Return an output as the dictionary that functions receive.

    >>> sorted(document(EvaluatedOutput("a7", 0, "hi", "hello")))
    ['fields', 'id', 'output', 'prompt', 'row']
    """
    return {
        "id": own.id,
        "row": own.row,
        "prompt": own.prompt,
        "output": own.output,
        "fields": dict(own.fields),
    }
