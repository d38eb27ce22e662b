"""The pass rates of a reference, learnt from a sample of its rows in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.window_starts import window_blocks
from modeltap.analysis.evaluators.evaluated_outputs import evaluated_outputs
from modeltap.analysis.evaluators.evaluator_values import evaluator_values
from modeltap.analysis.evaluators.pass_rates import excess_of
from modeltap.analysis.model.baseline import EvaluatorBaseline, PassRate
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.config.settings import Settings
from modeltap.decoding.row_batch import Batch


def learnt_pass_rates(batch: Batch, settings: Settings) -> EvaluatorBaseline:
    """Return the pass rates of the outputs in a batch, by evaluator.

    An evaluator without values, such as one that fails, has no entry.

    Args:
        settings: the model's own.
    """
    outputs = evaluated_outputs(batch)
    blocks = list(window_blocks(np.array(batch.times, dtype=np.float64), settings))
    rates = {}
    for evaluator in settings.evaluators:
        values = evaluator_values(evaluator, outputs)
        whole = _rate(values.passes)
        if values.problem is None and whole.rows:
            parts = [_rate(values.passes[block]) for block in blocks]
            rates[evaluator.name] = replace(whole, excess=excess_of(parts, whole))
    return EvaluatorBaseline(key=evaluators_key(settings.evaluators), rates=rates)


def evaluators_key(evaluators: Sequence[EvaluatorSettings]) -> str:
    """Return a hash of the settings of evaluators, with which pass rates change."""
    form = msgspec.json.encode(evaluators, order="deterministic")
    return hashlib.sha256(form).hexdigest()[:16]


def _rate(passes: np.ndarray) -> PassRate:
    return PassRate(rows=int((~np.isnan(passes)).sum()), passed=int(np.nansum(passes)))
