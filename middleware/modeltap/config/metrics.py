"""The catalogue of metrics and alert rules: what commands, rules, alerts and docs know of them.

A new metric is its detector and one entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OUTPUTS = ("prediction", "score")
"""Features that hold the model's outputs: no part of the inputs; their drift has its own rule."""

OUTPUT_PREFIX = "prediction."
"""Before the name of one of several outputs."""

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class AlertRule:
    """An alert rule: its default severity, and its subject as people call it.

    `min_windows` is how many windows in a row must alert. `waits` marks rules about traffic or
    labels that do not come; `needs_condition` those that no verdict fires, only a limit of one's
    own. An effect of less than `large` times its floor is a warning, whatever the severity.
    """

    name: str
    severity: str
    subject: str
    min_windows: int = 2
    waits: bool = False
    needs_condition: bool = False
    large: float = 0.0


_LARGE_LOSS = 2.0
"""Times its floor, as what needs no second window: four points of accuracy, a fifth of the mean
error, a tenth of macro F1, beyond what usually varies. Less is looked at in the morning, and gets
no one out of bed."""


@dataclass(frozen=True)
class CatalogueEntry:
    """One metric: its unit, its direction, and where it shows.

    Args:
        better: the direction in which it is better, None where neither is.
        rule: the alert rule it belongs to.
        report: the command that shows it.
        has_verdict: whether it decides; otherwise it only describes.
        explained_by: metrics whose alerts about the same column, in the same window, explain its.
        while_learning: whether it may alert before the reference is frozen.
        leaves_out: whether windows in which it alerted are left out of the reference.
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
        AlertRule(
            "concept_drift", "critical", "what the model learnt holds no more", needs_condition=True
        ),
        AlertRule("performance", "critical", "the model got worse", large=_LARGE_LOSS),
        AlertRule("data_quality", "warning", "data quality"),
        AlertRule("outliers", "warning", "unusual values"),
        AlertRule("fairness", "warning", "groups are treated differently", needs_condition=True),
        AlertRule("latency", "warning", "slow responses"),
        AlertRule("error_rate", "critical", "failing requests"),
        AlertRule("no_traffic", "critical", "no requests come", min_windows=1, waits=True),
        AlertRule("no_labels", "warning", "no labels come", min_windows=1, waits=True),
        AlertRule("capture_loss", "warning", "exchanges were not recorded"),
        AlertRule("analysis_failed", "critical", "the analysis fails", min_windows=1),
        AlertRule("delivery_failed", "warning", "messages are not delivered", min_windows=1),
        AlertRule("not_monitored", "warning", "something is not monitored", min_windows=1),
        AlertRule("custom", "warning", "a limit was passed", needs_condition=True),
    )
}
"""Every rule, by its name; docs/reference/rules.md says what each fires on."""

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
        # Outliers are evaluated only where the bulk stayed: then they are all of the drift.
        explained_by=("outlier_rate", "constant_feed"),
    ),
    CatalogueEntry(
        "multivariate_drift", "AUC", "lower", "data_drift", "drift", True, "of rows as wholes"
    ),
    CatalogueEntry(
        "pca_reconstruction_error", "deviations", "lower", None, "drift", False, "of rows as wholes"
    ),
    CatalogueEntry(
        "cosine_distance", "distance", "lower", None, "drift", False, "from a vector's mean"
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
        "values beyond the declared limits or the reference's ends",
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
        "values 3.5 robust deviations from the reference's median",
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
        "rows with a value that is likely a code for a missing one",
    ),
    CatalogueEntry(
        "row_outlier_rate",
        "fraction",
        "lower",
        "outliers",
        "quality",
        True,
        "rows unlike any of the reference",
        explained_by=("multivariate_drift",),
    ),
    CatalogueEntry(
        "constant_feed",
        "boolean",
        "lower",
        "data_quality",
        "quality",
        True,
        "a feature has one value alone",
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
        "fields came or went",
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
        "rows whose event time cannot be true",
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
        "accuracy",
        "fraction",
        "higher",
        "performance",
        "performance",
        True,
        "labelled rows that were right; of scores, at the decision threshold",
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
        "throughput_rps", "requests/s", "higher", None, "latency", False, "requests a second"
    ),
    CatalogueEntry(
        "not_decoded_rate",
        "fraction",
        "lower",
        None,
        "latency",
        False,
        "requests without rows that could be read",
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
        "exchanges, rows or settings of which nothing is monitored",
    ),
    CatalogueEntry(
        "analysis_failed",
        "boolean",
        "lower",
        "analysis_failed",
        None,
        True,
        "the analysis failed again and again",
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
    entry.name: entry for entry in (*_DRIFT, *_QUALITY, *_PERFORMANCE, *_TRAFFIC, *_OPERATION)
}
"""Every metric that the table `metrics` may hold, by its name."""


def reported_by(command: str) -> list[str]:
    """Return the metrics that a command shows.

    >>> reported_by("drift")
    ['drift', 'multivariate_drift', 'pca_reconstruction_error', 'cosine_distance']
    """
    return [entry.name for entry in CATALOGUE.values() if entry.report == command]


def has_verdict(metric: str) -> bool:
    """Say whether a metric decides about alerts; one that is not in the catalogue does not."""
    entry = CATALOGUE.get(metric)
    return entry is not None and entry.has_verdict


def explained_by(metric: str) -> tuple[str, ...]:
    """Return the metrics whose alerts explain an alert of `metric`; none of an unknown one."""
    return CATALOGUE[metric].explained_by if metric in CATALOGUE else ()


def is_output(feature: str | None) -> bool:
    """Say whether a feature holds an output of the model, or one of several.

    >>> is_output("score"), is_output("prediction.price"), is_output("price"), is_output(None)
    (True, True, False, False)
    """
    return feature is not None and (feature in OUTPUTS or feature.startswith(OUTPUT_PREFIX))


def better(metric: str) -> Better | None:
    """Return the direction in which a metric is better; None where neither is."""
    entry = CATALOGUE.get(metric)
    return entry.better if entry is not None else None


def rule_of(metric: str) -> str | None:
    """Return the name of the alert rule that a metric belongs to."""
    entry = CATALOGUE.get(metric)
    return entry.rule if entry is not None else None
