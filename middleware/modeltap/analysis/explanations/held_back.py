"""Reasons why an effect beyond chance and beyond its floor does not alert."""

from __future__ import annotations

from functools import singledispatch

from modeltap.analysis.detectors import quality, row_outliers
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.detectors.multivariate import RowsDiffer
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.detectors.text_and_vector import SamplesDiffer
from modeltap.analysis.model.metric import OK, Evidence, Metric
from modeltap.analysis.statistics.classifier import FLOOR
from modeltap.wording import number, percent

_NORMAL = "no alert, because the reference varies as much"


def held_back(metric: Metric, context: Context | None) -> str | None:
    """Return the rule that kept a metric from alerting; None if it would not alert anyway."""
    if metric.verdict != OK or metric.evidence is None or metric.p_value is None:
        return None
    return None if context is None else reason(metric.evidence, metric, context)


@singledispatch
def reason(_evidence: Evidence, _metric: Metric, _context: Context) -> str | None:
    """Return the rule that kept an effect from alerting; None if there was no such effect."""
    return None


@reason.register
def _(evidence: Drifted, metric: Metric, context: Context) -> str | None:
    beyond_floor = (metric.value or 0.0) > context.drift_floor
    sure = beyond_floor and _p(metric) < context.alpha_per_test
    return _NORMAL if evidence.beyond_baseline and sure else None


@reason.register
def _(evidence: Grown, metric: Metric, context: Context) -> str | None:
    feature = context.reference.by_name[metric.feature or ""]
    floor = quality.floor_of(metric.metric, quality.is_declared(feature, metric.metric))
    value = metric.value or 0.0
    if value - evidence.before <= floor or _p(metric) >= quality.level(context):
        return None
    if evidence.most is not None:
        return _NORMAL
    if metric.metric in quality.BEYOND:
        distance = number(feature.baseline_distance)
        return (
            f"no alert, because windows of the reference drift by up to {distance} in this column"
        )
    return "no alert, because fewer than 10 rows have such values"


@reason.register
def _(_evidence: Constant, metric: Metric, context: Context) -> str | None:
    if not metric.value or _p(metric) >= context.alpha_per_fault:
        return None
    return "no alert, because windows of the reference are constant, too"


@reason.register
def _(evidence: SamplesDiffer, metric: Metric, context: Context) -> str | None:
    baseline = context.baselines.highest("drift", metric.feature)
    if baseline is None or evidence.auc - 0.5 <= FLOOR or _p(metric) >= context.alpha_per_test:
        return None
    return _within_baseline(f"{0.5 + baseline:.2f}", f"AUC is {evidence.auc:.2f}")


@reason.register
def _(_evidence: RowsDiffer, metric: Metric, context: Context) -> str | None:
    baseline = context.baselines.highest("multivariate_drift", None)
    value = metric.value or 0.0
    if baseline is None or value - 0.5 <= FLOOR or _p(metric) >= context.alpha_of_rows:
        return None
    return _within_baseline(f"{baseline:.2f}", f"AUC is {value:.2f}")


@reason.register
def _(evidence: Outliers, metric: Metric, context: Context) -> str | None:
    baseline = context.baselines.highest("row_outlier_rate", None)
    value = metric.value or 0.0
    if (
        baseline is None
        or value - evidence.before <= row_outliers.FLOOR
        or _p(metric) >= context.alpha_of_rows
    ):
        return None
    return _within_baseline(percent(baseline), f"the rate is {percent(value)}")


def _within_baseline(baseline: str, value: str) -> str:
    return f"{_NORMAL}: {value}, and windows of the reference reach {baseline}"


def _p(metric: Metric) -> float:
    return 1.0 if metric.p_value is None else metric.p_value
