"""The catalogue of metrics and alert rules, used by commands, rules, alerts and docs.

A new metric needs a detector and one entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OUTPUTS = ("prediction", "score")
"""Features that hold the model's outputs. Their drift has its own rule, `prediction_drift`."""

OUTPUT_PREFIX = "prediction."
"""Prefix of an output's name in models with several outputs."""

ESTIMATED = "estimated_"
"""Prefix of a metric's name if it is estimated without labels."""

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class AlertRule:
    """An alert rule: its default severity, and its subject as shown in messages.

    Args:
        min_windows: the number of consecutive windows that must alert.
        waits: whether the rule is about missing traffic or labels.
        needs_condition: whether it fires only on a configured threshold, never on a verdict.
        large: an effect of less than this multiple of its floor is a warning, regardless of the
            severity.
    """

    name: str
    severity: str
    subject: str
    min_windows: int = 2
    waits: bool = False
    needs_condition: bool = False
    large: float = 0.0


_LARGE_LOSS = 2.0
"""Multiple of the effect's floor at which a loss of performance is critical.

The same multiple needs no second window. It is four points of accuracy, a fifth of the mean
error, or a tenth of macro F1, beyond the normal variation. A smaller loss can wait until the
morning, so it is a warning.
"""


@dataclass(frozen=True)
class CatalogueEntry:
    """A metric: its unit, its direction, its rule and its report.

    Args:
        better: the direction of improvement, None if there is none.
        rule: the alert rule it belongs to.
        report: the command that shows it.
        has_verdict: whether it has a verdict; otherwise it is descriptive.
        explained_by: metrics whose alerts about the same column and window explain this one's.
        while_learning: whether it may alert before the reference is frozen.
        leaves_out: whether windows in which it alerted are excluded from the reference.
    """

    name: str
    unit: str
    better: Better | None
    rule: str | None
    report: str | None
    has_verdict: bool
    description: str
    explained_by: tuple[str, ...] = ()
    while_learning: bool = False
    leaves_out: bool = False


ALERT_RULES = {
    rule.name: rule
    for rule in (
        AlertRule("data_drift", "warning", "inputs drifted"),
        AlertRule("prediction_drift", "warning", "the predictions drifted"),
        AlertRule("label_drift", "warning", "the labels drifted", needs_condition=True),
        AlertRule("concept_drift", "critical", "concept drift", needs_condition=True),
        AlertRule("performance", "critical", "performance degraded", large=_LARGE_LOSS),
        AlertRule("data_quality", "warning", "data quality"),
        AlertRule("outliers", "warning", "unusual values"),
        AlertRule("fairness", "warning", "groups are treated differently"),
        AlertRule("latency", "warning", "slow responses"),
        AlertRule("error_rate", "critical", "failing requests"),
        AlertRule("no_traffic", "critical", "no requests", min_windows=1, waits=True),
        AlertRule("no_labels", "warning", "no labels", min_windows=1, waits=True),
        AlertRule("capture_loss", "warning", "exchanges were not recorded"),
        AlertRule("analysis_failed", "critical", "analysis failed", min_windows=1),
        AlertRule("delivery_failed", "warning", "messages were not delivered", min_windows=1),
        AlertRule("not_monitored", "warning", "not fully monitored", min_windows=1),
        AlertRule("custom", "warning", "a custom rule matched", needs_condition=True),
    )
}
"""All rules by name; docs/reference/rules.md describes when each fires."""

