"""Mean absolute error, with the verdict of a regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import (
    AT_ONCE,
    NO_REFERENCE,
    Metric,
    too_few,
    verdict,
)
from modeltap.analysis.model.moments import moments
from modeltap.analysis.performance.error_metrics import describe_errors
from modeltap.analysis.performance.labelled import (
    LabelledContext,
    PerformanceLoss,
    loss_floor,
)
from modeltap.analysis.performance.paired import Paired
from modeltap.analysis.statistics.means import mean_grew, positive_interval


def regression_metrics(
    paired: Paired, baseline: Baseline | None, context: LabelledContext
) -> list[Metric]:
    """Return `mae`, which has the verdict, and what describes the errors, prediction minus label.

    See `describe_errors` for the others.
    """
    errors = paired.predictions - paired.labels
    n = len(errors)
    if n < max(2, context.min_rows):
        return [too_few("mae", n)]
    absolute = np.abs(errors)
    mae, bias = float(absolute.mean()), float(errors.mean())
    interval = positive_interval(absolute)
    described = describe_errors(errors, paired.labels)
    facts: dict[str, Any] = {
        "metric": "mae",
        "rows": n,
        "value": mae,
        "low": mae if interval is None else interval.low,
        "high": mae if interval is None else interval.high,
    }
    if baseline is None:
        return [Metric(**facts, verdict=NO_REFERENCE), *described]
    loss, floor = mae - baseline.mean, baseline.baseline_loss + loss_floor(baseline)
    # A model without errors has no variance to compare with; any error is new.
    p = mean_grew(baseline.moments, moments(absolute)) if baseline.variance else float(loss <= 0)
    alert = p < context.level and loss > floor
    compared = Metric(
        **facts,
        threshold=baseline.mean + floor,
        p_value=p,
        strength=max(0.0, loss / floor) if floor else AT_ONCE * alert,
        verdict=verdict(alert, n),
        evidence=PerformanceLoss(baseline, bias),
    )
    return [compared, *described]
