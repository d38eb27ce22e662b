"""Which metric speaks for which alert rule, and how grave that is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """An alert rule: its name, its severity and what people call its subject."""

    name: str
    severity: str
    subject: str


DATA_DRIFT = Rule("data_drift", "warning", "inputs drifted")
PREDICTION_DRIFT = Rule("prediction_drift", "warning", "the predictions drifted")
DATA_QUALITY = Rule("data_quality", "warning", "data quality")
OUTLIERS = Rule("outliers", "warning", "unusual values")
PERFORMANCE = Rule("performance", "critical", "the model got worse")
LATENCY = Rule("latency", "warning", "slow responses")
ERROR_RATE = Rule("error_rate", "critical", "failing requests")
CAPTURE_LOSS = Rule("capture_loss", "warning", "exchanges were not recorded")

RULES = {
    rule.name: rule
    for rule in (
        DATA_DRIFT,
        PREDICTION_DRIFT,
        DATA_QUALITY,
        OUTLIERS,
        PERFORMANCE,
        LATENCY,
        ERROR_RATE,
        CAPTURE_LOSS,
    )
}
"""Every rule, by its name."""

_BY_METRIC = {
    "missing_rate": DATA_QUALITY,
    "unseen_rate": DATA_QUALITY,
    "type_mismatch_rate": DATA_QUALITY,
    "out_of_range_rate": DATA_QUALITY,
    "constant_feed": DATA_QUALITY,
    "duplicate_rate": DATA_QUALITY,
    "schema_change": DATA_QUALITY,
    "gap_seconds": DATA_QUALITY,
    "freshness_seconds": DATA_QUALITY,
    "outlier_rate": OUTLIERS,
    "row_outlier_rate": OUTLIERS,
    "multivariate_drift": DATA_DRIFT,
    "mae": PERFORMANCE,
    "rmse": PERFORMANCE,
    "accuracy": PERFORMANCE,
    "f1_macro": PERFORMANCE,
    "error_rate": ERROR_RATE,
    "capture_loss": CAPTURE_LOSS,
}
_ANSWERS = ("prediction", "score")


def rule_of(metric: str, feature: str | None) -> Rule | None:
    """Return the rule that a metric's verdict speaks for; None for one that only describes.

    >>> rule_of("drift", "temp").name, rule_of("drift", "score").name, rule_of("psi", "temp")
    ('data_drift', 'prediction_drift', None)
    >>> rule_of("latency_p95_ms", None).severity, rule_of("mae", None).severity
    ('warning', 'critical')
    """
    if metric == "drift":
        return PREDICTION_DRIFT if feature in _ANSWERS else DATA_DRIFT
    if metric.startswith("latency_"):
        return LATENCY
    return _BY_METRIC.get(metric)


def fingerprint(
    rule: str, model: str, version: str, metric: str, feature: str | None, segment: str | None
) -> str:
    """Return the hash by which one subject is known from window to window.

    >>> fingerprint("data_drift", "flights", "1", "drift", "temp", None)
    '74323e9796ccb158'
    """
    said = json.dumps([rule, model, version, metric, feature, segment])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