# name, unit, better, rule, report, verdict, description, explained by
_DRIFT = (
    CatalogueEntry(
        "drift",
        "distance",
        "lower",
        "data_drift",
        "drift",
        True,
        "of one feature or output",
        # Outliers are evaluated only if the bulk has not moved; then they explain all the drift.
        explained_by=("outlier_rate", "constant_feed"),
    ),
    CatalogueEntry(
        "multivariate_drift",
        "AUC",
        "lower",
        "data_drift",
        "drift",
        True,
        "of all features together",
    ),
    CatalogueEntry(
        "pca_reconstruction_error",
        "deviations",
        "lower",
        None,
        "drift",
        False,
        "of all features together",
    ),
    CatalogueEntry(
        "cosine_distance", "distance", "lower", None, "drift", False, "from the mean vector"
    ),
    CatalogueEntry("psi", "nats", "lower", None, None, False, "population stability index"),
    CatalogueEntry("js", "distance", "lower", None, None, False, "Jensen-Shannon distance"),
    CatalogueEntry("ks", "distance", "lower", None, None, False, "Kolmogorov-Smirnov distance"),
    CatalogueEntry(
        "wasserstein", "the feature's", "lower", None, None, False, "Wasserstein-1 distance"
    ),
    CatalogueEntry("chi2", "statistic", "lower", None, None, False, "chi-square of categories"),
)
_QUALITY = (
    CatalogueEntry(
        "missing_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "rows without a value",
        while_learning=True,
        leaves_out=True,
    ),
    CatalogueEntry(
        "type_mismatch_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "values of the wrong type",
        while_learning=True,
        leaves_out=True,
    ),
    CatalogueEntry(
        "unseen_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "categories never seen before, or not allowed",
        while_learning=True,
        leaves_out=True,
    ),
    CatalogueEntry(
        "out_of_range_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "values outside the declared limits or the reference's range",
        explained_by=("constant_feed",),
        while_learning=True,
        leaves_out=True,
    ),
    CatalogueEntry(
        "outlier_rate",
        "fraction",
        "lower",
        "outliers",
        "quality",
        True,
        "values more than 3.5 robust deviations from the reference's median",
        explained_by=("out_of_range_rate", "constant_feed"),
    ),
    CatalogueEntry(
        "iqr_outlier_rate", "fraction", "lower", None, None, False, "values beyond Tukey's fences"
    ),
    CatalogueEntry(
        "sentinel_rate",
        "fraction",
        None,
        None,
        "quality",
        False,
        "rows with a likely code for a missing value",
    ),
    CatalogueEntry(
        "row_outlier_rate",
        "fraction",
        "lower",
        "outliers",
        "quality",
        True,
        "rows unlike any row of the reference",
        explained_by=("multivariate_drift",),
    ),
    CatalogueEntry(
        "constant_feed",
        "boolean",
        "lower",
        "data_quality",
        "quality",
        True,
        "a feature has only one value",
        while_learning=True,
        leaves_out=True,
    ),
    CatalogueEntry(
        "duplicate_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "rows equal to another in all inputs",
    ),
    CatalogueEntry(
        "schema_change",
        "fields",
        "lower",
        "data_quality",
        "quality",
        True,
        "fields appeared or disappeared",
        while_learning=True,
    ),
    CatalogueEntry(
        "gap_seconds",
        "seconds",
        "lower",
        "data_quality",
        "quality",
        True,
        "the longest time without a row",
    ),
    CatalogueEntry(
        "freshness_seconds",
        "seconds",
        "lower",
        "data_quality",
        "quality",
        True,
        "time from the last row to the window's end",
    ),
    CatalogueEntry(
        "event_time_rejected_rate",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "rows with an implausible event time",
    ),
)
_PERFORMANCE = (
    CatalogueEntry(
        "mae", "the label's", "lower", "performance", "performance", True, "mean absolute error"
    ),
    CatalogueEntry(
        "rmse",
        "the label's",
        "lower",
        "performance",
        "performance",
        False,
        "root of the mean squared error",
    ),
    CatalogueEntry(
        "bias", "the label's", None, None, "performance", False, "mean of prediction minus label"
    ),
    CatalogueEntry(
        "median_absolute_error",
        "the label's",
        "lower",
        "performance",
        "performance",
        False,
        "median absolute error",
    ),
    CatalogueEntry(
        "r2",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "fraction of the labels' variance that is predicted",
    ),
    CatalogueEntry(
        "mape",
        "fraction",
        "lower",
        "performance",
        "performance",
        False,
        "mean absolute error relative to the label",
    ),
    CatalogueEntry(
        "accuracy",
        "fraction",
        "higher",
        "performance",
        "performance",
        True,
        "correct predictions among labelled rows; scores are cut at the decision threshold",
        explained_by=("roc_auc",),
    ),
    CatalogueEntry(
        "f1_macro",
        "score",
        "higher",
        "performance",
        "performance",
        True,
        "mean F1 score of the classes",
        explained_by=("accuracy", "roc_auc"),
    ),
    CatalogueEntry(
        "balanced_accuracy",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "mean recall of the classes among the labels",
    ),
    CatalogueEntry(
        "precision_macro",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "mean precision of the classes",
    ),
    CatalogueEntry(
        "recall_macro",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "mean recall of the classes",
    ),
    CatalogueEntry(
        "f1_weighted",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "mean F1 score, weighted by labels",
    ),
    CatalogueEntry(
        "precision",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "correct predictions among those of a class",
    ),
    CatalogueEntry(
        "recall",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "correct predictions among the labels of a class",
    ),
    CatalogueEntry(
        "f1",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "F1 score of a class",
    ),
    CatalogueEntry(
        "roc_auc",
        "score",
        "higher",
        "performance",
        "performance",
        True,
        "area under the ROC curve of scores",
    ),
    CatalogueEntry(
        "brier",
        "score",
        "lower",
        "performance",
        "performance",
        True,
        "mean squared gap of scores and labels",
        explained_by=("accuracy", "roc_auc"),
    ),
    CatalogueEntry(
        "log_loss",
        "nats",
        "lower",
        "performance",
        "performance",
        False,
        "mean negative logarithm of the probability of the label",
    ),
    CatalogueEntry(
        "average_precision",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "area under the precision-recall curve of scores",
    ),
    CatalogueEntry(
        "estimated_accuracy",
        "fraction",
        "higher",
        "performance",
        "performance",
        False,
        "correct predictions, expected from scores without labels",
    ),
    CatalogueEntry(
        "estimated_f1_macro",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "mean F1 score of the classes, expected from scores",
    ),
    CatalogueEntry(
        "estimated_roc_auc",
        "score",
        "higher",
        "performance",
        "performance",
        False,
        "area under the ROC curve, expected from scores",
    ),
    CatalogueEntry(
        "estimated_brier",
        "score",
        "lower",
        "performance",
        "performance",
        False,
        "mean squared gap of scores and labels, expected from scores",
    ),
    CatalogueEntry(
        "estimated_log_loss",
        "nats",
        "lower",
        "performance",
        "performance",
        False,
        "log loss, expected from scores",
    ),
    CatalogueEntry(
        "estimated_mae",
        "the label's",
        "lower",
        "performance",
        "performance",
        False,
        "mean absolute error, expected from inputs and predictions",
    ),
    CatalogueEntry(
        "estimated_rmse",
        "the label's",
        "lower",
        "performance",
        "performance",
        False,
        "root of the mean squared error, expected from inputs and predictions",
    ),
    CatalogueEntry(
        "label_coverage",
        "fraction",
        "higher",
        None,
        "performance",
        False,
        "predictions with a label",
    ),
    CatalogueEntry("label_mean", "the label's", None, None, "performance", False, "mean label"),
    CatalogueEntry(
        "prediction_mean", "the label's", None, None, "performance", False, "mean prediction"
    ),
)
_FAIRNESS = (
    CatalogueEntry(
        "selection_rate",
        "fraction",
        None,
        None,
        "fairness",
        False,
        "predictions of the positive class",
    ),
    CatalogueEntry(
        "tpr",
        "fraction",
        "higher",
        None,
        "fairness",
        False,
        "true positive rate: predictions of the positive class among rows that are positive",
    ),
    CatalogueEntry(
        "fpr",
        "fraction",
        "lower",
        None,
        "fairness",
        False,
        "false positive rate: predictions of the positive class among rows that are not positive",
    ),
    CatalogueEntry(
        "precision",
        "fraction",
        "higher",
        None,
        "fairness",
        False,
        "positive rows among predictions of the positive class",
    ),
    CatalogueEntry(
        "misclassification_rate",
        "fraction",
        "lower",
        None,
        "fairness",
        False,
        "wrong predictions among labelled rows",
    ),
    CatalogueEntry(
        "demographic_parity_difference",
        "fraction",
        "lower",
        "fairness",
        "fairness",
        True,
        "largest difference of the groups' selection rates",
    ),
    CatalogueEntry(
        "demographic_parity_ratio",
        "fraction",
        "higher",
        "fairness",
        "fairness",
        False,
        "smallest selection rate of a group, divided by the largest",
    ),
    CatalogueEntry(
        "equalized_odds_difference",
        "fraction",
        "lower",
        "fairness",
        "fairness",
        True,
        "largest difference of the groups' true positive rates, or of their false positive rates",
        explained_by=("equal_opportunity_difference",),
    ),
    CatalogueEntry(
        "equal_opportunity_difference",
        "fraction",
        "lower",
        "fairness",
        "fairness",
        True,
        "largest difference of the groups' true positive rates",
    ),
    CatalogueEntry(
        "mae_difference",
        "the label's",
        "lower",
        "fairness",
        "fairness",
        True,
        "largest difference of the groups' mean absolute errors",
    ),
)
_TRAFFIC = (
    CatalogueEntry(
        "error_rate", "fraction", "lower", "error_rate", "latency", True, "requests that failed"
    ),
    CatalogueEntry(
        "latency_p50_ms", "ms", "lower", "latency", "latency", False, "median response time"
    ),
    CatalogueEntry(
        "latency_p95_ms",
        "ms",
        "lower",
        "latency",
        "latency",
        True,
        "response time of 95 % of requests",
    ),
    CatalogueEntry(
        "latency_p99_ms",
        "ms",
        "lower",
        "latency",
        "latency",
        False,
        "response time of 99 % of requests",
    ),
    CatalogueEntry(
        "throughput_rps", "requests/s", "higher", None, "latency", False, "requests per second"
    ),
    CatalogueEntry(
        "not_decoded_rate",
        "fraction",
        "lower",
        None,
        "latency",
        False,
        "requests without decodable rows",
    ),
)
_OPERATION = (
    CatalogueEntry(
        "capture_loss",
        "exchanges",
        "lower",
        "capture_loss",
        None,
        True,
        "exchanges that were not recorded",
    ),
    CatalogueEntry(
        "no_traffic", "boolean", "lower", "no_traffic", None, True, "no requests for too long"
    ),
    CatalogueEntry(
        "no_labels", "boolean", "lower", "no_labels", None, True, "no labels for too long"
    ),
    CatalogueEntry(
        "not_monitored",
        "fraction",
        "lower",
        "not_monitored",
        None,
        True,
        "exchanges, rows or settings that are not monitored at all",
    ),
    CatalogueEntry(
        "analysis_failed",
        "boolean",
        "lower",
        "analysis_failed",
        None,
        True,
        "the analysis failed repeatedly",
    ),
    CatalogueEntry(
        "delivery_failed",
        "boolean",
        "lower",
        "delivery_failed",
        None,
        True,
        "messages could not be delivered",
    ),
)

CATALOGUE = {
    entry.name: entry
    for entry in (*_DRIFT, *_QUALITY, *_PERFORMANCE, *_FAIRNESS, *_TRAFFIC, *_OPERATION)
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


OUTPUT_SEGMENT = "output="
"""The beginning of a segment that is one of several outputs; other segments are groups."""


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
