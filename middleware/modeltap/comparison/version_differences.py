"""Two versions of a model compared on different rows: those that each of them answered."""

from __future__ import annotations

from collections.abc import Sequence

from modeltap.analysis.model.baseline import infer_task, is_unknown
from modeltap.comparison.aligned_outputs import ModelForm, ModelOutputs, pair_outputs
from modeltap.comparison.differences.comparison_result import ComparedMetric
from modeltap.comparison.differences.confidence_sequence import ALPHA
from modeltap.comparison.differences.metric_differences import (
    MIN_LABELLED_ROWS,
    unpaired_differences,
)
from modeltap.comparison.differences.prediction_differences import prediction_differences
from modeltap.store.labelled_rows import LabelledPrediction

DEFAULT_MODEL_FORM = ModelForm()


def version_differences(
    before: Sequence[LabelledPrediction],
    after: Sequence[LabelledPrediction],
    known: ModelForm = DEFAULT_MODEL_FORM,
    *,
    alpha: float = ALPHA,
    min_rows: int = MIN_LABELLED_ROWS,
) -> list[ComparedMetric]:
    """Return the differences of the metrics of two versions, `after` minus `before`.

    The rows are those of a comparison of a candidate: each metric with an interval that holds at
    all looks, and a verdict about `after`. Then the predictions without labels, which have no
    verdict. A difference has two causes that the rows cannot separate, the versions and the inputs
    that each of them got, unless requests are assigned to versions by chance.

    Args:
        before, after: (m,) and (n,) rows of each version, with labels where they are known, of
            one output.
        known: the task and the form of the labels.
        alpha: the chance of a wrong verdict of the main metric at any look, and of the others.
        min_rows: labelled rows that each version needs for a verdict.

    Raises `InputError` if the predictions of a version and the labels cannot be compared.

    >>> rows = [LabelledPrediction(1, n % 2) for n in range(400)]
    >>> better = [LabelledPrediction(n % 2, n % 2) for n in range(400)]
    >>> row = version_differences(rows, better)[0]
    >>> row.metric, row.difference, row.verdict
    ('accuracy', 0.5, 'better')
    """
    sides = [[row for row in side if not is_unknown(row.prediction)] for side in (before, after)]
    labelled = [[row for row in side if not is_unknown(row.label)] for side in sides]
    task = known.task or (known.baseline.task if known.baseline else None)
    rows: list[ComparedMetric] = []
    if all(labelled):
        everything = [*labelled[0], *labelled[1]]
        task = task or infer_task(
            [row.label for row in everything], [row.prediction for row in everything]
        )
        first, second = (
            pair_outputs(
                ModelOutputs([row.prediction for row in side], [row.score for row in side]),
                [row.label for row in side],
                known._replace(task=task),
                name,
            )
            for side, name in zip(labelled, ("version before", "version after"), strict=True)
        )
        if min(first.rows, second.rows):
            rows += unpaired_differences(first, second, alpha=alpha, min_rows=min_rows)
    rows += prediction_differences(
        [row.prediction for row in sides[0]],
        [row.prediction for row in sides[1]],
        task=task,
        form=known.form,
        paired=False,
    )
    return rows
