"""Regular expressions that an output must contain, or must not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[bool | None] | None:
    """Return whether each output contains the pattern, or with `match = "absent"` does not."""
    if evaluator.kind != "regex" or evaluator.pattern is None:
        return None
    pattern, wanted = re.compile(evaluator.pattern), evaluator.match == "present"
    return [
        None if own.output is None else (pattern.search(own.output) is not None) == wanted
        for own in outputs
    ]
