"""Labelled rows of a window that its performance leaves out, and the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence

from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.analysis.model.metric import NOT_COMPARABLE, Evidence, Metric
from modeltap.analysis.performance.paired import quoted
from modeltap.store.labelled_rows import LabelledRows


class UnusedLabels(Evidence, frozen=True):
    """Labelled rows that are not in the performance.

    Of these, some have no prediction; of the others, `example` is a value that is not a number.
    """

    labelled: int
    without_prediction: int
    without_number: int
    example: str | None = None


def unused_labels(rows: LabelledRows, metrics: Sequence[Metric]) -> UnusedLabels | None:
    """Return the labelled rows that the accuracy or mean error leaves out; None if it has all.

    None if nothing could be compared, because that metric has the reason, and for several outputs,
    whose labels may be partial.

    >>> from modeltap.store.labelled_rows import LabelledPrediction
    >>> own = [(1.5, 2.5), (None, 2.0), (1.0, "cancelled"), (1.0, None)]
    >>> rows = LabelledRows(LabelledPrediction(*pair) for pair in own)
    >>> unused_labels(rows, [Metric(metric="mae", rows=1)])
    UnusedLabels(labelled=3, without_prediction=1, without_number=1, example="'cancelled'")
    """
    main = next(
        (own for own in metrics if own.metric in ("accuracy", "mae") and own.segment is None), None
    )
    if main is None or main.verdict == NOT_COMPARABLE or main.rows >= rows.labelled:
        return None
    pairs = [
        (p, label)
        for p, label in zip(rows.predictions, rows.labels, strict=True)
        if not is_unknown(label)
    ]
    without = sum(is_unknown(prediction) for prediction, _ in pairs)
    others = rows.labelled - main.rows - without
    strays = (value for pair in pairs if not is_unknown(pair[0]) for value in reversed(pair))
    example = next((v for v in strays if not math.isfinite(number_of(v))), None) if others else None
    return UnusedLabels(
        rows.labelled, without, others, None if example is None else quoted(example)
    )
