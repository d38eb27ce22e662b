"""Why an effect beyond chance and beyond its floor is no alert: because so much is usual."""

from __future__ import annotations

from functools import singledispatch

from modeltap.analysis.detectors import quality, row_outliers
from modeltap.analysis.detectors.constant_feed import Constant
from modeltap.analysis.detectors.context import Context
from modeltap.analysis.detectors.drift import Drifted
from modeltap.analysis.detectors.multivariate import RowsDiffer
from modeltap.analysis.detectors.quality import Grown
from modeltap.analysis.detectors.row_outliers import Outliers
from modeltap.analysis.detectors.text_and_vector import Distinct
from modeltap.analysis.model.metric import OK, Evidence, Metric
from modeltap.analysis.statistics.classifier import FLOOR
from modeltap.wording import number, percent

_USUAL = "no alert, for so much is usual"


def held_back(metric: Metric, context: Context | None) -> str | None:
    """Return which rule kept a metric from an alert; None where it would be none anyway."""
    if metric.verdict != OK or metric.evidence is None or metric.p_value is None:
        return None
    return None if context is None else reason(metric.evidence, metric, context)


@singledispatch
def reason(_evidence: Evidence, _metric: Metric, _context: Context) -> str | None:
    """Return the rule that kept an effect from an alert; None where there was no such effect."""
    return None


@reason.register
def _(evidence: Drifted, metric: Metric, context: Context) -> str | None:
    beyond_floor = (metric.value or 0.0) > context.drift_floor
    sure = beyond_floor and _p(metric) < context.alpha_per_test
    return _USUAL if evidence.beyond_baseline and sure else None


@reason.register
def _(evidence: Grown, metric: Metric, context: Context) -> str | None:
    feature = context.reference.by_name[metric.feature or ""]
    floor = quality.floor_of(metric.metric, quality.is_declared(feature, metric.metric))
    value = metric.value or 0.0
    if value - evidence.before <= floor or _p(metric) >= quality.level(context):
        return None
    if evidence.most is not None:
        return _USUAL
    if metric.metric in quality.BEYOND:
        distance = number(feature.baseline_distance)
        return f"no alert: the reference's own windows lie {distance} apart in this column"
    return "no alert: fewer than 10 rows"


@reason.register
def _(_evidence: Constant, metric: Metric, context: Context) -> str | None:
    if not metric.value or _p(metric) >= context.alpha_per_fault:
        return None
    return "no alert: the reference has windows of one value alone, too"


@reason.register
def _(evidence: Distinct, metric: Metric, context: Context) -> str | None:
    usual = context.baselines.highest("drift", metric.feature)
    if usual is None or evidence.auc - 0.5 <= FLOOR or _p(metric) >= context.alpha_per_test:
        return None
    return _usual(f"{0.5 + usual:.2f}", f"AUC is {evidence.auc:.2f}")


@reason.register
def _(_evidence: RowsDiffer, metric: Metric, context: Context) -> str | None:
    usual = context.baselines.highest("multivariate_drift", None)
    value = metric.value or 0.0
    if usual is None or value - 0.5 <= FLOOR or _p(metric) >= context.alpha_of_rows:
        return None
    return _usual(f"{usual:.2f}", f"AUC is {value:.2f}")


@reason.register
def _(evidence: Outliers, metric: Metric, context: Context) -> str | None:
    usual = context.baselines.highest("row_outlier_rate", None)
    value = metric.value or 0.0
    if (
        usual is None
        or value - evidence.before <= row_outliers.FLOOR
        or _p(metric) >= context.alpha_of_rows
    ):
        return None
    return _usual(percent(usual), f"the rate is {percent(value)}")


def _usual(usual: str, now: str) -> str:
    return f"{_USUAL}: {now}, and the reference's own windows reach {usual}"


def _p(metric: Metric) -> float:
    return 1.0 if metric.p_value is None else metric.p_value
