"""The catalogue of metrics, used by commands, rules, alerts and docs.

A new metric needs a detector and one entry in the package `catalogue`.
"""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import Better
from modeltap.config.catalogue.class_entries import OF_CLASSES
from modeltap.config.catalogue.drift_entries import DRIFT
from modeltap.config.catalogue.estimate_entries import ESTIMATES
from modeltap.config.catalogue.fairness_entries import FAIRNESS
from modeltap.config.catalogue.label_entries import LABELS
from modeltap.config.catalogue.loss_entries import LOSSES
from modeltap.config.catalogue.number_entries import OF_NUMBERS
from modeltap.config.catalogue.operation_entries import OPERATION, TRAFFIC
from modeltap.config.catalogue.quality_entries import QUALITY
from modeltap.config.catalogue.score_entries import OF_SCORES
from modeltap.config.evaluation.evaluator_entries import EVALUATORS

OUTPUTS = ("prediction", "score")
"""Features that hold the model's outputs. Their drift has its own rule, `prediction_drift`."""

OUTPUT_PREFIX = "prediction."
"""Prefix of an output's name in models with several outputs."""

ESTIMATED = "estimated_"
"""Prefix of a metric's name if it is estimated without labels."""

CATALOGUE = {
    entry.name: entry
    for entry in (
        *DRIFT,
        *QUALITY,
        *OF_NUMBERS,
        *OF_CLASSES,
        *OF_SCORES,
        *ESTIMATES,
        *LABELS,
        *LOSSES,
        *FAIRNESS,
        *EVALUATORS,
        *TRAFFIC,
        *OPERATION,
    )
}
"""All metrics of the table `metrics`, by name."""


def reported_by(command: str) -> list[str]:
    """Return the metrics that a command shows.

    >>> reported_by("drift")
    ['drift', 'multivariate_drift', 'pca_reconstruction_error', 'cosine_distance']
    """
    return [entry.name for entry in CATALOGUE.values() if entry.report == command]


OF_PREDICTIONS = (
    "selection_rate",
    "demographic_parity_difference",
    "demographic_parity_ratio",
)
"""Fairness metrics that need no labels, so they are computed with a window's inputs."""


OF_ENVIRONMENTS = (
    "capture_loss",
    "not_monitored",
    "no_traffic",
    "no_labels",
    "event_time_rejected_rate",
    "analysis_failed",
    "delivery_failed",
)
"""Metrics of a model in an environment, or of all models: their rows name no version."""


OUTPUT_SEGMENT = "output="
"""The beginning of a segment that is one of several outputs."""

EVALUATOR_SEGMENT = "evaluator="
"""The beginning of a segment that is an evaluator."""

PERFORMANCE_SEGMENTS = (
    OUTPUT_SEGMENT,
    "class=",
    "label=",
    "score=",
    "quantile=",
    EVALUATOR_SEGMENT,
)
"""The beginnings of segments that are parts of a model, and not groups: outputs, classes, pairs of
classes, scores, quantiles and evaluators."""


def output_segment(output: str, segment: str | None = None) -> str:
    """Return the segment of one of several outputs, or of a segment of it.

    >>> output_segment("risk"), output_segment("risk", "class=low")
    ('output=risk', 'output=risk,class=low')
    """
    return f"{OUTPUT_SEGMENT}{output}" + (f",{segment}" if segment else "")


def is_output_segment(segment: str) -> bool:
    """Return whether a segment is all rows of one of several outputs.

    >>> is_output_segment("output=risk"), is_output_segment("output=risk,class=low")
    (True, False)
    """
    return segment.startswith(OUTPUT_SEGMENT) and not any(
        f",{part}" in segment for part in PERFORMANCE_SEGMENTS
    )


def is_group(segment: str | None) -> bool:
    """Return whether a segment is a group, or a grouping.

    >>> is_group("sex=Female"), is_group("sex"), is_group("class=late"), is_group(None)
    (True, True, False, False)
    """
    return segment is not None and not segment.startswith(PERFORMANCE_SEGMENTS)


def measured_with_labels() -> list[str]:
    """Return the metrics of a window's labels, which are evaluated when labels arrive.

    >>> "tpr" in measured_with_labels(), "selection_rate" in measured_with_labels()
    (True, False)
    >>> "accuracy" in measured_with_labels(), "estimated_accuracy" in measured_with_labels()
    (True, False)
    """
    names = [*reported_by("performance"), *reported_by("fairness")]
    unlabelled = (name for name in names if name not in OF_PREDICTIONS)
    return [name for name in unlabelled if not name.startswith(ESTIMATED)]


def has_verdict(metric: str) -> bool:
    """Return True if a metric decides about alerts; unknown metrics do not."""
    entry = CATALOGUE.get(metric)
    return entry is not None and entry.has_verdict


def explained_by(metric: str) -> tuple[str, ...]:
    """Return the metrics whose alerts explain an alert of `metric`."""
    return CATALOGUE[metric].explained_by if metric in CATALOGUE else ()


def explains(metric: str) -> list[str]:
    """Return the metrics that an alert of `metric` explains, directly or through others.

    >>> explains("outlier_rate"), explains("drift"), explains("out_of_range_rate")
    (['drift'], [], ['drift', 'outlier_rate'])
    """
    return [other for other in CATALOGUE if metric in _causes_of(other)]


def _causes_of(metric: str) -> set[str]:
    direct = explained_by(metric)
    return {*direct, *(cause for other in direct for cause in _causes_of(other))}


def is_output(feature: str | None) -> bool:
    """Return True if a feature is an output of the model.

    >>> is_output("score"), is_output("prediction.price"), is_output("price"), is_output(None)
    (True, True, False, False)
    """
    return feature is not None and (feature in OUTPUTS or feature.startswith(OUTPUT_PREFIX))


def better(metric: str) -> Better | None:
    """Return the direction in which a metric improves, or None."""
    entry = CATALOGUE.get(metric)
    return entry.better if entry is not None else None


def rule_of(metric: str) -> str | None:
    """Return the name of a metric's alert rule, or None."""
    entry = CATALOGUE.get(metric)
    return entry.rule if entry is not None else None
