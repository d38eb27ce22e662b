"""All evaluators of a model, over the sampled rows of a window."""

from __future__ import annotations

from modeltap.analysis.counting.sample import choose
from modeltap.analysis.evaluators.evaluated_outputs import evaluated_outputs
from modeltap.analysis.evaluators.evaluator_values import evaluator_values
from modeltap.analysis.evaluators.pass_rates import evaluator_metrics
from modeltap.analysis.model.baseline import EvaluatorBaseline
from modeltap.analysis.model.metric import Metric
from modeltap.config.settings import Settings
from modeltap.decoding.row_batch import Batch

EVALUATORS_SHARE = 0.1
"""The part of a window's level for all evaluators, in addition to the others: most models have
none."""


def window_evaluators(
    batch: Batch,
    settings: Settings,
    baseline: EvaluatorBaseline | None,
    alpha: float,
    *,
    learning: bool = False,
) -> list[Metric]:
    """Return the metrics of all evaluators over a batch's rows, or over samples of them.

    Args:
        settings: the model's own.
        baseline: the pass rates of the reference; None if they are unknown.
        alpha: the false-alarm rate of a window; `EVALUATORS_SHARE` of it is shared by all.
        learning: whether the reference is still being learnt.
    """
    outputs = evaluated_outputs(batch)
    level = alpha * EVALUATORS_SHARE / max(1, len(settings.evaluators))
    metrics: list[Metric] = []
    for evaluator in settings.evaluators:
        places = choose(((own.id, own.row) for own in outputs), evaluator.sample)
        sampled = [outputs[place] for place in places]
        metrics += evaluator_metrics(
            evaluator,
            evaluator_values(evaluator, sampled),
            sampled,
            None if baseline is None else baseline.rates.get(evaluator.name),
            level=level,
            min_rows=min(settings.min_rows, evaluator.sample),
            learning=learning,
        )
    return metrics
